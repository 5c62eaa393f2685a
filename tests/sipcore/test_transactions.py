"""The four transaction machines against RFC 3261 §17 and RFC 6026, row by row and second by second."""

import pytest

from sipcore.answered_requests import Forgetting
from sipcore.answering import response_to
from sipcore.client_invite import CLIENT_INVITE
from sipcore.client_non_invite import CLIENT_NON_INVITE
from sipcore.errors import LocalMisuse
from sipcore.flow import Datagram, Flow
from sipcore.message import CSeq, Request, Response, parse_message
from sipcore.server_invite import SERVER_INVITE
from sipcore.server_non_invite import SERVER_NON_INVITE
from sipcore.timers import TimerWheel
from sipcore.transaction import Input, Machine, State, Transaction
from sipcore.transaction_layer import (
    AckArrived,
    Indication,
    RequestArrived,
    ResponseArrived,
    TransactionFailed,
    TransactionLayer,
)
from tests.support.link import EPOCH, tokens

UDP = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))
TCP = UDP._replace(transport="tcp")


class Bench:
    """A transaction layer alone, with virtual time."""

    def __init__(self, flow: Flow = UDP) -> None:
        self.flow = flow
        self.now = EPOCH
        self.timers = TimerWheel()
        self.out: list[Datagram] = []
        self.layer = TransactionLayer(self.timers, self.out, tokens("t"))
        self.told: list[Indication] = []

    def run(self, until: float) -> list[tuple[float, str]]:
        """Let time pass until so many seconds after the start; what is sent when, by its start line's first word."""
        sent = self.taken()
        while (due := self.timers.next_timeout()) is not None and due <= EPOCH + until:
            self.now = due
            for timer in self.timers.expired(due):
                assert isinstance(timer.owner, Transaction | Forgetting)
                self.tell(self.layer.timeout(timer, timer.owner, due))
            sent += self.taken()
        self.now = EPOCH + until
        return sent

    def taken(self) -> list[tuple[float, str]]:
        sent = [(round(self.now - EPOCH, 2), first_word(datagram.data)) for datagram in self.out]
        self.out.clear()
        return sent

    def tell(self, indication: Indication | None) -> None:
        if indication is not None:
            self.told.append(indication)

    def told_now(self) -> list[Indication]:
        told = self.told[:]
        self.told.clear()
        return told

    def send(self, method: str) -> Transaction:
        return self.layer.request(a_request(method), self.flow, "user", self.now)

    def answer(self, transaction: Transaction, status: int, to_tag: str = "bob") -> None:
        """The peer's response to the request of a client transaction."""
        assert transaction.request is not None
        self.tell(self.layer.receive_response(response_to(transaction.request, status, to_tag=to_tag), self.now))

    def receive(self, request: Request) -> None:
        self.tell(self.layer.receive_request(request, self.flow, None, self.now))

    def server(self, method: str) -> Transaction:
        self.receive(a_request(method, "z9hG4bKpeer"))
        told = self.told_now()[0]
        assert isinstance(told, RequestArrived)
        return told.transaction

    def respond(self, transaction: Transaction, status: int) -> None:
        request = a_request("INVITE" if transaction.machine is SERVER_INVITE else "OPTIONS", "z9hG4bKpeer")
        self.layer.respond(transaction, response_to(request, status, to_tag="us"), self.now)


def a_request(method: str, branch: str | None = None) -> Request:
    fields = [("Via", f"SIP/2.0/UDP 192.0.2.2:5060;branch={branch}")] if branch else []
    fields += [
        ("Max-Forwards", "70"),
        ("From", "<sip:alice@192.0.2.1>;tag=alice"),
        ("To", "<sip:bob@192.0.2.2>"),
        ("Call-ID", "call"),
        ("CSeq", f"7 {method}"),
    ]
    return Request(method, "sip:bob@192.0.2.2", fields)


def first_word(data: bytes) -> str:
    message = parse_message(data)
    return str(message.status) if isinstance(message, Response) else message.method


# --- the tables

ALL = (CLIENT_INVITE, CLIENT_NON_INVITE, SERVER_INVITE, SERVER_NON_INVITE)


