"""The back-to-back user agent: joins SIP sessions, RTP sessions and call flows."""
