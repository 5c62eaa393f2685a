"""Which greeting a main number plays. Pure."""

from routing.hours import Slot
from routing.model import MainNumber


def greeting_of(number: MainNumber, slot: Slot) -> str | None:
    """The prompt that the company file names; a special day without one of its own is greeted as any other."""
    match slot:
        case "open":
            return number.greeting
        case "closed":
            return number.closed_greeting
        case "special-open":
            return number.special_greeting or number.greeting
        case "special-closed":
            return number.special_closed_greeting or number.closed_greeting
