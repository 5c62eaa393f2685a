"""The short way of REGISTER refreshes: what it answers, the long way through the stack answers alike."""

import itertools
import random
from collections.abc import Callable

import pytest

from sipcore.authenticator import Authenticated, Authenticator
from sipcore.digest import Credentials, Ha1, authorize
from sipcore.events import RequestReceived
from sipcore.flow import Flow
from sipcore.message import Response, parse_message
from sipcore.nonce import NonceBook
from sipcore.refresh_lane import RefreshLane
from sipcore.registrar import Registrar
from sipcore.stack import Stack, StackConfig

REALM = "nordlys.example"
AOR = f"sip:anna@{REALM}"
NOW = 1_700_000_000.0
FLOW = Flow("udp", ("10.0.0.1", 5060), ("203.0.113.9", 40123))
SECRET = Ha1.of("anna", REALM, "hemmelig")


class Server:
    """A registrar with or without the lane."""

    def __init__(self, *, lane: bool = True) -> None:
        numbers = itertools.count()
        token: Callable[[], str] = lambda: f"token{next(numbers)}"  # noqa: E731
        self.secrets = {"anna": SECRET}
        self.stack = Stack(StackConfig(), token)
        self.registrar = Registrar()
        self.authenticator = Authenticator(
            lambda name, realm: self.secrets.get(name), NonceBook(b"key", NOW, lifetime=300.0)
        )
        self.lane = RefreshLane(self.registrar, self.authenticator, token)
        self._uses_lane = lane
        self.answered_on = FLOW
        """Where the stack's last answer went."""

    def serve(self, data: bytes, now: float, flow: Flow = FLOW) -> bytes:
        if self._uses_lane and self.lane.receive(data, flow, now):
            (answer,) = self.lane.take_datagrams()
            assert answer.flow == flow
            return answer.data
        self.stack.receive(data, flow, now)
        for event in self.stack.take_events():
            assert isinstance(event, RequestReceived)
            outcome = self.authenticator.check(event.request, REALM, now, source=flow.remote[0])
            if isinstance(outcome, Authenticated):
                response = self.registrar.register(event.request, flow, AOR, now)
                if response.status == 200:
                    self.lane.learn(event.request, flow, outcome, AOR, now)
            else:
                response = outcome.response(event.request)
            self.stack.respond(event.transaction, response, now)
        sent = self.stack.take_datagrams()
        if sent:
            self.answered_on = sent[0].flow
        return sent[0].data if sent else b""


class Phone:
    def __init__(self, contact: str = "<sip:anna@192.168.1.5:5060>", call_id: str = "call1") -> None:
        self.challenge = ""
        self.count = itertools.count(1)
        self.cseq = itertools.count(1)
        self.branch = itertools.count()
        self.contact = contact
        self.call_id = call_id
        self.password = "hemmelig"
        self.expires = 3600

    def register(self, *, cseq: int | None = None, nc: int | None = None, cnonce: str = "abc") -> bytes:
        branch = f"z9hG4bK{self.call_id}{next(self.branch)}"
        authorization = ""
        if self.challenge:
            credentials = Credentials("anna", self.password)
            number = next(self.count) if nc is None else nc
            value = authorize(self.challenge, credentials, "REGISTER", f"sip:{REALM}", number, cnonce)
            authorization = f"Authorization: {value}\r\n"
        return (
            f"REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.5:5060;branch={branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <{AOR}>;tag={branch}\r\nTo: <{AOR}>\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {next(self.cseq) if cseq is None else cseq} REGISTER\r\nContact: {self.contact}\r\n{authorization}"
            f"Expires: {self.expires}\r\nUser-Agent: Phone 1.0\r\nContent-Length: 0\r\n\r\n"
        ).encode()

    def take_challenge(self, answer: bytes, algorithm: str = "SHA-256") -> None:
        response = parse_message(answer)
        self.challenge = next(value for value in response.headers("WWW-Authenticate") if algorithm in value)
        self.count = itertools.count(1)


def admitted(server: Server, phone: Phone | None = None, now: float = NOW) -> Phone:
    """A phone that has registered through the stack."""
    phone = phone or Phone()
    phone.take_challenge(server.serve(phone.register(), now))
    assert status(server.serve(phone.register(), now)) == 200
    return phone


