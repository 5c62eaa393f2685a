"""The short way of refreshes of subscriptions: what it answers, the long way through the stack answers alike."""

import random
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

import pytest

from lampfield.presence.fresh_view import FreshView
from presence_pidf.document import Document
from sipcore.authenticator import Authenticated, Authenticator
from sipcore.digest import Credentials, Ha1, authorize
from sipcore.events import RequestReceived
from sipcore.flow import Datagram, Flow
from sipcore.message import Request, Response, parse_message
from sipcore.nonce import NonceBook
from sipcore.notifier import Notifier, NotifierConfig
from sipcore.notify_view import View
from sipcore.registrar import Registrar
from sipcore.stack import Stack, StackConfig
from sipcore.subscribe_lane import SubscribeLane
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord
from tests.support.notice_board import NoticeBoard

REALM = "nordlys.example"
RESOURCE = f"sip:anna@{REALM}"
BO = f"sip:bo@{REALM}"
NOW = 1_700_000_000.0
SERVER = ("10.0.0.1", 5060)
FLOW = Flow("udp", SERVER, ("203.0.113.9", 40123))
SECRET = Ha1.of("bo", REALM, "hemmelig")


class Board(NoticeBoard):
    """With `views`, each watcher is told what is new to it alone."""

    views = False

    def view(self, record: SubscriptionRecord) -> View | None:
        return FreshView(record, lambda: Document("text/plain", b"")) if self.views else None


class Outcome(NamedTuple):
    """What a message has brought about."""

    sent: list[Datagram]
    changes: Sequence[SubscriptionRecord | SubscriptionEnded]

    @property
    def answer(self) -> Response:
        response = parse_message(self.sent[0].data)
        assert isinstance(response, Response)
        return response


class Server:
    """A notifier with or without the lane, which asks for passwords or does not."""

    def __init__(self, *, lane: bool = True, asks: bool = True) -> None:
        ids, tags = count(), count()
        self.secrets = {"bo": SECRET}
        self.stack = Stack(StackConfig(), lambda: f"id{next(ids)}")
        self.board = Board()
        self.notifier = Notifier(lambda: f"tag{next(tags)}", [self.board], NotifierConfig())
        book = NonceBook(b"key", NOW, lifetime=300.0)
        self.authenticator = Authenticator(lambda name, realm: self.secrets.get(name), book)
        self.registrar = Registrar()
        self.lane = SubscribeLane(self.notifier, self.authenticator, self.registrar)
        self._uses_lane = lane
        self._asks = asks

    def serve(self, data: bytes, now: float = NOW, flow: Flow = FLOW) -> Outcome:
        sent: list[Datagram] = []
        if self._uses_lane and self.lane.receive(data, flow, now):
            sent += self.lane.take_datagrams()
        else:
            self.stack.receive(data, flow, now)
            for event in self.stack.take_events():
                assert isinstance(event, RequestReceived)
                self.stack.respond(event.transaction, self._respond(event, flow, now), now)
            sent += self.stack.take_datagrams()
        notifies = self.notifier.take_datagrams()
        for notify in notifies:
            head = notify.data.partition(b"\r\n\r\n")[0].split(b"\r\n")
            kept = [line for line in head if line.startswith((b"Via:", b"From:", b"To:", b"Call-ID:", b"CSeq:"))]
            self.notifier.receive_response(b"\r\n".join((b"SIP/2.0 200 OK", *kept, b"", b"")), now)
        return Outcome(sent + notifies, self.notifier.take_changes())

    def _respond(self, event: RequestReceived, flow: Flow, now: float) -> Response:
        request, proved = event.request, None
        if self._asks:
            outcome = self.authenticator.check(request, REALM, now, source=flow.remote[0])
            if not isinstance(outcome, Authenticated):
                return outcome.response(request)
            proved = outcome
        stream = None if flow.reliable else self.registrar.connection(BO, flow)
        response = self.notifier.subscribe(request, flow, now, resource=RESOURCE, watcher=BO, stream=stream)
        if response.status == 200 and request.to.tag is not None:
            self.lane.learn(request, flow, proved, response.expires or 0, now)
        return response


