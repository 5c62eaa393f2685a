"""The names of what callers hear, as the prompt library has them."""

from routing.spoken import HIGHEST, number

BUSY = "busy"
UNAVAILABLE = "unavailable"
GOODBYE = "goodbye"
BEEP = "beep"

RINGBACK = "ringback"
"""The music list that stands for a ringing phone, for callers who have been answered already."""

WHOLE_SENTENCES = 50
"""Positions up to here are said in one clip each."""


def position_prompts(position: int) -> list[str]:
    """`position/7` for the seventh in line, put together for higher ones; beyond 999 only that there are many."""
    if position <= WHOLE_SENTENCES:
        return [f"position/{position}"]
    return ["position/number", *number(position)] if position <= HIGHEST else ["position/many"]
