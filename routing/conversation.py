"""The caller of a call and who talks to them. Each may send the other on, and others may come in their places."""

from routing.events import CallAnswered, CallBridged, CallPickedUp, CallTransferred
from routing.handover import GivenAway, Joined, SentOn, Side
from routing.ports import Answered, Caller, Clock, Dialler, Ended, EventSink, RingOutcome
from routing.transfer import OngoingTransfer


class Conversation:
    """One for each call, from the first who answers to the last."""

    def __init__(self, caller: Caller, dialler: Dialler, emit: EventSink, clock: Clock) -> None:
        self.caller = caller
        """Who is the call's caller now: whoever a transfer by the caller has left."""
        self._call = caller.call
        self._dialler = dialler
        self._emit = emit
        self._clock = clock
        self._transfer: OngoingTransfer | None = None
        """The caller was sent on, and nobody has answered yet."""

    async def with_(self, answered: Answered, person: str | None) -> SentOn | Ended:
        """Connect the caller to who has answered, until one hangs up or sends the other on. Raises CallerGone."""
        self.arrived()
        if not self.caller.answered:  # connecting answers
            self._emit(CallAnswered(call=self._call, at=self._clock()))
        if answered.rang is not None and person is not None:
            self._emit(
                CallPickedUp(
                    call=self._call,
                    at=self._clock(),
                    leg=answered.leg,
                    person=person,
                    number=answered.number,
                    rang=answered.rang,
                )
            )
        self._bridged(answered, person)
        return await self.go_on(answered)

    async def go_on(self, answered: Answered) -> SentOn | Ended:
        """As `with_`, where it is on record that the two talk."""
        while True:
            try:
                end = await self._dialler.connect(self.caller, answered)
            except BaseException:
                self._dialler.drop(answered, "caller-gone")
                raise
            match end:
                case Joined():
                    self._join(end)
                    answered = end.answered
                case SentOn():
                    self._transfer = OngoingTransfer(end, self.caller, answered, self._emit, self._clock)
                    self.caller = end.caller
                    return end
                case GivenAway():
                    return self._give_away(end)
                case Ended():
                    return end
                case _:
                    return Ended("answered", end)

    # Blind transfers

    @property
    def sent_on_by(self) -> str:
        """Id of who has sent the caller on and waits for what comes of it; empty for nobody."""
        return self._transfer.sent.transferor.person if self._transfer is not None else ""

    def arrived(self) -> None:
        """The caller is served; whoever has sent them on is out of the call."""
        transfer, self._transfer = self._transfer, None
        if transfer is not None:
            transfer.succeeded()

    def missed(self, outcome: RingOutcome, status: int) -> OngoingTransfer | None:
        """Nobody was reached for the caller: the transfer that has come to nothing by it, whose maker is told."""
        transfer, self._transfer = self._transfer, None
        if transfer is not None:
            transfer.failed(outcome, status)
        return transfer

    async def again(self, transfer: OngoingTransfer) -> SentOn | Ended:
        """Let the two talk on who were parted by the transfer. Raises CallerGone."""
        self.caller, answered = transfer.before
        self._bridged(answered, transfer.sent.transferor.person)
        return await self.go_on(answered)

    def over(self) -> None:
        """The caller is gone, and nobody else to be served."""
        transfer, self._transfer = self._transfer, None
        if transfer is not None:
            transfer.abandoned()

    # Attended transfers, and who takes a place

    def _join(self, joined: Joined) -> None:
        if joined.transferor:
            self._note_attended(joined.transferor, joined.by, joined.joined, "")
        if joined.taken_over is not None:
            self._emit(joined.taken_over)
        self.caller = joined.caller
        self._bridged(joined.answered, joined.person)

    def _give_away(self, given: GivenAway) -> Ended:
        self._note_attended(given.transferor, given.by, given.to, given.other_call)
        self.caller = given.caller
        return Ended("transferred", given.by)

    def _note_attended(self, by: str, side: Side, to: str, goes_on_in: str) -> None:
        self._emit(
            CallTransferred(
                call=self._call,
                at=self._clock(),
                kind="attended",
                by=by,
                side=side,
                to=to,
                outcome="answered",
                goes_on_in=goes_on_in,
            )
        )

    def _bridged(self, answered: Answered, person: str | None) -> None:
        at, number = self._clock(), answered.number
        self._emit(CallBridged(call=self._call, at=at, leg=answered.leg, person=person, number=number))
