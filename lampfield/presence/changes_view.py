"""What a watcher knows of a person who is told the changes only: partial dialog-info and partial PIDF."""

from collections.abc import Callable, Hashable

from presence_pidf.document import Document
from presence_pidf.person_state import PersonState
from sipcore.notify_body import content_of
from sipcore.notify_view import Bodies, View
from sipcore.structs import Value


class ChangesSubject(Value, frozen=True):
    """A person, as one watcher sees them."""

    resource: str
    package: str
    form: str
    coding: str = ""


class ChangesView(View):
    """Full state first and whenever a NOTIFY may be lost, else what has changed since the last that was answered."""

    def __init__(
        self,
        subject: ChangesSubject,
        state: Callable[[], PersonState],
        full: Callable[[PersonState], Document],
        changes: Callable[[PersonState, PersonState], Document],
    ) -> None:
        self._subject = subject
        self._state = state
        self._full = full
        self._changes = changes
        self._known: PersonState | None = None
        self._sent: PersonState | None = None

    def subject(self) -> Hashable:
        return self._subject

    def told(self) -> None:
        self._known = self._sent

    def start_again(self) -> None:
        self._known = self._sent = None

    def content(self, version: int, room: int, bodies: Bodies) -> bytes:
        state = self._state()
        document = self._full(state) if self._known is None else self._changes(self._known, state)
        self._sent = state
        return content_of(document.body(version), document.content_type.encode(), self._subject.coding)