@pytest.mark.parametrize("machine", ALL, ids=lambda machine: str(machine.name))
def test_every_state_can_be_reached_and_left(machine: Machine) -> None:
    reached = {machine.start.state} | {step.state for step in machine.table.values()}
    left = {state for state, _ in machine.table}
    assert left == reached - {State.TERMINATED}
    assert State.TERMINATED in reached


@pytest.mark.parametrize("machine", ALL, ids=lambda machine: str(machine.name))
def test_every_timer_that_a_row_starts_has_a_row_in_the_state_it_starts_in(machine: Machine) -> None:
    for step in (machine.start, *machine.table.values()):
        for do in step.actions:
            verb, _, letter = do.value.partition(" ")
            if verb in ("start", "repeat"):
                assert (step.state, Input(letter[0])) in machine.table, (step, do)


# --- INVITE client


def test_an_unanswered_invite_is_sent_seven_times_then_times_out() -> None:
    bench = Bench()
    bench.send("INVITE")
    sent = bench.run(40)
    assert sent == [(at, "INVITE") for at in (0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5)]
    assert bench.told_now() == [TransactionFailed("user", 408)]
    assert bench.layer.client_count == 0


def test_an_invite_over_a_reliable_transport_is_sent_once_and_times_out_too() -> None:
    bench = Bench(TCP)
    bench.send("INVITE")
    assert bench.run(40) == [(0.0, "INVITE")]
    assert bench.told_now() == [TransactionFailed("user", 408)]


def test_a_provisional_response_ends_retransmission_and_timer_b() -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    bench.run(1)
    bench.answer(invite, 100)
    assert bench.run(600) == []
    assert invite.state is State.PROCEEDING
    (told,) = bench.told_now()
    assert isinstance(told, ResponseArrived)
    assert told.user == "user"


def test_each_provisional_response_is_passed_up() -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    for status in (100, 180, 180, 183):
        bench.answer(invite, status)
    assert len(bench.told_now()) == 4


@pytest.mark.parametrize("first", [None, 180])
def test_a_refusal_is_acknowledged_each_time_and_passed_up_once(first: int | None) -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    if first:
        bench.answer(invite, first)
    bench.told_now()
    bench.out.clear()
    for _ in range(3):
        bench.answer(invite, 486)
    assert bench.taken() == [(0.0, "ACK")] * 3
    assert len(bench.told_now()) == 1
    assert bench.run(31.9) == []
    assert bench.layer.client_count == 1
    bench.run(32.1)
    assert bench.layer.client_count == 0
    assert bench.told_now() == []


def test_the_ack_for_a_refusal_has_the_invites_branch_and_routes_and_the_responses_to() -> None:
    bench = Bench()
    request = a_request("INVITE")
    request.add("Route", "<sip:proxy.example;lr>, <sip:other.example;lr>")
    invite = bench.layer.request(request, UDP, None, bench.now)
    bench.out.clear()
    bench.answer(invite, 404, to_tag="their-tag")
    ack = parse_message(bench.out[0].data)
    assert isinstance(ack, Request)
    assert (ack.method, ack.uri) == ("ACK", "sip:bob@192.0.2.2")
    assert [str(via) for via in ack.vias] == [str(request.via)]
    assert ack.cseq == CSeq(7, "ACK")
    assert ack.to.tag == "their-tag"
    assert ack.from_.tag == "alice"
    assert ack.headers("Route") == ["<sip:proxy.example;lr>", "<sip:other.example;lr>"]


def test_over_a_reliable_transport_a_refused_invite_is_over_at_once() -> None:
    bench = Bench(TCP)
    invite = bench.send("INVITE")
    bench.answer(invite, 486)
    assert bench.layer.client_count == 0
    assert len(bench.told_now()) == 1


def test_every_2xx_is_passed_up_until_timer_m_and_none_is_acknowledged_here() -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    bench.out.clear()
    bench.answer(invite, 200, "one fork")
    bench.answer(invite, 200, "one fork")
    bench.answer(invite, 200, "another")
    assert len(bench.told_now()) == 3
    assert bench.run(31.9) == []
    assert bench.told_now() == []
    bench.run(32.1)
    assert bench.told_now() == []
    assert bench.layer.client_count == 0


