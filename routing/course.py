"""How far a call has come, as what follows has to know."""

from dataclasses import dataclass, field

from routing.house import Arrival
from routing.model import Destination
from routing.places import Places


@dataclass(slots=True)
class Course:
    """Changes as the call goes on."""

    arrival: Arrival
    priority: int = 0
    """In queues."""
    customer_number: str = ""
    """What the caller has typed as such; empty for nothing."""
    greeting: tuple[str, ...] = ()
    """Prompts that the first menu plays before its own, so that a key cuts them."""
    parked_by: str = ""
    """Id of who has parked the call, and gets it back."""
    otherwise: Destination | None = None
    """Where the caller goes where a person is not reached who says nothing about it; None for nowhere."""
    places: Places = field(default_factory=Places)

    def give_priority(self, priority: int) -> None:
        """The highest that was given counts; 0 is none."""
        if priority:
            self.priority = max(priority, self.priority or priority)
