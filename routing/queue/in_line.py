"""A caller with a place in a queue, as what happens while waiting needs to know them."""

from dataclasses import dataclass

from routing.caller_leg import tell
from routing.model import Queue
from routing.ports import Caller, Clock, EventSink
from routing.queue.runner import QueueRunner


@dataclass(frozen=True, slots=True)
class InLine:
    """Somebody on the line and their place."""

    caller: Caller
    runner: QueueRunner
    place: str
    """The call under which the queue knows the place; another than the caller's for who was called back."""
    emit: EventSink
    clock: Clock
    main_number: str = ""
    """While it is closed, who came by it is not called back; empty for none."""

    @property
    def queue(self) -> Queue:
        """The settings as they are now."""
        return self.runner.queue

    async def tell(self, *prompts: str, until_key: bool = False) -> None:
        """Play prompts without a gap. Raises CallerGone."""
        await tell(self.caller, prompts, self.emit, self.clock, until_key=until_key)