def test_a_refusal_after_a_2xx_is_ignored() -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    bench.answer(invite, 200)
    bench.told_now()
    bench.answer(invite, 486)
    bench.answer(invite, 180)
    assert bench.told_now() == []
    assert invite.state is State.ACCEPTED


@pytest.mark.parametrize(("flow", "heard"), [(UDP, None), (TCP, None), (TCP, 180)])
def test_a_failed_transport_ends_an_invite_that_is_not_answered(flow: Flow, heard: int | None) -> None:
    bench = Bench(flow)
    invite = bench.send("INVITE")
    if heard:
        bench.answer(invite, heard)
    bench.told_now()
    assert list(bench.layer.transport_failed(flow, bench.now)) == [TransactionFailed("user", 503)]
    assert bench.run(100)[1:] == []
    assert bench.layer.client_count == 0


def test_over_udp_a_refused_datagram_does_not_end_an_invite_that_rings() -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    bench.answer(invite, 180)
    assert list(bench.layer.transport_failed(UDP, bench.now)) == []
    assert invite.state is State.PROCEEDING


def test_a_cancelled_invite_without_final_response_times_out_64_t1_after_the_cancel() -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    bench.answer(invite, 180)
    bench.run(10)
    bench.told_now()
    bench.layer.cancel(invite, None, bench.now)
    bench.run(41.9)
    assert bench.told_now() == []
    bench.run(42.1)
    assert TransactionFailed("user", 408) in bench.told_now()


def test_cancel_is_the_invite_with_another_method_in_a_transaction_of_its_own() -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    bench.answer(invite, 180)
    bench.out.clear()
    bench.layer.cancel(invite, "SIP;cause=200", bench.now)
    cancel = parse_message(bench.out[0].data)
    assert isinstance(cancel, Request)
    assert invite.request is not None
    assert (cancel.method, cancel.uri, cancel.cseq) == ("CANCEL", invite.request.uri, CSeq(7, "CANCEL"))
    assert len(cancel.vias) == 1
    assert cancel.via.branch == invite.request.via.branch
    assert cancel.header("To") == invite.request.header("To")
    assert cancel.header("Reason") == "SIP;cause=200"
    assert not cancel.has("Require")
    bench.tell(bench.layer.receive_response(response_to(cancel, 200), bench.now))
    assert invite.state is State.PROCEEDING


# --- non-INVITE client


def test_an_unanswered_request_is_sent_eleven_times_then_times_out() -> None:
    bench = Bench()
    bench.send("OPTIONS")
    sent = bench.run(40)
    assert sent == [(at, "OPTIONS") for at in (0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)]
    assert bench.told_now() == [TransactionFailed("user", 408)]
    assert bench.layer.client_count == 0


def test_after_a_provisional_response_a_request_is_sent_every_t2_until_timer_f() -> None:
    bench = Bench()
    options = bench.send("OPTIONS")
    bench.run(0.6)
    bench.answer(options, 100)
    bench.told_now()
    sent = bench.run(40)
    assert sent == [(at, "OPTIONS") for at in (1.5, 5.5, 9.5, 13.5, 17.5, 21.5, 25.5, 29.5)]
    assert bench.told_now() == [TransactionFailed("user", 408)]


@pytest.mark.parametrize("status", [200, 301, 404, 503, 603])
def test_a_final_response_is_passed_up_once_and_soaked_up_for_t4(status: int) -> None:
    bench = Bench()
    options = bench.send("OPTIONS")
    bench.out.clear()
    bench.answer(options, status)
    bench.answer(options, status)
    assert len(bench.told_now()) == 1
    assert bench.run(4.9) == []
    assert bench.layer.client_count == 1
    bench.run(5.1)
    assert bench.layer.client_count == 0


def test_over_a_reliable_transport_an_answered_request_is_over_at_once() -> None:
    bench = Bench(TCP)
    options = bench.send("OPTIONS")
    assert bench.run(20) == [(0.0, "OPTIONS")]
    bench.answer(options, 200)
    assert len(bench.told_now()) == 1
    assert bench.layer.client_count == 0
    assert len(bench.timers) == 0


