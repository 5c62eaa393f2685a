"""Which greeting a main number plays. Pure."""

from routing.greetings import Greetings
from routing.hours import Slot
from routing.model import MainNumber


def greeting_of(number: MainNumber, slot: Slot, greetings: Greetings) -> str | None:
    """The prompt that is in use, else the one that the company file names.

    A special day without one of its own is greeted as any other.
    """

    def chosen(slot: Slot, by_file: str | None) -> str | None:
        return greetings.in_use(number.number, slot) or by_file

    match slot:
        case "open":
            return chosen("open", number.greeting)
        case "closed":
            return chosen("closed", number.closed_greeting)
        case "special-open":
            return chosen(slot, number.special_greeting) or chosen("open", number.greeting)
        case "special-closed":
            return chosen(slot, number.special_closed_greeting) or chosen("closed", number.closed_greeting)
