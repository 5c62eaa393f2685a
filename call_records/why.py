"""Why a call went where it went, in plain words: a line for each event, told from what came before it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from routing.events import (
    AnyCallEvent,
    BoxFull,
    CallAnswered,
    CallArrived,
    CallbackDue,
    CallbackMissed,
    CallbackRequested,
    CallBridged,
    CalledBack,
    CallEnded,
    CallEvent,
    CallForwarded,
    CallHeld,
    CallParked,
    CallPickedUp,
    CallRetrieved,
    CallRouted,
    CallTakenUp,
    CallTransferred,
    CallUnparked,
    CustomerNumberGiven,
    FeatureCodeUsed,
    GreetingPutInUse,
    GreetingSaved,
    KeyPressed,
    LegAnswered,
    LegEnded,
    LegRinging,
    LookupEnded,
    MenuEntered,
    MenuSilence,
    MessageDeleted,
    MessageHeard,
    MessageLeft,
    MessageLost,
    MissedCallHandled,
    OfferEnded,
    OfferMade,
    PlaceHeld,
    PlaceResumed,
    PositionAnnounced,
    PromptPlayed,
    QueueJoined,
    QueueLeft,
    ToldWhenFree,
    TransferRequested,
)


class WhyLine(msgspec.Struct, frozen=True):
    """One step of a call: `at` UTC epoch seconds, `after` seconds since the call's first event."""

    at: float
    after: float
    text: str


def why(events: Iterable[AnyCallEvent], names: Mapping[str, str] | None = None) -> list[WhyLine]:
    """What happened to one call, from arrival to end; `names` are those of people, by id."""
    story = _Story(names or {})
    lines: list[WhyLine] = []
    for event in events:
        begin = lines[0].at if lines else event.at
        lines.append(WhyLine(event.at, event.at - begin, _SENTENCES[type(event)](story, event)))
    return lines


