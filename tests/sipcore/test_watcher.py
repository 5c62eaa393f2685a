"""The subscriber of RFC 6665 §4.1, by itself and against our notifier over a link that loses, doubles and reorders."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipcore.answering import response_to
from sipcore.errors import ProtocolViolation
from sipcore.events import Event, RequestReceived, ResponseReceived
from sipcore.flow import Datagram, Flow
from sipcore.message import Request, Response
from sipcore.notifier import Notifier, NotifierConfig
from sipcore.notify_view import View
from sipcore.stack import Stack, StackConfig
from sipcore.subscription import SubscriptionRecord
from sipcore.watcher import BACKOFF_BASE, DOUBT_SECONDS, REFUSED_WAIT, Watched, Watcher
from tests.support.link import ALICE, BOB, Link, tokens

NOW = 1_700_000_000.0
FLOW = Flow("udp", ALICE, BOB)
OTHER = Flow("udp", ALICE, ("192.0.2.3", 5060))
CONTACT = "sip:lampfield@192.0.2.1:5060"
WATCHED = Watched(
    "sip:201@pbx.example", "sip:lampfield@pbx.example", ("dialog", "presence"), ("a/dialog", "a/presence")
)


def watcher(*targets: Flow) -> Watcher:
    made = Watcher(WATCHED, tokens("w"), NOW)
    made.locate(targets or (FLOW,))
    return made


def subscribe(watcher: Watcher, now: float = NOW) -> Request:
    """The next SUBSCRIBE as it would be sent."""
    request = watcher.request(CONTACT, now)
    request.prepend("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1")
    return request


def answer(request: Request, status: int = 200, *fields: tuple[str, str]) -> Response:
    fields = fields or (("Expires", "3600"),)
    return response_to(request, status, to_tag="pbx", fields=[*fields, ("Contact", "<sip:pbx@192.0.2.2:5060>")])


def notify(
    request: Request, cseq: int = 1, state: str = "active;expires=3600", event: str = "dialog", tag: str = "pbx"
) -> Request:
    return Request(
        "NOTIFY",
        CONTACT,
        [
            ("Via", f"SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bKn{cseq}"),
            ("From", f"<{WATCHED.resource}>;tag={tag}"),
            ("To", str(request.from_)),
            ("Call-ID", request.call_id),
            ("CSeq", f"{cseq} NOTIFY"),
            ("Contact", "<sip:pbx@192.0.2.2:5060>"),
            ("Event", event),
            ("Subscription-State", state),
        ],
    )


def active(watcher: Watcher, now: float = NOW) -> Request:
    request = subscribe(watcher, now)
    watcher.answered(answer(request), now)
    assert watcher.notified(notify(request), FLOW, now) == 200
    assert watcher.state == "active"
    return request


def test_a_subscription_stands_with_its_first_notify_and_is_refreshed_in_its_dialog_before_it_ends() -> None:
    made = watcher()
    first = active(made)
    assert NOW + 0.7 * 3600 < made.due_at < NOW + 0.95 * 3600
    assert made.valid_until == NOW + 3600
    refresh = subscribe(made, made.due_at)
    assert refresh.call_id == first.call_id
    assert refresh.to.tag == "pbx"
    assert refresh.uri == "sip:pbx@192.0.2.2:5060"
    assert refresh.cseq.number > first.cseq.number
    made.answered(answer(refresh), NOW + 3000)
    assert made.valid_until == NOW + 6600


def test_a_notify_may_come_before_the_answer() -> None:
    made = watcher()
    request = subscribe(made)
    assert made.notified(notify(request), FLOW, NOW) == 200
    assert made.state == "active"
    made.answered(answer(request), NOW)
    assert subscribe(made).to.tag == "pbx"


def test_without_a_notify_there_is_no_subscription() -> None:
    made = watcher()
    request = subscribe(made)
    made.answered(answer(request), NOW)
    assert (made.state, made.due_at) == ("trying", NOW + 32.0)
    assert subscribe(made, NOW + 32.0).call_id != request.call_id


def test_a_notify_that_goes_back_is_refused_and_one_of_another_fork_or_subscription_too() -> None:
    made = watcher()
    request = active(made)
    assert made.notified(notify(request, 5), FLOW, NOW) == 200
    assert made.notified(notify(request, 4), FLOW, NOW) == 500
    assert made.notified(notify(request, 6, tag="fork"), FLOW, NOW) == 481
    assert made.notified(notify(request, 6, event="presence"), FLOW, NOW) == 489
    other = notify(request, 7)
    other.set("To", "<sip:x@y>;tag=other")
    assert made.notified(other, FLOW, NOW) == 481
    with pytest.raises(ProtocolViolation):
        made.notified(notify(request, 8, "perhaps"), FLOW, NOW)


def test_what_the_notifier_grants_later_counts() -> None:
    made = watcher()
    request = active(made)
    made.notified(notify(request, 2, "active;expires=600"), FLOW, NOW)
    assert made.valid_until == NOW + 600
    made.notified(notify(request, 3, "pending;expires=300"), FLOW, NOW)
    assert (made.state, made.valid_until) == ("pending", NOW + 300)


@pytest.mark.parametrize(
    ("state", "least", "most"),
    [
        ("terminated;reason=deactivated", 0, 1),
        ("terminated;reason=timeout", 0, 1),
        ("terminated;reason=probation;retry-after=77", 77, 78),
        ("terminated;reason=giveup", BACKOFF_BASE / 2, BACKOFF_BASE),
        ("terminated", BACKOFF_BASE / 2, BACKOFF_BASE),
        ("terminated;reason=rejected", REFUSED_WAIT, REFUSED_WAIT + 1),
        ("terminated;reason=noresource", REFUSED_WAIT, REFUSED_WAIT + 1),
    ],
)
def test_each_reason_of_an_end_has_its_own_wait(state: str, least: float, most: float) -> None:
    made = watcher()
    request = active(made)
    assert made.notified(notify(request, 2, state), FLOW, NOW) == 200
    assert NOW + least <= made.due_at <= NOW + most
    assert made.valid_until <= NOW + DOUBT_SECONDS
    assert subscribe(made).to.tag is None
    assert made.reason


def test_a_server_that_has_forgotten_the_subscription_is_asked_anew_at_once() -> None:
    made = watcher()
    request = active(made)
    refresh = subscribe(made)
    made.answered(answer(refresh, 481), NOW)
    assert made.due_at <= NOW + 1
    assert subscribe(made).call_id != request.call_id


def test_a_server_that_does_not_know_the_package_is_asked_for_the_other() -> None:
    made = watcher()
    made.answered(answer(subscribe(made), 489), NOW)
    assert made.due_at <= NOW + 1
    second = subscribe(made)
    assert (second.header("Event"), second.header("Accept")) == ("presence", "a/presence")
    made.answered(answer(second, 489), NOW)
    assert made.due_at >= NOW + REFUSED_WAIT


def test_a_longer_duration_is_asked_for_where_the_server_wants_one() -> None:
    made = Watcher(Watched("sip:a@b", "sip:c@b", ("dialog",), ("x/y",), 60), tokens("w"), NOW)
    made.locate([FLOW])
    made.answered(answer(subscribe(made), 423, ("Min-Expires", "600")), NOW)
    assert made.due_at == NOW
    assert subscribe(made).header("Expires") == "600"


def test_who_does_not_answer_is_left_for_the_next_target_and_all_are_waited_for_longer_each_time() -> None:
    made = watcher(FLOW, OTHER)
    waits = []
    for _ in range(4):
        for target in (FLOW, OTHER):
            assert made.flow == target
            subscribe(made, NOW)
            made.answered(None, NOW)
        waits.append(made.due_at - NOW)
    assert waits == sorted(waits)
    assert waits[0] <= BACKOFF_BASE < waits[-1]
    assert made.state == "failed"


def test_a_broken_connection_begins_the_subscription_anew() -> None:
    tcp = Flow("tcp", ALICE, BOB)
    made = watcher(tcp)
    request = subscribe(made)
    made.answered(answer(request), NOW)
    made.notified(notify(request), tcp, NOW)
    made.failed(OTHER, NOW)
    assert made.state == "active"
    made.failed(tcp, NOW)
    assert (made.state, made.due_at <= NOW + 2) == ("trying", True)


def test_asking_for_full_state_brings_the_refresh_forward() -> None:
    made = watcher()
    active(made)
    made.refresh(NOW + 5)
    assert made.due_at == NOW + 5


def test_leaving_ends_the_subscription_and_nothing_is_due() -> None:
    made = watcher()
    assert watcher().leave(CONTACT) is None
    request = active(made)
    leave = made.leave(CONTACT)
    assert leave is not None
    assert (leave.header("Expires"), leave.to.tag) == ("0", "pbx")
    assert made.notified(notify(request, 9, "terminated;reason=timeout"), FLOW, NOW) == 481
    assert made.due_at == float("inf")


# Against our own notifier


class Counter:
    """A package whose documents are a number."""

    name = "dialog"
    content_types = ("a/dialog",)

    def __init__(self) -> None:
        self.number = 0

    def form(self, content_types: Sequence[str], user_agent: str) -> str:
        return "plain"

    def interval(self, form: str) -> float:
        return 0.0

    def document(self, resource: str, form: str) -> "Number":
        return Number(str(self.number).encode())

    def list_event(self, sent: str, form: str) -> str:
        return sent

    def view(self, record: SubscriptionRecord) -> View | None:
        return None


class Number:
    content_type = "a/dialog"
    tail = None

    def __init__(self, head: bytes) -> None:
        self.head = head


class Pbx:
    """A server that notifies: stack and notifier at one address."""

    def __init__(self) -> None:
        self.stack = Stack(StackConfig(), tokens("p"))
        self.package = Counter()
        self.notifier = Notifier(tokens("n"), [self.package], NotifierConfig())
        self.take_events = self.stack.take_events
        self.respond = self.stack.respond

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        if not (data.startswith(b"SIP/") and self.notifier.receive_response(data, now)):
            self.stack.receive(data, flow, now)

    def advance(self, now: float) -> None:
        self.stack.advance(now)
        self.notifier.advance(now)

    def next_timeout(self) -> float | None:
        times = [at for at in (self.stack.next_timeout(), self.notifier.next_timeout()) if at is not None]
        return min(times, default=None)

    def take_datagrams(self) -> list[Datagram]:
        return self.stack.take_datagrams() + self.notifier.take_datagrams()

    def forget_all(self) -> None:
        """Lose every subscription, as a restart without a disk does."""
        self.notifier = Notifier(tokens("m"), [self.package], NotifierConfig())


class Network:
    """A watcher and a PBX on a link."""

    def __init__(self, seed: int, loss: float, duplication: float) -> None:
        self.link = Link(seed=seed, loss=loss, duplication=duplication, latency=(0.01, 0.4))
        self.pbx = Pbx()
        self.ours = Stack(StackConfig(), tokens("o"))
        self.link.join(ALICE, self.ours)
        self.link.join(BOB, self.pbx)
        self.link.on_event = self.on_event
        watched = Watched("sip:201@192.0.2.2", "sip:lampfield@192.0.2.2", ("dialog",), ("a/dialog",), 300)
        self.watcher = Watcher(watched, tokens("w"), self.link.now)
        self.watcher.locate([FLOW])
        self.asked: str | None = None
        self.known = -1

    def on_event(self, stack: object, event: Event, now: float) -> None:
        if stack is self.pbx and isinstance(event, RequestReceived):
            response = self.pbx.notifier.subscribe(event.request, event.flow, now, resource="201")
            self.pbx.respond(event.transaction, response, now)
        elif isinstance(event, RequestReceived):
            status = 481
            if event.request.call_id == self.watcher.call_id:
                status = self.watcher.notified(event.request, event.flow, now)
            if status == 200 and event.request.body:
                self.known = int(event.request.body)
            self.ours.respond(event.transaction, response_to(event.request, status), now)
        elif isinstance(event, ResponseReceived) and event.transaction == self.asked:
            self.asked = None
            self.watcher.answered(event.response, now)

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds * 2)):
            if self.asked is None and self.watcher.due_at <= self.link.now:
                flow = self.watcher.flow
                assert flow is not None
                request = self.watcher.request(CONTACT, self.link.now)
                self.asked = self.ours.request(request, flow, self.link.now)
            self.link.run(0.5)

    def change(self) -> None:
        self.pbx.package.number += 1
        self.pbx.notifier.changed("201", "dialog", self.link.now)


@settings(max_examples=40)
@given(
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.1, 0.3]),
    st.sampled_from([0.0, 0.2]),
    st.lists(st.sampled_from(["change", "wait", "restart", "long"]), max_size=12),
)
def test_whatever_is_lost_the_watcher_knows_the_last_state_in_the_end(
    seed: int, loss: float, duplication: float, happenings: list[str]
) -> None:
    network = Network(seed, loss, duplication)
    for happening in happenings:
        if happening == "change":
            network.change()
            network.run(1)
        elif happening == "restart":
            network.pbx.forget_all()
        else:
            network.run(5 if happening == "wait" else 200)
    network.link.loss = 0.0
    network.run(400)
    assert network.watcher.state == "active"
    assert network.known == network.pbx.package.number
    network.change()
    network.run(3)
    assert network.known == network.pbx.package.number
