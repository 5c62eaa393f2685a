"""A company's reception: takes its calls and keeps its queues."""

from routing.activity import Activity
from routing.call_flow import Arrival, CallFlow, House
from routing.model import Company
from routing.ports import Caller, Clock, Dialler, EventSink
from routing.queue.runner import MemberSink, QueueRunner, unrecorded
from routing.queue.view import QueueView, view


class Reception:
    """All routing of one company. `activity` is to be told of its people's phones and calls."""

    def __init__(self, company: Company, emit: EventSink, clock: Clock, member_sink: MemberSink = unrecorded) -> None:
        self.company = company
        self.activity = Activity(clock)
        self.queues = {
            name: QueueRunner(queue, self.activity, emit, clock, member_sink) for name, queue in company.queues.items()
        }
        self._house = House(company, self.queues, emit, clock)

    async def take(self, caller: Caller, dialler: Dialler, arrival: Arrival) -> None:
        """Treat a call from its arrival to its end. Cancelling ends the call with 503 or BYE."""
        await CallFlow(self._house, caller, dialler, arrival).run()

    def queue_views(self) -> list[QueueView]:
        """All queues as they are now."""
        return [view(runner.state) for runner in self.queues.values()]

    def close(self) -> None:
        """Send away who waits in a queue, and take nobody in any more; conversations go on."""
        for queue in self.queues.values():
            queue.close()
