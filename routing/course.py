"""How far a call has come, as what follows has to know."""

from dataclasses import dataclass, field

from routing.house import Arrival
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
    places: Places = field(default_factory=Places)

    def give_priority(self, priority: int) -> None:
        """The highest that was given counts; 0 is none."""
        if priority:
            self.priority = max(priority, self.priority or priority)
