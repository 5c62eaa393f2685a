"""The short way of refusing new calls: what it answers, the stack would answer alike, byte for byte."""

import random
from itertools import product

import pytest

from sipcore.answering import REFUSED_TAG
from sipcore.flow import Flow
from sipcore.message import Response, parse_message
from sipcore.refusal_lane import RefusalLane
from sipcore.stack import Stack, StackConfig
from sipcore.timers import TRANSACTION_TIMEOUT
from tests.sipcore.mutation import corpus, spoil, typical
from tests.support.link import ALICE, EPOCH, tokens

PHONE = ("192.0.2.7", 5060)
FLOW = Flow("udp", ALICE, PHONE)
INVITE = typical("INVITE", body="v=0\r\n")


class Overloaded:
    """A stack that refuses new calls, and the lane before it."""

    def __init__(self) -> None:
        self.stack = Stack(StackConfig(), tokens("s"))
        self.lane = RefusalLane(self.stack)
        self.stack.refuse_new_calls(5)

    def by_lane(self, data: bytes, flow: Flow = FLOW, now: float = EPOCH) -> bytes | None:
        """The lane's answer; None where it leaves the request to the stack."""
        before = self.stack.counts()
        answered = self.lane.receive(data, flow, now)
        sent = self.lane.take_datagrams()
        assert len(sent) == answered
        assert self.stack.counts() == before
        if not answered:
            return None
        assert sent[0].flow == flow
        return sent[0].data

    def by_stack(self, data: bytes, flow: Flow = FLOW) -> bytes | None:
        """The stack's answer, to where it came from."""
        self.stack.receive(data, flow, EPOCH)
        sent = self.stack.take_datagrams()
        return sent[0].data if sent and sent[0].flow == flow else None


def test_a_new_call_is_refused_with_503_retry_after_and_what_a_response_must_have() -> None:
    answer = Overloaded().by_lane(INVITE)
    assert answer is not None
    response = parse_message(answer)
    assert isinstance(response, Response)
    assert (response.status, response.header("Retry-After")) == (503, "5")
    request = parse_message(INVITE)
    assert response.to.tag
    assert response.header("To") == f"{request.header('To')};tag={response.to.tag}"
    for name in ("From", "Call-ID", "CSeq"):
        assert response.header(name) == request.header(name)
    assert response.via.branch == request.via.branch
    assert (response.via.received, response.via.rport) == PHONE


def test_a_retransmission_gets_the_same_answer() -> None:
    server = Overloaded()
    assert server.by_lane(INVITE) == server.by_lane(INVITE)


@pytest.mark.parametrize(
    ("via", "source"),
    [
        *product(
            (
                "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1",
                "SIP/2.0/UDP 192.0.2.7:5060;rport;branch=z9hG4bK1",
                "SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1;rport;alias",
                "SIP/2.0/UDP phone.example;branch=z9hG4bK1",
                "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK1;keep",
                "SIP/2.0/UDP [2001:db8::7]:5060;branch=z9hG4bK1",
                "SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1\r\nVia: SIP/2.0/TCP x.example;branch=2, SIP/2.0/UDP y.example",
            ),
            (PHONE, ("203.0.113.9", 40000), ("2001:db8::7", 5060)),
        )
    ],
)
def test_the_way_back_is_stamped_as_the_stack_stamps_it(via: str, source: tuple[str, int]) -> None:
    server = Overloaded()
    data = b"\r\n".join(b"Via: " + via.encode() if line.startswith(b"Via") else line for line in INVITE.split(b"\r\n"))
    flow = FLOW._replace(remote=source)
    answer = server.by_lane(data, flow)
    assert answer is None or answer == server.by_stack(data, flow)
    # Left to the stack is only what is answered at another port than it came from.
    assert answer is not None or (source[0] in via and "rport" not in via)
    on_a_connection = flow._replace(transport="tcp")
    over_tcp = data.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP", 1)
    answer = server.by_lane(over_tcp, on_a_connection)
    assert answer is not None
    assert answer == server.by_stack(over_tcp, on_a_connection)


def test_who_is_answered_elsewhere_is_left_to_the_stack() -> None:
    assert Overloaded().by_lane(INVITE.replace(b";rport", b""), FLOW._replace(remote=("192.0.2.7", 40000))) is None


def test_compact_names_are_known() -> None:
    server = Overloaded()
    compact = INVITE
    for name, short in ((b"Via", b"v"), (b"From", b"f"), (b"To", b"t"), (b"Call-ID", b"i")):
        compact = compact.replace(b"\r\n" + name + b":", b"\r\n" + short + b" :\t")
    answer = server.by_lane(compact)
    assert answer is not None
    assert answer == server.by_stack(compact)


def test_a_call_that_was_taken_is_not_refused_when_its_invite_comes_again() -> None:
    server = Overloaded()
    server.stack.refuse_new_calls(None)
    assert server.by_lane(INVITE) is None
    server.by_stack(INVITE)
    server.stack.refuse_new_calls(5)
    assert server.by_lane(INVITE) is None
    assert server.by_lane(INVITE.replace(b";rport", b";rport;new")) is None
    assert (server.by_stack(INVITE) or b"").startswith(b"SIP/2.0 100 ")