class Phone:
    def __init__(self) -> None:
        self.challenge = ""
        self.nc = count(1)
        self.cseq = count(1)
        self.branches = random.Random(3)
        self.to = f"<{RESOURCE}>"
        self.target = RESOURCE
        self.password = "hemmelig"
        self.via = "SIP/2.0/UDP 192.168.1.5:5060;branch={};rport"
        self.expires = 600
        self.nonces = count(1)

    def subscribe(self, *, nc: int | None = None, branch: str | None = None) -> bytes:
        authorization = ""
        if self.challenge:
            credentials = Credentials("bo", self.password)
            number = next(self.nc) if nc is None else nc
            cnonce = f"c{next(self.nonces)}"
            value = authorize(self.challenge, credentials, "SUBSCRIBE", self.target, number, cnonce)
            authorization = f"Authorization: {value}\r\n"
        branch = branch or f"z9hG4bK{self.branches.randrange(2**64):016x}"
        return (
            f"SUBSCRIBE {self.target} SIP/2.0\r\nVia: {self.via.format(branch)}\r\n"
            f"Max-Forwards: 70\r\nFrom: <{BO}>;tag=b\r\nTo: {self.to}\r\nCall-ID: call-bo\r\n"
            f"CSeq: {next(self.cseq)} SUBSCRIBE\r\nContact: <sip:bo@192.168.1.5:5060>\r\n{authorization}"
            f"Event: board\r\nExpires: {self.expires}\r\nUser-Agent: Phone 1.0\r\nContent-Length: 0\r\n\r\n"
        ).encode()

    def take(self, outcome: Outcome) -> None:
        """Learn the nonce or the dialog from the answer."""
        answer = outcome.answer
        if answer.status == 401:
            self.challenge = next(value for value in answer.headers("WWW-Authenticate") if "SHA-256" in value)
            self.nc = count(1)
        elif answer.status == 200:
            self.to, self.target = answer.header("To") or "", str(answer.contacts[0].uri)


def admitted(*servers: Server, asks: bool = True) -> Phone:
    """A phone that has subscribed, and refreshed its subscription once, through the stack."""
    phone = Phone()
    for _ in range(3 if asks else 2):
        data = phone.subscribe()
        for outcome in [server.serve(data) for server in servers][:1]:
            phone.take(outcome)
    return phone


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("via", ["", ";alias"])
def test_a_refresh_is_answered_and_told_as_by_the_stack(asks: bool, via: str) -> None:
    short, long = Server(asks=asks), Server(lane=False, asks=asks)
    phone = Phone()
    phone.via += via
    for turn in range(10):
        data = phone.subscribe()
        outcomes = [server.serve(data, NOW + turn) for server in (short, long)]
        assert outcomes[0] == outcomes[1]
        phone.take(outcomes[0])
    assert outcomes[0].answer.status == 200
    assert short.lane.answered == (7 if asks else 8)
    assert len(outcomes[0].sent) == 2


def test_a_subscription_that_is_refreshed_goes_on_and_ends_when_it_is_not_any_more() -> None:
    server = Server()
    phone = admitted(server)
    for turn in range(1, 5):
        assert server.serve(phone.subscribe(), NOW + 50 * turn).answer.status == 200
    assert server.lane.answered == 4
    server.notifier.advance(NOW + 799)
    assert server.notifier.count == 1
    server.notifier.advance(NOW + 802)
    assert server.notifier.count == 0
    assert server.serve(phone.subscribe(), NOW + 299).answer.status == 481


def test_a_retransmission_gets_the_same_answer_and_tells_nobody() -> None:
    server = Server()
    phone = admitted(server)
    refresh = phone.subscribe()
    first = server.serve(refresh, NOW + 10)
    again = server.serve(refresh, NOW + 10.5)
    assert again.sent == first.sent[:1]
    assert list(again.changes) == []


def test_a_replay_is_left_to_the_stack_and_challenged() -> None:
    server = Server()
    phone = admitted(server)
    assert server.serve(phone.subscribe(nc=7)).answer.status == 200
    assert server.serve(phone.subscribe(nc=7), NOW + 1).answer.status == 401


def test_a_wrong_password_is_left_to_the_stack_and_counted() -> None:
    server = Server()
    phone = admitted(server)
    phone.password = "wrong"
    statuses = [server.serve(phone.subscribe()).answer.status for _ in range(11)]
    assert statuses == [401] * 10 + [403]
    assert server.lane.answered == 0


def test_an_old_nonce_is_challenged_and_the_new_one_takes_the_short_way_again() -> None:
    server = Server()
    phone = admitted(server)
    for _ in range(3):
        phone.take(server.serve(phone.subscribe(), NOW + 400))
    assert server.lane.answered == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ((b"Expires: 600", b"Expires: 0"), 200),
        ((b"Expires: 600", b"Expires: 10"), 423),
        ((b"Contact: <sip:bo@192.168.1.5", b"Contact: <sip:bo@192.168.1.6"), 200),
        ((b"User-Agent: Phone 1.0", b"User-Agent: Phone 2.0"), 200),
        ((b"User-Agent: Phone 1.0", b"Require: magic"), 420),
        ((b"Event: board", b"Event: weather"), 489),
        ((b"Call-ID: call-bo", b"Call-ID: call-by"), 481),
        ((b";tag=b\r", b";tag=c\r"), 481),
        ((b";tag=tag0", b";tag=tag9"), 481),
        ((b"CSeq: 4", b"CSeq: 2"), 500),
        ((b"Content-Length: 0\r\n\r\n", b"Content-Length: 2\r\nContent-Type: text/plain\r\n\r\nhi"), 200),
        ((b"branch=", b"branch=@@"), 200),
        ((b"branch=", b"received=1.2.3.4;branch="), 200),
    ],
)
def test_what_differs_in_anything_else_is_left_to_the_stack(change: tuple[bytes, bytes], status: int) -> None:
    servers = Server(), Server(lane=False)
    phone = admitted(*servers)
    altered = phone.subscribe().replace(*change)
    short, long = (server.serve(altered, NOW + 1) for server in servers)
    assert short == long
    assert short.answer.status == status
    assert servers[0].lane.answered == 0


