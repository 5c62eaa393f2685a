"""A lamp: what is known of one person, or of a thing that is on or off."""

from typing import Final

from presence_pidf.dialog_state import DialogState
from presence_pidf.message_summary import MessageCounts
from presence_pidf.person_state import compose
from presence_pidf.status_report import StatusReport

LIT: Final = "lit"
"""Id of the dialog that the lamp of a thing shows while it is on."""


class Lamp:
    """The facts of one person or thing, and the state composed from them."""

    __slots__ = ("aors", "counts", "dialogs", "domain", "person", "registered", "registered_since", "reports", "state")

    def __init__(self, person: str | None, domain: str, aors: tuple[str, ...]) -> None:
        self.person = person
        """Id; None for a thing."""
        self.domain = domain
        self.aors = aors
        """The AORs under which it can be watched: a person by id and by extension, a thing by its codes."""
        self.registered = 0
        self.registered_since = 0.0
        self.dialogs: dict[str, DialogState] = {}
        self.reports: dict[str, StatusReport] = {}
        self.counts = MessageCounts()
        self.state = compose((), (), 0, 0.0)


def lamp_of_thing(domain: str, now: float) -> Lamp:
    """The lamp of a thing that is off."""
    lamp = Lamp(None, domain, ())
    lamp.registered = 1
    lamp.state = compose((), (), 1, now)
    return lamp