class _Story:
    """What later sentences need of earlier events."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._offered_at: dict[int, float] = {}
        self._legs: dict[str, str] = {}

    def name(self, person: str | None, otherwise: str = "") -> str:
        return self._names.get(person or "", person or otherwise)

    # The call.

    def arrived(self, event: CallArrived) -> str:
        caller = self._caller(event)
        if event.origin == "callback":
            return f"{caller} is called by the company"
        way = "from outside" if event.origin == "trunk" else "from a phone of the company"
        return f"{caller} calls {event.dialled} {way}"

    def taken_up(self, event: CallTakenUp) -> str:
        if event.talks_to:
            goes_on = f"talks on with {self.name(event.talks_to)}"
        elif event.queue:
            goes_on = f"waits on in {event.queue}"
        else:
            goes_on = f"begins anew at {event.destination or 'the greeting'}"
        return f"the server was started anew, and {self._caller(event)} {goes_on}".rstrip()

    def _caller(self, event: CallArrived | CallTakenUp) -> str:
        known = self.name(event.caller_person, event.caller_name)
        number = event.caller_number or "an unknown number"
        return f"{known} ({number})" if known and known != number else number

    def routed(self, event: CallRouted) -> str:
        return f"goes to {event.destination}" + (f", because {event.why}" if event.why else "")

    def ended(self, event: CallEnded) -> str:
        ends = {
            "caller": "the caller hangs up",
            "callee": "the other side ends it",
            "system": "the server ends it",
        }
        status = f", SIP status {event.status}" if event.status != 200 else ""
        if event.cause == "elsewhere":
            return f"was answered elsewhere: the network has put the call to others too, and takes it back{status}"
        return f"{ends[event.by]}: {event.cause}{status}"

    # Queues.

    def joined(self, event: QueueJoined) -> str:
        words = f"joins the queue {event.queue} at position {event.position}"
        if event.priority:
            words += f", with priority {event.priority}"
        if event.prefers is not None:
            words += f"; offered to {self.name(event.prefers)} first, where free"
        if event.member is not None:
            words += "; is a member, and not offered the own call"
        return words

    def position(self, event: PositionAnnounced) -> str:
        wait = ""
        if event.expected_minutes is not None:
            wait = f" and an expected wait of {event.expected_minutes} min"
        return f"is told position {event.position}{wait} in {event.queue}"

    def offered(self, event: OfferMade) -> str:
        self._offered_at[event.offer] = event.at
        return f"{event.queue} offers the caller to {self.name(event.member)} (offer {event.offer})"

    def offer_ended(self, event: OfferEnded) -> str:
        member = self.name(event.member)
        seconds = _seconds(event.at - self._offered_at.pop(event.offer, event.at))
        outcomes = {
            "answered": f"{member} answers after {seconds}",
            "no-answer": f"{member} does not answer within {seconds}",
            "busy": f"{member} is busy",
            "rejected": f"{member} rejects the call after {seconds}",
            "unreachable": f"{member} cannot be reached",
            "withdrawn": f"{member} is no longer rung, after {seconds}: the caller is not there",
            "elsewhere": f"{member} is no longer rung, after {seconds}: somebody else has answered",
        }
        return f"{outcomes[event.outcome]} (offer {event.offer})"

    def left(self, event: QueueLeft) -> str:
        waited, queue = _seconds(event.waited), event.queue
        outcomes = {
            "answered": f"was answered from the queue {queue} after {waited}",
            "abandoned": f"gave up waiting in {queue} after {waited}",
            "elsewhere": f"leaves {queue} after {waited}: the call was answered elsewhere",
            "timeout": f"has waited in {queue} for as long as it allows: {waited}",
            "full": f"finds no place in {queue}: it is full",
            "busy": f"finds nobody free in {queue}, which lets nobody wait",
            "unanswered": f"was offered to everybody in {queue}, for all rounds, in {waited}",
            "no-members": f"leaves {queue} after {waited}: no member is active with a phone",
            "shutdown": f"leaves {queue} after {waited}: the server stops",
            "lost": f"loses the place in {queue} after {waited}: the call was cut off",
            "called-back": f"was called back for the place in {queue} and answered, {waited} after joining",
            "not-reached": f"was called back for the place in {queue} and not reached, {waited} after joining",
            "already-ordered": f"leaves {queue} after {waited}: the number is to be called back already, for the place "
            f"of {event.instead}",
            "answered-meanwhile": f"is not called back for the place in {queue}, {waited} after joining: "
            f"the caller was answered there in the call {event.instead}",
        }
        return outcomes[event.outcome]

    def held(self, event: PlaceHeld) -> str:
        reason = "the caller steps out" if event.why == "stepped-out" else "the server is started anew"
        return f"keeps the place in {event.queue}: {reason}"

    def due(self, event: CallbackDue) -> str:
        member = self.name(event.member)
        called = f"{event.number} is called, attempt {event.attempt}"
        return f"it is the place's turn in {event.queue}: {member} is claimed, {called}"

    def callback_missed(self, event: CallbackMissed) -> str:
        again = "that was the last attempt" if event.retry_at is None else "to be tried again"
        engaged = "" if event.counts else ", by the own call in line, and does not count"
        return f"attempt {event.attempt} to call back: {event.outcome}{engaged}; {again}"

    # Transfers.

    def picked_up(self, event: CallPickedUp) -> str:
        who, rang = self.name(event.person), self.name(event.rang)
        if event.person == event.rang:
            rang = "another of their phones"
        return (
            f"{who} takes the call over from {rang}"
            if event.talking
            else f"{who} picks up the call that rings at {rang}"
        )

    def unparked(self, event: CallUnparked) -> str:
        outcomes = {
            "taken": f"is taken from {event.slot}",
            "returned": f"leaves {event.slot}, where nobody took the call",
            "abandoned": f"gives up waiting in {event.slot}",
        }
        return f"{outcomes[event.outcome]}, after {_seconds(event.seconds)}"

    def transferred(self, event: CallTransferred) -> str:
        who = self.name(event.by)
        if event.kind == "attended":
            where = f", in the call {event.goes_on_in}" if event.goes_on_in else ""
            return f"{who} joins the other party to {event.to}{where}, and is out of the call"
        outcomes = {
            "answered": f"{who} is out of the call: {event.to} has answered",
            "no-answer": f"the transfer to {event.to} comes to nothing: no answer",
            "busy": f"the transfer to {event.to} comes to nothing: busy",
            "rejected": f"the transfer to {event.to} comes to nothing: declined",
            "unreachable": f"the transfer to {event.to} comes to nothing: cannot be reached",
            "abandoned": f"the transfer to {event.to} comes to nothing: who was transferred hangs up",
        }
        return outcomes[event.outcome]

    # Legs.

    def ringing(self, event: LegRinging) -> str:
        self._legs[event.leg] = self.name(event.person, event.number)
        return f"{self._legs[event.leg]} rings ({event.number})"

    def leg_answered(self, event: LegAnswered) -> str:
        self._legs[event.leg] = self.name(event.person, event.number)
        return f"{self._legs[event.leg]} has answered"

    def leg_ended(self, event: LegEnded) -> str:
        whose = self._legs.get(event.leg) or self.name(event.person, event.leg)
        status = f", SIP status {event.status}" if event.status != 200 else ""
        return f"the phone of {whose} is done: {event.cause}{status}"


def _seconds(duration: float) -> str:
    return f"{duration:.0f} s"


def _looked_up(_: _Story, event: LookupEnded) -> str:
    result = f"says {event.answer!r}" if event.answer else f"has no answer: {event.fault}"
    return f"the look-up {event.lookup} {result}, after {event.seconds:.1f} s"


def _pressed(_: _Story, event: KeyPressed) -> str:
    return f"presses {event.key} in the menu {event.menu}" + ("" if event.valid else ", which leads nowhere")


_SENTENCES: dict[type[CallEvent], Callable[[_Story, Any], str]] = {
    CallArrived: _Story.arrived,
    CallTakenUp: _Story.taken_up,
    CallRouted: _Story.routed,
    CallAnswered: lambda _, event: "the call is answered",
    PromptPlayed: lambda _, event: f"hears {event.prompt}",
    MenuEntered: lambda _, event: f"is in the menu {event.menu}",
    KeyPressed: _pressed,
    MenuSilence: lambda _, event: f"presses nothing in the menu {event.menu}",
    CustomerNumberGiven: lambda _, event: f"types the customer number {event.number}",
    LookupEnded: _looked_up,
    CallParked: lambda story, event: f"is parked in {event.slot}" + (f" by {story.name(event.by)}" if event.by else ""),
    CallUnparked: _Story.unparked,
    FeatureCodeUsed: lambda story, event: (
        f"{story.name(event.person)} used the code for {event.feature} {event.digits}".rstrip()
    ),
    QueueJoined: _Story.joined,
    PositionAnnounced: _Story.position,
    OfferMade: _Story.offered,
    OfferEnded: _Story.offer_ended,
    PlaceHeld: _Story.held,
    PlaceResumed: lambda _, event: f"somebody is on the line for the place in {event.queue} again",
    CallbackRequested: lambda _, event: (
        f"keeps the place in {event.queue}, to be called at {event.number}"
        + (f", while {event.main_number} is open" if event.main_number else "")
    ),
    CallbackDue: _Story.due,
    CallbackMissed: _Story.callback_missed,
    CalledBack: lambda _, event: (
        f"made for the place of {event.place} in {event.queue}, to call back, attempt {event.attempt}"
    ),
    MissedCallHandled: lambda story, event: f"{story.name(event.by)} has handled the call that {event.queue} missed",
    QueueLeft: _Story.left,
    LegRinging: _Story.ringing,
    LegAnswered: _Story.leg_answered,
    LegEnded: _Story.leg_ended,
    CallBridged: lambda story, event: f"talks with {story.name(event.person, event.number)}",
    CallForwarded: lambda story, event: (
        f"{story.name(event.person)} has calls forwarded to {event.destination}: {event.why}"
    ),
    ToldWhenFree: lambda story, event: (
        f"{story.name(event.target)} is free, for whom {story.name(event.person)} has waited"
    ),
    BoxFull: lambda _, event: f"can leave no message: the box {event.box} is full",
    MessageLeft: lambda _, event: f"leaves a message of {_seconds(event.seconds)} in the box {event.box}",
    MessageLost: lambda _, event: f"the message for the box {event.box} could not be kept: {event.why}",
    MessageHeard: lambda story, event: (
        f"{story.name(event.person, 'somebody with the PIN')} listens to a message of the box {event.box}"
    ),
    MessageDeleted: lambda story, event: (
        f"{story.name(event.person, 'somebody')} deletes a message of the box {event.box}"
    ),
    GreetingSaved: lambda story, event: (
        f"{story.name(event.person)} records {event.greeting}, number {event.number}, {_seconds(event.seconds)}"
    ),
    GreetingPutInUse: lambda story, event: (
        f"{story.name(event.person)} lets {event.greeting} greet on {event.main_number} ({event.slot})"
    ),
    CallPickedUp: _Story.picked_up,
    TransferRequested: lambda story, event: f"{story.name(event.by)} transfers the other party to {event.to}",
    CallTransferred: _Story.transferred,
    CallHeld: lambda _, event: f"put on hold by the {event.by}",
    CallRetrieved: lambda _, event: f"taken off hold by the {event.by}",
    CallEnded: _Story.ended,
}