# --- matching responses


def test_a_response_matches_by_branch_and_cseq_method() -> None:
    bench = Bench()
    invite = bench.send("INVITE")
    assert invite.request is not None
    stray = response_to(invite.request, 200)
    stray.set("CSeq", "7 OPTIONS")
    assert bench.layer.receive_response(stray, bench.now) is None
    other = response_to(a_request("INVITE", "z9hG4bKother"), 200)
    assert bench.layer.receive_response(other, bench.now) is None
    assert invite.state is State.CALLING


# --- INVITE server


def test_an_invite_that_comes_again_is_answered_with_the_latest_provisional_response() -> None:
    bench = Bench()
    invite = bench.server("INVITE")
    bench.receive(a_request("INVITE", "z9hG4bKpeer"))
    assert bench.taken() == []
    bench.respond(invite, 100)
    bench.respond(invite, 180)
    bench.receive(a_request("INVITE", "z9hG4bKpeer"))
    assert bench.taken() == [(0.0, "100"), (0.0, "180"), (0.0, "180")]
    assert bench.told_now() == []


def test_a_refusal_is_sent_again_up_to_t2_until_timer_h() -> None:
    bench = Bench()
    transaction = bench.server("INVITE")
    bench.respond(transaction, 180)
    assert bench.taken() == [(0.0, "180")]
    bench.respond(transaction, 486)
    sent = bench.run(60)
    assert sent == [(at, "486") for at in (0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)]
    assert bench.layer.server_count == 0
    assert bench.told_now() == []


@pytest.mark.parametrize("status", [401, 403, 420])
def test_a_refusal_at_once_is_sent_again_only_when_the_invite_comes_again(status: int) -> None:
    # Somebody may have given another's address for the own (RFC 3261 §26.3.2.4).
    bench = Bench()
    bench.respond(bench.server("INVITE"), status)
    bench.run(20)
    bench.receive(a_request("INVITE", "z9hG4bKpeer"))
    assert bench.run(31) == [(20.0, str(status))]
    bench.run(33)
    assert bench.layer.server_count == 0
    assert bench.told_now() == []


def test_the_ack_ends_the_retransmission_of_a_refusal_and_is_not_passed_up() -> None:
    bench = Bench()
    transaction = bench.server("INVITE")
    bench.respond(transaction, 180)
    bench.respond(transaction, 486)
    bench.run(1)
    bench.receive(a_request("ACK", "z9hG4bKpeer"))
    bench.receive(a_request("ACK", "z9hG4bKpeer"))
    assert bench.run(5.9) == []
    assert bench.layer.server_count == 1
    bench.run(6.1)
    assert bench.layer.server_count == 0
    assert bench.told_now() == []


def test_an_invite_that_comes_again_after_the_refusal_is_refused_again() -> None:
    bench = Bench()
    bench.respond(bench.server("INVITE"), 486)
    bench.receive(a_request("INVITE", "z9hG4bKpeer"))
    assert bench.taken() == [(0.0, "486")] * 2


def test_over_a_reliable_transport_a_refusal_is_sent_once_and_over_with_the_ack() -> None:
    bench = Bench(TCP)
    bench.respond(bench.server("INVITE"), 486)
    assert bench.run(20) == [(0.0, "486")]
    bench.receive(a_request("ACK", "z9hG4bKpeer"))
    assert bench.layer.server_count == 0
    assert len(bench.timers) == 0


def test_a_2xx_is_not_sent_again_here_and_a_late_invite_is_absorbed_until_timer_l() -> None:
    bench = Bench()
    invite = bench.server("INVITE")
    bench.respond(invite, 200)
    assert bench.run(31) == [(0.0, "200")]
    bench.receive(a_request("INVITE", "z9hG4bKpeer"))
    assert bench.taken() == []
    assert bench.told_now() == []
    bench.run(32.1)
    assert bench.layer.server_count == 0


