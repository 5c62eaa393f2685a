"""The SIP protocol: messages, transactions, dialogs, sessions, subscriptions. Sans-IO but for `sipcore.io`."""
