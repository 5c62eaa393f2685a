"""Those who follow people's states within the server: the history, feeds, watches for somebody to be free."""

from collections.abc import Callable

from lampfield.presence.lamp import Lamp
from presence_pidf.person_state import PersonState, reads_the_same
from sipcore.structs import Value


class StateChange(Value, frozen=True):
    """A person's state is another one, for the history and for who follows."""

    domain: str
    person: str
    state: PersonState
    at: float
    """UTC epoch seconds."""


class Followers:
    """Tells of people alone: things that are only on or off have no history."""

    def __init__(self) -> None:
        self._of_changes: list[Callable[[StateChange], None]] = []
        self._of_facts: list[Callable[[Lamp], None]] = []

    def follow(self, follower: Callable[[StateChange], None]) -> None:
        """Tell `follower` of each change of a person's condition, note or return from now on."""
        self._of_changes.append(follower)

    def follow_facts(self, follower: Callable[[Lamp], None]) -> None:
        """Tell `follower` of each person of whom something is known that was not, whether or not lamps show it."""
        self._of_facts.append(follower)

    def tell(self, lamp: Lamp, before: PersonState | None, now: float) -> None:
        """Something is known that was not; the state may be another one than before, where None is unknown."""
        if lamp.person is None:
            return
        self.tell_facts(lamp)
        if before is None or not reads_the_same(lamp.state, before):
            change = StateChange(lamp.domain, lamp.person, lamp.state, now)
            for follower in self._of_changes:
                follower(change)

    def tell_facts(self, lamp: Lamp) -> None:
        """Something is known that no lamp shows."""
        for follower in self._of_facts:
            follower(lamp)