def status(answer: bytes) -> int:
    response = parse_message(answer)
    assert isinstance(response, Response)
    return response.status


def without_to(answer: bytes) -> list[bytes]:
    return [line for line in answer.split(b"\r\n") if not line.startswith(b"To:")]


@pytest.mark.parametrize("algorithm", ["SHA-256", "algorithm=MD5"])
def test_a_refresh_is_answered_as_the_stack_answers_it(algorithm: str) -> None:
    servers = Server(lane=True), Server(lane=False)
    phone = Phone()
    answers = [server.serve(phone.register(cseq=1), NOW) for server in servers]
    phone.take_challenge(answers[0], algorithm)  # both books issue the same nonce
    first = phone.register(cseq=2)
    for server in servers:
        server.serve(first, NOW)
    refresh = phone.register(cseq=3)
    short, long = (server.serve(refresh, NOW + 100) for server in servers)
    assert servers[0].lane.answered == 1
    assert without_to(short) == without_to(long)
    assert parse_message(short).to.tag is not None
    assert servers[0].registrar.bindings(AOR) == servers[1].registrar.bindings(AOR)
    assert [c.kind for c in servers[0].registrar.take_changes()] == ["added", "refreshed"]


def test_a_phone_that_sends_from_another_port_than_it_hears_on_is_answered_where_it_hears() -> None:
    server, phone = Server(), Phone()
    flow = Flow("udp", FLOW.local, ("192.168.1.5", 40123))
    for _ in range(4):
        register = phone.register().replace(b";rport", b"")
        taken = server.lane.receive(register, flow, NOW)
        if not taken:
            answer = server.serve(register, NOW, flow)
            if status(answer) == 401:
                phone.take_challenge(answer)
        assert not taken
        assert server.answered_on.remote == ("192.168.1.5", 5060)


def test_every_further_refresh_takes_the_short_way() -> None:
    server = Server()
    phone = admitted(server)
    for turn in range(1, 50):
        assert status(server.serve(phone.register(cnonce=f"c{turn}"), NOW + turn)) == 200
    assert server.lane.answered == 49
    assert server.registrar.bindings(AOR)[0].expires_at == NOW + 49 + 3600
    server.registrar.advance(NOW + 3649)
    assert server.registrar.bindings(AOR) == ()


def test_a_retransmission_gets_the_same_answer_and_changes_nothing() -> None:
    server = Server()
    phone = admitted(server)
    refresh = phone.register()
    answer = server.serve(refresh, NOW + 10)
    server.registrar.take_changes()
    assert server.serve(refresh, NOW + 10.5) == answer
    assert server.registrar.take_changes() == []


def test_a_replay_is_left_to_the_stack_and_challenged() -> None:
    server = Server()
    phone = admitted(server)
    assert status(server.serve(phone.register(nc=2), NOW)) == 200
    answer = server.serve(phone.register(nc=2), NOW + 1)
    assert status(answer) == 401
    assert b"stale=true" in answer


def test_a_wrong_password_is_left_to_the_stack_and_counted() -> None:
    server = Server()
    phone = admitted(server)
    phone.password = "wrong"
    for _ in range(10):
        assert status(server.serve(phone.register(), NOW)) == 401
    assert status(server.serve(phone.register(), NOW)) == 403
    assert server.lane.answered == 0


def test_an_old_nonce_is_challenged_and_the_new_one_takes_the_short_way_again() -> None:
    server = Server()
    phone = admitted(server)
    answer = server.serve(phone.register(), NOW + 400)
    assert b"stale=true" in answer
    phone.take_challenge(answer)
    assert status(server.serve(phone.register(), NOW + 400)) == 200
    assert server.lane.answered == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((b"Expires: 3600", b"Expires: 0"), 200),
        ((b"Contact: <sip:anna@192.168.1.5:5060>", b"Contact: <sip:anna@192.168.1.6:5060>"), 200),
        ((b"Contact: <sip:anna@192.168.1.5:5060>", b"Contact: *"), 400),
        ((b"User-Agent: Phone 1.0", b"User-Agent: Phone 2.0"), 200),
        ((b"User-Agent: Phone 1.0", b"Require: magic"), 420),
        ((b"REGISTER sip:nordlys.example SIP", b"REGISTER sip:nordlys.example SIP"), 200),
        ((b"CSeq: 3", b"CSeq: 2"), 500),
        ((b"branch=", b"branch=@@"), 200),
    ],
)
def test_what_differs_in_anything_else_is_left_to_the_stack(change: tuple[bytes, bytes], expected: int) -> None:
    server = Server()
    phone = admitted(server)
    altered = phone.register().replace(*change)
    assert status(server.serve(altered, NOW + 1)) == expected
    assert server.lane.answered == (1 if change[0] == change[1] else 0)