@pytest.mark.parametrize(
    "data",
    [
        typical("INVITE", 2, to_tag="ours"),
        INVITE.replace(b"To: ", b"To : x\r\nTo: "),
        INVITE.replace(b"To: <sip:", b"To: <tel:"),
        INVITE.replace(b"\r\nCSeq: ", b"\r\nCSEQ: "),
        INVITE.replace(b"\r\nCSeq: ", b"\r\nX: "),
        INVITE.replace(b"\r\nFrom: ", b"\r\nFrom:\r\n "),
        INVITE.replace(b"\r\nCall-ID: ", b"\r\nCall-ID: x\nCall-ID: "),
        INVITE.replace(b"branch=z9hG4bK", b"branch="),
        INVITE.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP"),
        INVITE.replace(b" SIP/2.0\r\n", b" SIP/3.0\r\n", 1),
        INVITE.replace(b"INVITE sip", b"INVITE  sip", 1),
        INVITE.replace(b";rport", b";rport=5"),
        INVITE.replace(b";rport", b";RPORT"),
        INVITE.replace(b";rport", b";received=192.0.2.1"),
        INVITE.replace(b";rport", b";rport;branch=z9hG4bKother"),
        INVITE[:200],
        INVITE.replace(b"\r\nMax-", b"\r\nX: y" * 600 + b"\r\nMax-"),
    ],
)
def test_what_is_not_plain_is_left_to_the_stack(data: bytes) -> None:
    assert data != INVITE
    assert Overloaded().by_lane(data) is None


def test_what_came_by_another_transport_than_it_says_is_left_to_the_stack() -> None:
    assert Overloaded().by_lane(INVITE, FLOW._replace(transport="tcp")) is None


def test_while_new_calls_are_taken_none_is_refused() -> None:
    server = Overloaded()
    server.stack.refuse_new_calls(None)
    assert server.by_lane(INVITE) is None


def test_the_ack_to_a_refusal_is_taken_and_every_other_is_left_to_the_stack() -> None:
    server = Overloaded()
    ack = typical("ACK", to_tag=f"{REFUSED_TAG}00000000")
    assert not server.lane.receive(ack, FLOW, EPOCH)
    refusal = parse_message(server.by_lane(INVITE) or b"")
    ack = typical("ACK", to_tag=refusal.to.tag or "")
    server.stack.refuse_new_calls(None)
    assert server.lane.receive(ack, FLOW, EPOCH + 1)
    assert server.lane.take_datagrams() == []
    for other in (
        typical("ACK"),
        typical("ACK", to_tag="ours"),
        typical("ACK", to_tag=f"{refusal.to.tag}x"),
        typical("ACK", to_tag="ours").replace(b";tag=ac1", f";tag={refusal.to.tag}".encode()),
        typical("ACK", to_tag="ours").replace(b"Call-ID: ", f"Call-ID: ;tag={refusal.to.tag}".encode()),
    ):
        assert not server.lane.receive(other, FLOW, EPOCH + 1)
    assert not server.lane.receive(ack, FLOW, EPOCH + TRANSACTION_TIMEOUT + 1)


@pytest.mark.parametrize("by_lane", [True, False])
def test_a_cancel_that_comes_after_a_refusal_has_no_effect_and_gets_200(by_lane: bool) -> None:
    server = Overloaded()
    cancel = typical("INVITE").replace(b"INVITE sip:", b"CANCEL sip:").replace(b"1 INVITE", b"1 CANCEL")
    assert server.by_lane(INVITE) if by_lane else server.by_stack(INVITE)
    assert (server.by_stack(cancel) or b"").startswith(b"SIP/2.0 200 ")
    assert server.stack.take_events() == []


def test_the_stack_answers_the_ack_to_a_refusal_with_nothing_too() -> None:
    server = Overloaded()
    refusal = parse_message(server.by_stack(INVITE) or b"")
    assert (refusal.to.tag or "").startswith(REFUSED_TAG)
    assert server.by_stack(typical("ACK", to_tag=refusal.to.tag or "")) is None
    assert server.stack.take_events() == []


@pytest.mark.parametrize("seed", range(8))
def test_whatever_comes_the_lane_says_what_the_stack_would_say_or_nothing(seed: int) -> None:
    dice = random.Random(seed)
    messages = [each for each in corpus() if each.startswith(b"INVITE ")] + [INVITE] * 5
    sources = (PHONE, ("203.0.113.9", 40000))
    flows = [FLOW._replace(transport=transport, remote=remote) for transport in ("udp", "tcp") for remote in sources]
    server = Overloaded()
    answered = 0
    for _ in range(400):
        data = dice.choice(messages)
        for _ in range(dice.randrange(3)):
            data = spoil(data, dice)
        if not data.startswith(b"INVITE "):
            continue
        flow = dice.choice(flows)
        if flow.transport == "tcp":
            data = data.replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP", 1)
        answer = server.by_lane(data, flow)
        if answer is not None:
            answered += 1
            assert answer == Overloaded().by_stack(data, flow), data
    assert answered > 50