def test_the_same_request_from_elsewhere_is_left_to_the_stack() -> None:
    server = Server()
    phone = admitted(server)
    moved = FLOW._replace(remote=("203.0.113.9", 40999))
    assert [datagram.flow for datagram in server.serve(phone.subscribe(), NOW, moved).sent] == [moved, moved]
    assert server.lane.answered == 0
    assert server.serve(phone.subscribe(), NOW + 1, moved).answer.status == 200
    assert server.lane.answered == 1


def test_a_connection_that_the_phone_has_opened_since_is_taken_for_large_documents() -> None:
    server = Server()
    server.board.texts[RESOURCE] = "x" * 2000
    phone = admitted(server)
    assert server.serve(phone.subscribe()).sent[1].flow == FLOW
    connection = Flow("tcp", SERVER, ("203.0.113.9", 50000))
    register = parse_message(
        f"REGISTER sip:{REALM} SIP/2.0\r\nVia: SIP/2.0/TCP 192.168.1.5:5060;branch=z9hG4bKr;rport\r\n"
        f"From: <{BO}>;tag=r\r\nTo: <{BO}>\r\nCall-ID: register-bo\r\nCSeq: 1 REGISTER\r\n"
        "Contact: <sip:bo@192.168.1.5:5060;transport=tcp>\r\nContent-Length: 0\r\n\r\n".encode()
    )
    assert isinstance(register, Request)
    server.registrar.register(register, connection, BO, NOW)
    assert server.serve(phone.subscribe()).sent[1].flow == connection
    assert server.lane.answered == 2


def test_who_is_told_what_is_new_to_them_alone_is_left_to_the_stack() -> None:
    server = Server()
    server.board.views = True
    phone = admitted(server)
    assert server.serve(phone.subscribe()).answer.status == 200
    assert server.lane.answered == 0


def test_an_account_that_is_gone_is_not_let_in() -> None:
    server = Server()
    phone = admitted(server)
    server.secrets.clear()
    assert server.serve(phone.subscribe()).answer.status == 401


@pytest.mark.parametrize("end", [b"\r\nTo: ", b"\r\nTo: <sip:a@b>;tag=tag0", b"\r\nTo: ;tag=\r\n", b"\r\n\r\n", b""])
def test_what_stops_before_its_end_is_left_to_the_stack(end: bytes) -> None:
    assert not Server().lane.receive(b"SUBSCRIBE sip:anna@nordlys.example SIP/2.0" + end, FLOW, NOW)


def test_after_forget_the_stacks_user_decides_anew() -> None:
    server = Server()
    phone = admitted(server)
    server.lane.forget()
    assert server.serve(phone.subscribe()).answer.status == 200
    assert server.lane.answered == 0


def mutated(data: bytes, dice: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 5))):
        near = changed.find(dice.choice((b";branch=", b"\nCSeq: ", b" nc=", b"Authorization", b"Call-ID", b"; r")))
        place = min(near + dice.randrange(30), len(changed) - 1) if near > 0 else dice.randrange(len(changed))
        match dice.randrange(3):
            case 0:
                changed[place] = dice.randrange(256)
            case 1:
                del changed[place]
            case _:
                changed.insert(place, dice.choice(b'\r\n";,=<> \\aZ0\xff'))
    return bytes(changed)


@pytest.mark.parametrize("asks", [True, False])
def test_no_mutation_makes_a_difference(asks: bool) -> None:
    """Bytes of a known request are changed at random: with the lane all goes as without it."""
    dice = random.Random(7)
    answered = {True: 0, False: 0}
    for _ in range(120):
        short, long = Server(asks=asks), Server(lane=False, asks=asks)
        phone = admitted(short, long, asks=asks)
        for turn, sound in enumerate((True, False, True, True, False)):
            data = phone.subscribe() if sound else mutated(phone.subscribe(), dice)
            before = short.lane.answered
            outcomes = [server.serve(data, NOW + turn) for server in (short, long)]
            assert outcomes[0] == outcomes[1], data
            answered[sound] += short.lane.answered - before
    assert answered[True] > 150
    assert answered[False] > 5