def test_the_same_request_from_elsewhere_is_left_to_the_stack() -> None:
    server = Server()
    phone = admitted(server)
    moved = FLOW._replace(remote=("203.0.113.9", 40999))
    assert status(server.serve(phone.register(), NOW, moved)) == 200
    assert server.lane.answered == 0
    assert server.registrar.bindings(AOR)[0].flow == moved
    assert status(server.serve(phone.register(), NOW + 1, moved)) == 200
    assert server.lane.answered == 1


def test_a_binding_that_is_gone_is_made_anew_by_the_stack() -> None:
    server = Server()
    phone = admitted(server)
    server.registrar.remove(server.registrar.bindings(AOR)[0])
    assert status(server.serve(phone.register(), NOW)) == 200
    assert server.lane.answered == 0
    assert len(server.registrar.bindings(AOR)) == 1


def test_an_account_that_is_gone_is_not_let_in() -> None:
    server = Server()
    phone = admitted(server)
    server.secrets.clear()
    assert status(server.serve(phone.register(), NOW)) == 401


@pytest.mark.parametrize("end", [b"\r\nCall-ID: ", b"\r\nCall-ID: call1", b"\r\n\r\n", b""])
def test_what_stops_before_its_end_is_left_to_the_stack(end: bytes) -> None:
    assert not Server().lane.receive(b"REGISTER sip:nordlys.example SIP/2.0" + end, FLOW, NOW)


def test_after_forget_the_stacks_user_decides_anew() -> None:
    server = Server()
    phone = admitted(server)
    server.lane.forget()
    assert status(server.serve(phone.register(), NOW)) == 200
    assert server.lane.answered == 0


def test_all_phones_of_an_address_are_told() -> None:
    server = Server()
    one = admitted(server)
    two = admitted(server, Phone("<sip:anna@192.168.1.7:5060>", "call2"))
    for phone in (one, two):
        response = parse_message(server.serve(phone.register(), NOW + 10))
        assert sorted(contact.uri.aor for contact in response.contacts) == [
            "sip:anna@192.168.1.5",
            "sip:anna@192.168.1.7",
        ]
    assert server.lane.answered == 2
    assert len(server.registrar.bindings(AOR)) == 2


def test_no_mutation_gets_in_that_the_stack_would_refuse() -> None:
    """Bytes of a known request are changed at random: the lane never raises, and answers nothing but what is sound."""
    dice = random.Random(7)
    server = Server()
    phone = admitted(server)
    answered = 0
    for _ in range(4000):
        data = bytearray(phone.register())
        for _ in range(dice.choice((1, 1, 2, 5))):
            place = dice.randrange(len(data))
            match dice.randrange(3):
                case 0:
                    data[place] = dice.randrange(256)
                case 1:
                    del data[place]
                case _:
                    data.insert(place, dice.choice(b'\r\n";,=<> \\aZ0\xff'))
        book = NonceBook(b"key", NOW, lifetime=300.0)
        judge = Authenticator(lambda name, realm: SECRET if name == "anna" else None, book)
        if server.lane.receive(bytes(data), FLOW, NOW + 1):
            answered += 1
            request = parse_message(bytes(data))
            assert isinstance(judge.check(request, REALM, NOW + 1), Authenticated)  # type: ignore[arg-type]
            assert str(request.contacts[0].uri) == "sip:anna@192.168.1.5:5060"
            assert request.to.uri.aor == AOR
            assert status(server.lane.take_datagrams()[0].data) == 200
    assert 0 < answered < 2000
