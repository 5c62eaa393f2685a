"""The event log of calls, and what is folded from it."""