def test_an_ack_of_the_same_branch_after_a_2xx_is_passed_up() -> None:
    bench = Bench()
    bench.respond(bench.server("INVITE"), 200)
    bench.receive(a_request("ACK", "z9hG4bKpeer"))
    (told,) = bench.told_now()
    assert isinstance(told, AckArrived)


def test_an_ack_without_transaction_is_passed_up() -> None:
    bench = Bench()
    bench.receive(a_request("ACK", "z9hG4bKnew"))
    (told,) = bench.told_now()
    assert isinstance(told, AckArrived)


def test_a_failed_connection_is_reported_to_who_has_not_answered_yet() -> None:
    bench = Bench(TCP)
    invite = bench.server("INVITE")
    invite.user = "session"
    assert list(bench.layer.transport_failed(TCP, bench.now)) == [TransactionFailed("session", 503)]
    bench.respond(invite, 487)
    assert list(bench.layer.transport_failed(TCP, bench.now)) == []


# --- non-INVITE server


def test_a_request_that_comes_again_is_answered_again_from_the_same_bytes_until_timer_j() -> None:
    bench = Bench()
    options = bench.server("OPTIONS")
    bench.receive(a_request("OPTIONS", "z9hG4bKpeer"))
    assert bench.taken() == []
    bench.respond(options, 200)
    bench.run(31)
    bench.receive(a_request("OPTIONS", "z9hG4bKpeer"))
    assert bench.taken() == [(31.0, "200")]
    assert bench.told_now() == []
    bench.run(32.1)
    assert bench.layer.server_count == 0


def test_a_provisional_response_is_repeated_too() -> None:
    bench = Bench()
    options = bench.server("OPTIONS")
    bench.respond(options, 182)
    bench.receive(a_request("OPTIONS", "z9hG4bKpeer"))
    bench.respond(options, 200)
    assert bench.taken() == [(0.0, "182"), (0.0, "182"), (0.0, "200")]


def test_over_a_reliable_transport_an_answered_request_is_forgotten_at_once() -> None:
    bench = Bench(TCP)
    bench.respond(bench.server("OPTIONS"), 200)
    assert bench.layer.server_count == 0
    assert len(bench.timers) == 0


def test_answering_twice_is_a_bug_of_ours() -> None:
    bench = Bench()
    options = bench.server("OPTIONS")
    bench.respond(options, 200)
    with pytest.raises(LocalMisuse):
        bench.respond(options, 404)


# --- matching requests


def test_sent_by_and_method_are_part_of_the_match() -> None:
    bench = Bench()
    bench.server("OPTIONS")
    other = a_request("OPTIONS", "z9hG4bKpeer")
    other.set("Via", "SIP/2.0/UDP 192.0.2.99:5060;branch=z9hG4bKpeer")
    bench.receive(other)
    bench.receive(a_request("MESSAGE", "z9hG4bKpeer"))
    assert [type(told) for told in bench.told_now()] == [RequestArrived, RequestArrived]


def test_without_magic_cookie_the_fields_of_rfc_2543_decide() -> None:
    bench = Bench()
    bench.receive(a_request("INVITE", "1"))
    (told,) = bench.told_now()
    assert isinstance(told, RequestArrived)
    bench.receive(a_request("INVITE", "1"))
    assert bench.told_now() == []
    for status in (180, 404):
        response = response_to(a_request("INVITE", "1"), status, to_tag="us")
        bench.layer.respond(told.transaction, response, bench.now)
    ack = a_request("ACK", "1")
    ack.set("To", "<sip:bob@192.0.2.2>;tag=us")
    bench.receive(ack)
    assert told.transaction.state is State.CONFIRMED
    again = a_request("INVITE", "1")
    again.set("CSeq", "8 INVITE")
    bench.receive(again)
    assert [type(told) for told in bench.told_now()] == [RequestArrived]


def test_a_cancel_finds_the_invite_it_means() -> None:
    bench = Bench()
    invite = bench.server("INVITE")
    assert bench.layer.cancelled_by(a_request("CANCEL", "z9hG4bKpeer")) is invite
    assert bench.layer.cancelled_by(a_request("CANCEL", "z9hG4bKother")) is None
