"""The names of what callers hear, as the prompt library has them."""

BUSY = "busy"
UNAVAILABLE = "unavailable"
GOODBYE = "goodbye"
BEEP = "beep"

RINGBACK = "ringback"
"""The music list that stands for a ringing phone, for callers who have been answered already."""

MOST_COUNTED = 50
"""The highest position that the prompt library says."""


def position_prompt(position: int) -> str:
    """`position/7` for the seventh in line; `position/many` for who is too far from the front to be told a number."""
    return f"position/{position}" if position <= MOST_COUNTED else "position/many"
