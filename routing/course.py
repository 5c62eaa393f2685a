"""How far a call has come, as what follows has to know."""

from routing.house import Arrival
from routing.model import Destination
from routing.places import Places


class Course:
    """Changes as the call goes on."""

    __slots__ = (
        "arrival",
        "customer_number",
        "greeting",
        "main_number",
        "otherwise",
        "parked_by",
        "places",
        "priority",
    )

    def __init__(self, arrival: Arrival, priority: int = 0) -> None:
        self.arrival = arrival
        self.priority = priority
        """In queues."""
        self.customer_number = ""
        """What the caller has typed as such; empty for nothing."""
        self.greeting: tuple[str, ...] = ()
        """Prompts that the first menu plays before its own, so that a key cuts them."""
        self.main_number = ""
        """The one by which the call came while it was open; empty for none."""
        self.parked_by = ""
        """Id of who has parked the call, and gets it back."""
        self.otherwise: Destination | None = None
        """Where the caller goes where a person is not reached who says nothing about it; None for nowhere."""
        self.places = Places()

    def give_priority(self, priority: int) -> None:
        """The highest that was given counts; 0 is none."""
        if priority:
            self.priority = max(priority, self.priority or priority)
