"""REFER within a call and the subscription that it makes (RFC 3515, RFC 4488, RFC 6665)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipcore.events import Event, ReferOver, ReferReceived, SessionEnded
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.referrals import DURATION
from sipcore.uri import SipUri
from tests.sipcore.test_session_callee import Ring
from tests.support.raw_peer import RawPeer

TO_BOB = (("Refer-To", "<sip:202@nordlys.example>"),)


class Referring(Ring):
    """A call that is up, in which the peer sends REFERs."""

    def __init__(self) -> None:
        super().__init__()
        self.up()
        self.cseq = 1

    def refer(self, *fields: tuple[str, str]) -> ReferReceived:
        """A REFER that our user is asked about."""
        self.cseq += 1
        self.within("REFER", fields or TO_BOB, cseq=self.cseq)
        (event,) = self.peer.events()
        assert isinstance(event, ReferReceived)
        assert self.peer.sent() == []
        return event

    def refused(self, *fields: tuple[str, str]) -> Response:
        """The answer to a REFER that our user never hears of."""
        self.cseq += 1
        self.within("REFER", fields, cseq=self.cseq)
        assert self.peer.events() == []
        return self.peer.one_response()

    def accepted(self, *fields: tuple[str, str]) -> tuple[ReferReceived, Request]:
        """A REFER that our user accepts, and the first NOTIFY."""
        event = self.refer(*fields)
        self.peer.stack.accept_refer(event.referral, self.peer.now)
        answer, notify = self.peer.sent()
        assert isinstance(answer, Response)
        assert isinstance(notify, Request)
        assert answer.status == 202
        return event, notify

    def report(self, event: ReferReceived, status: int) -> None:
        self.peer.stack.report_refer(event.referral, status, self.peer.now)

    def taken(self, notify: Request, status: int = 200) -> list[Event]:
        """Answer a NOTIFY; what the stack tells then."""
        self.peer.answer(notify, status, to_tag=None)
        return self.peer.events()


def told(notify: Request) -> tuple[str, str]:
    """What a NOTIFY says: the status line and the state of the subscription."""
    assert notify.header("Content-Type") == "message/sipfrag;version=2.0"
    return notify.body.decode().strip(), notify.header("Subscription-State") or ""


def test_a_refer_is_told_with_all_that_it_says() -> None:
    call = Referring()
    event = call.refer(
        ("Refer-To", "<sip:202@nordlys.example;method=INVITE?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2&X=1>"),
        ("Referred-By", "<sip:201@nordlys.example>"),
        ("Target-Dialog", "whatever;local-tag=1;remote-tag=2"),
        ("Refer-Sub", "false"),
    )
    assert event.session == call.session
    assert str(event.refer.target) == "sip:202@nordlys.example"
    assert event.refer.replaces is not None
    assert (event.refer.replaces.call_id, event.refer.replaces.to_tag) == ("a@b", "1")
    assert event.refer.referred_by == "<sip:201@nordlys.example>"
    assert (event.refer.method, event.refer.subscribes, event.at_home) == ("INVITE", False, True)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((), 400),
        ((("Refer-To", "<sip:1@a>"), ("Refer-To", "<sip:2@a>")), 400),
        ((("Refer-To", "<sip:1@a>, <sip:2@a>"),), 400),
        ((("Refer-To", "<sip:@>"),), 400),
        ((("Refer-To", "<sip:1@a?Replaces=only-a-call-id>"),), 400),
        ((("Refer-To", "<https://example.com>"),), 416),
        ((*TO_BOB, ("Refer-Sub", "perhaps")), 400),
        ((*TO_BOB, ("Require", "explicitsub")), 420),
    ],
)
def test_a_refer_that_cannot_be_read_is_refused_at_once(fields: tuple[tuple[str, str], ...], status: int) -> None:
    assert Referring().refused(*fields).status == status


def test_a_target_with_headers_and_without_brackets_is_understood() -> None:
    event = Referring().refer(("Refer-To", "sip:202@nordlys.example?Replaces=c%3Bto-tag%3D1%3Bfrom-tag%3D2"))
    assert event.refer.replaces is not None
    assert isinstance(event.refer.target, SipUri)
    assert event.refer.target.user == "202"


def test_a_refer_outside_a_call_is_refused_and_one_for_a_call_that_is_over_not_found() -> None:
    peer = RawPeer()
    assert peer.ask("REFER", TO_BOB).status == 403
    assert peer.ask("REFER", TO_BOB, to_tag="gone", call_id="other").status == 481


def test_a_refusal_is_told_and_makes_no_subscription() -> None:
    call = Referring()
    event = call.refer()
    call.peer.stack.refuse_refer(event.referral, 603, call.peer.now, reason="Nobody Else Is There")
    answer = call.peer.one_response()
    assert (answer.status, answer.reason) == (603, "Nobody Else Is There")
    call.report(event, 200)
    assert call.peer.run(100) == []


def test_the_peer_is_told_100_then_ringing_then_the_outcome_which_ends_it() -> None:
    call = Referring()
    event, trying = call.accepted()
    assert told(trying) == ("SIP/2.0 100 Trying", f"active;expires={DURATION:.0f}")
    assert (trying.header("Event"), trying.cseq.method) == ("refer", "NOTIFY")
    call.taken(trying)
    call.report(event, 180)
    ringing = call.peer.one_request()
    assert told(ringing)[0] == "SIP/2.0 180 Ringing"
    call.taken(ringing)
    call.report(event, 200)
    done = call.peer.one_request()
    assert told(done) == ("SIP/2.0 200 OK", "terminated;reason=noresource")
    assert call.taken(done) == [ReferOver(call.session, event.referral)]
    assert [notify.cseq.number for notify in (trying, ringing, done)] == sorted(
        {notify.cseq.number for notify in (trying, ringing, done)}
    )


def test_one_notify_is_under_way_at_a_time_and_the_last_state_is_told() -> None:
    call = Referring()
    event, trying = call.accepted()
    call.report(event, 180)
    call.report(event, 486)
    assert call.peer.sent() == []
    assert call.taken(trying) == []
    assert told(call.peer.one_request()) == ("SIP/2.0 486 Busy Here", "terminated;reason=noresource")


def test_a_second_refer_of_the_dialog_is_told_of_by_its_number() -> None:
    call = Referring()
    first, notify = call.accepted()
    call.taken(notify)
    call.report(first, 486)
    call.taken(call.peer.one_request())
    _, again = call.accepted()
    assert again.header("Event") == f"refer;id={call.cseq}"


def test_a_peer_that_wants_no_subscription_gets_no_notify() -> None:
    call = Referring()
    event = call.refer(*TO_BOB, ("Refer-Sub", "false"))
    call.peer.stack.accept_refer(event.referral, call.peer.now)
    answer = call.peer.one_response()
    assert (answer.status, answer.header("Refer-Sub")) == (202, "false")
    call.report(event, 180)
    call.report(event, 200)
    assert call.peer.sent() == []
    assert call.peer.events() == [ReferOver(call.session, event.referral)]


def test_the_subscription_outlives_the_call() -> None:
    call = Referring()
    event, trying = call.accepted()
    call.within("BYE", cseq=call.cseq + 1)
    assert [type(each) for each in call.peer.events()] == [SessionEnded]
    call.peer.sent()
    call.taken(trying)
    call.report(event, 200)
    done = call.peer.one_request()
    assert told(done)[0] == "SIP/2.0 200 OK"
    assert call.taken(done) == [ReferOver(call.session, event.referral)]


@pytest.mark.parametrize("status", [481, 489, 405])
def test_a_peer_that_knows_of_no_subscription_is_told_no_more(status: int) -> None:
    call = Referring()
    event, trying = call.accepted()
    assert call.taken(trying, status) == [ReferOver(call.session, event.referral)]
    call.report(event, 200)
    assert call.peer.sent() == []


def test_a_peer_that_answers_no_notify_is_given_up_after_32_seconds_and_the_call_goes_on() -> None:
    call = Referring()
    event, _ = call.accepted()
    call.peer.run(33)
    assert call.peer.events() == [ReferOver(call.session, event.referral)]
    call.report(event, 200)
    assert call.peer.sent() == []
    assert call.peer.stack.dialog_of(call.session) is not None


def test_a_fault_of_the_peer_costs_one_notify_only() -> None:
    call = Referring()
    event, trying = call.accepted()
    assert call.taken(trying, 500) == []
    call.report(event, 200)
    assert told(call.peer.one_request())[0] == "SIP/2.0 200 OK"


def test_a_subscription_whose_time_is_over_ends_without_an_outcome() -> None:
    call = Referring()
    event, trying = call.accepted()
    call.taken(trying)
    (last,) = call.peer.run(DURATION + 0.2)
    assert isinstance(last, Request)
    assert told(last) == ("SIP/2.0 100 Trying", "terminated;reason=timeout")
    assert call.taken(last) == [ReferOver(call.session, event.referral)]


def subscribed(call: Referring, seconds: int) -> None:
    call.cseq += 1
    call.within("SUBSCRIBE", (("Event", "refer"), ("Expires", str(seconds))), cseq=call.cseq)


def test_the_peer_may_refresh_the_subscription_and_is_told_the_state() -> None:
    call = Referring()
    _, trying = call.accepted()
    call.taken(trying)
    call.peer.run(DURATION - 10)
    subscribed(call, 60)
    answer, notify = call.peer.sent()
    assert isinstance(answer, Response)
    assert (answer.status, answer.expires) == (200, 60)
    assert isinstance(notify, Request)
    assert told(notify) == ("SIP/2.0 100 Trying", "active;expires=60")
    call.taken(notify)
    assert call.peer.run(40) == []


def test_the_peer_may_end_the_subscription() -> None:
    call = Referring()
    event, trying = call.accepted()
    call.taken(trying)
    subscribed(call, 0)
    answer, last = call.peer.sent()
    assert isinstance(answer, Response)
    assert isinstance(last, Request)
    assert told(last) == ("SIP/2.0 100 Trying", "terminated;reason=timeout")
    assert call.taken(last) == [ReferOver(call.session, event.referral)]


@pytest.mark.parametrize("fields", [(("Event", "refer;id=999"),), (("Event", "dialog"),), ()])
def test_a_subscribe_for_something_else_is_not_taken_for_a_refer(fields: tuple[tuple[str, str], ...]) -> None:
    call = Referring()
    _, trying = call.accepted()
    call.taken(trying)
    call.cseq += 1
    call.within("SUBSCRIBE", fields, cseq=call.cseq)
    (event,) = call.peer.events()
    assert not isinstance(event, ReferReceived)


def test_a_refer_from_another_address_is_known_as_such() -> None:
    call = Referring()
    request = call.peer.request("REFER", TO_BOB, cseq=2, to_tag=call.own_tag)
    elsewhere = Flow("udp", call.peer.flow.local, ("198.51.100.7", 5060))
    call.peer.stack.receive(request.to_bytes(), elsewhere, call.peer.now)
    (event,) = call.peer.events()
    assert isinstance(event, ReferReceived)
    assert not event.at_home


STEPS = st.sampled_from(["180", "200", "486", "taken", "481", "500", "bye", "refresh", "leave", "wait", "silence"])


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=14))
def test_whatever_happens_the_peer_is_told_one_end_at_most_and_nothing_is_left(steps: list[str]) -> None:
    call = Referring()
    event, first = call.accepted()
    notifies, answered, overs = {first.via.branch: first}, 0, 0
    for step in [*steps, "200", "silence", "silence"]:
        pause = 0.0
        match step:
            case "180" | "200" | "486":
                call.report(event, int(step))
            case "taken" | "481" | "500" if answered < len(notifies):
                latest = list(notifies.values())[answered]
                call.peer.answer(latest, 200 if step == "taken" else int(step), to_tag=None)
                answered += 1
            case "bye":
                call.cseq += 1
                call.within("BYE", cseq=call.cseq)
            case "refresh":
                subscribed(call, 60)
            case "leave":
                subscribed(call, 0)
            case "wait":
                pause = 5.0
            case "silence":
                pause, answered = 40.0, len(notifies)
        for message in call.peer.run(pause):
            if isinstance(message, Request) and message.method == "NOTIFY":
                notifies.setdefault(message.via.branch, message)
        overs += sum(isinstance(each, ReferOver) for each in call.peer.events())
    ends = [told(notify) for notify in notifies.values() if "terminated" in told(notify)[1]]
    assert len(ends) <= 1
    assert not ends or told(list(notifies.values())[-1]) == ends[0], "nothing is told after the end"
    assert overs == 1
    assert call.peer.stack.counts()["referrals"] == 0
