"""The short way of PUBLISH answers as the long one does, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lampfield.door import Refused
from lampfield.presence.publish_lane import MOST_ALIKE, PublishLane
from sipcore.digest import Credentials, authorize
from sipcore.flow import Flow
from sipcore.message import Request, Response, parse_message
from sipcore.validation import check_request
from tests.lampfield.presence.test_lamps import ANNA
from tests.lampfield.presence.test_publications import ANNAS_PHONE, PASSWORD, PBX, STRANGER, House
from tests.presence_pidf.test_readers import KAMAILIO, PJSUA

AWAY = PJSUA
BUSY = PJSUA.replace(b"rpid:away", b"rpid:meeting").replace(b"Out for lunch", b"Board")


class Publisher:
    """A server that publishes as bytes; the short way is tried first, as the sockets do."""

    def __init__(self, house: House, lane: PublishLane | None = None, flow: Flow = PBX) -> None:
        self.house = house
        self.flow = flow
        self.lane = lane or PublishLane(house.publications, house.door.authenticator)
        self.number = 0
        self.tag = ""
        self.short = False
        """Whether the last answer came on the short way."""

    def message(self, body: bytes, to: str = ANNA, **change: str) -> bytes:
        self.number += 1
        fields = {
            "Via": f"SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK{self.number};rport",
            "Max-Forwards": "70",
            "From": f"<{to}>;tag=f{self.number}",
            "To": f"<{to}>",
            "Call-ID": f"call-{self.number}",
            "CSeq": f"{self.number} PUBLISH",
            "Event": "presence",
            **({"SIP-If-Match": self.tag} if self.tag else {}),
            "Expires": "600",
            "Content-Type": "application/pidf+xml",
            "Content-Length": str(len(body)),
        }
        fields |= {name.replace("_", "-"): value for name, value in change.items()}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
        return f"PUBLISH {to} SIP/2.0\r\n{head}\r\n".encode() + body

    def send(self, data: bytes) -> Response:
        self.short = self.lane.receive(data, self.flow, self.house.now)
        if self.short:
            self.house.publications.settle()
            (datagram,) = self.lane.take_datagrams()
            assert datagram.flow == self.flow
            response = parse_message(datagram.data)
            assert isinstance(response, Response)
        else:
            request = parse_message(data)
            assert isinstance(request, Request)
            response = self.house.publications.answer(request, self.flow)
        if response.status == 200:
            self.tag = response.header("SIP-ETag") or ""
        return response

    def publish(self, body: bytes, to: str = ANNA, **change: str) -> Response:
        return self.send(self.message(body, to, **change))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.journal.close()


@pytest.fixture
def publisher(house: House) -> Publisher:
    """One whose next change is known."""
    publisher = Publisher(house)
    for body in (AWAY, BUSY):
        assert publisher.publish(body).status == 200
        assert not publisher.short
    return publisher


def test_a_change_like_the_one_before_takes_the_short_way_and_is_shown(house: House, publisher: Publisher) -> None:
    watcher = house.watch("presence")
    for body, note, condition in ((AWAY, "Out for lunch", "away"), (BUSY, "Board", "meeting"), (AWAY, "Out", "away")):
        response = publisher.publish(body)
        assert publisher.short
        assert (response.status, response.header("Expires")) == (200, "600")
        house.deliver()
        assert note.encode() in watcher.received[-1].body
        assert house.anna.condition == condition


def test_who_sends_from_another_port_than_it_hears_on_is_left_to_the_long_way(house: House) -> None:
    host, port = PBX.remote
    publisher = Publisher(house)
    for body in (AWAY, BUSY, AWAY):
        via = f"SIP/2.0/UDP {host}:{port + 1};branch=z9hG4bK{publisher.number}"
        assert publisher.publish(body, Via=via).status == 200
        assert not publisher.short


def test_its_answer_is_that_of_the_long_way(house: House, publisher: Publisher, tmp_path: Path) -> None:
    message = publisher.message(AWAY)
    short = publisher.send(message)
    request = parse_message(message)
    for name in ("From", "Call-ID", "CSeq"):
        assert short.header(name) == request.header(name)
    assert short.header("To") == f"<{ANNA}>;tag={publisher.tag}"
    assert (short.via.branch, short.content_length) == (request.via.branch, 0)


def test_what_was_published_so_outlives_a_restart_with_its_entity_tag(house: House, publisher: Publisher) -> None:
    publisher.publish(AWAY)
    assert publisher.short
    house.restart()
    again = Publisher(house)
    again.tag, again.number = publisher.tag, publisher.number
    assert house.anna.condition == "away"
    assert again.publish(BUSY).status == 200


def test_a_retransmission_is_answered_again_and_changes_nothing(house: House, publisher: Publisher) -> None:
    message = publisher.message(AWAY)
    first = publisher.send(message).to_bytes()
    assert publisher.short
    assert publisher.send(message).to_bytes() == first
    assert publisher.short


@pytest.mark.parametrize("content_type", ["text/plain", "application/dialog-info+xml"])
def test_a_document_of_another_type_is_refused_also_after_a_refresh_like_it(house: House, content_type: str) -> None:
    publisher = Publisher(house)
    publisher.publish(AWAY)
    for _ in range(2):
        assert publisher.publish(b"", Content_Type=content_type).status == 200
    assert publisher.publish(BUSY, Content_Type=content_type).status == 415
    assert not publisher.short
    assert house.anna.condition == "away"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"SIP_If_Match": "nonsense"}, 412),
        ({"Event": "dialog"}, 412),
        ({"Expires": "5"}, 423),
        ({"Expires": "1200"}, 200),
        ({"Content_Type": "text/plain"}, 415),
        ({"User_Agent": "another"}, 200),
        ({"SIP_If_Match": ""}, 200),
    ],
)
def test_whatever_else_differs_is_left_to_the_long_way(
    publisher: Publisher, change: dict[str, str], status: int
) -> None:
    assert publisher.publish(AWAY, **change).status == status
    assert not publisher.short


def test_a_body_that_cannot_be_read_or_is_none_is_left_to_the_long_way(publisher: Publisher) -> None:
    assert publisher.publish(b"<presence").status == 400
    assert not publisher.short
    assert publisher.publish(b"").status == 200
    assert not publisher.short


def test_an_entity_tag_of_another_presentity_is_not_good_here(house: House, publisher: Publisher) -> None:
    bo = Publisher(house, publisher.lane)
    bo.number = 500
    for body in (AWAY, BUSY):
        assert bo.publish(body, "sip:bo@nordlys.example").status == 200
    bo.publish(AWAY, "sip:bo@nordlys.example")
    assert bo.short
    bo.tag = publisher.tag
    assert bo.publish(BUSY, "sip:bo@nordlys.example").status == 412


def test_another_address_does_not_profit_from_what_was_let_in(house: House, publisher: Publisher) -> None:
    assert not publisher.lane.receive(publisher.message(AWAY), STRANGER, house.now)
    assert not publisher.lane.receive(publisher.message(AWAY), ANNAS_PHONE, house.now)


def test_after_a_reload_everybody_is_judged_anew(publisher: Publisher) -> None:
    publisher.lane.forget()
    assert publisher.publish(AWAY).status == 200
    assert not publisher.short
    publisher.publish(BUSY)
    assert publisher.short


def test_a_phone_that_publishes_for_two_packages_takes_the_short_way_for_both(house: House) -> None:
    presence = Publisher(house)
    calls = Publisher(house, presence.lane)
    dialogs = {"Event": "dialog", "Content_Type": "application/dialog-info+xml"}
    for number in range(4):
        assert presence.publish(AWAY if number % 2 else BUSY).status == 200
        assert calls.publish(KAMAILIO.replace(b"ZjMyNGE", b"call%d" % number), **dialogs).status == 200
        assert (presence.short, calls.short) == (number >= 2, number >= 2)
    assert house.anna.condition == "ringing"


def test_however_many_phones_publish_for_one_person_the_last_ones_take_the_short_way(house: House) -> None:
    lane = Publisher(house).lane
    phones = [Publisher(house, lane, Flow("udp", PBX.local, (PBX.remote[0], port))) for port in range(6000, 6012)]
    for phone in phones:
        for body in (AWAY, BUSY):
            phone.publish(body)
    for phone in reversed(phones):
        phone.publish(AWAY)
    assert [phone.short for phone in phones] == [False] * 4 + [True] * MOST_ALIKE


def test_a_tag_of_from_with_something_behind_it_is_left_to_the_long_way(house: House) -> None:
    publisher = Publisher(house)
    for body in (AWAY, BUSY, AWAY):
        number = publisher.number + 1
        assert publisher.publish(body, From=f"<{ANNA}>;tag=f{number};day=monday").status == 200
        assert not publisher.short


def test_what_takes_the_short_way_could_take_the_long_one_whichever_byte_of_its_head_is_another(
    house: House, publisher: Publisher
) -> None:
    taken = 0
    for place in range(publisher.message(AWAY).index(b"\r\n\r\n")):
        for byte in b" ;\r\n,7":
            data = bytearray(publisher.message(AWAY))
            data[place] = byte
            if not publisher.lane.receive(bytes(data), publisher.flow, house.now):
                continue
            taken += 1
            (datagram,) = publisher.lane.take_datagrams()
            response, request = parse_message(datagram.data), parse_message(bytes(data))
            assert isinstance(response, Response)
            assert isinstance(request, Request)
            check_request(request)
            for name in ("From", "Call-ID", "CSeq"):
                assert response.header(name) == request.header(name)
            assert (response.via.branch, len(request.body)) == (request.via.branch, request.content_length)
            publisher.tag = response.header("SIP-ETag") or ""
    assert taken > 20


def test_of_changes_that_come_together_the_last_is_told(house: House, publisher: Publisher) -> None:
    watcher = house.watch("presence")
    told = len(watcher.received)
    for body in (AWAY, BUSY.replace(b"Board", b"Board meeting")):
        assert publisher.lane.receive(publisher.message(body), publisher.flow, house.now)
        response = parse_message(publisher.lane.take_datagrams()[0].data)
        publisher.tag = response.header("SIP-ETag") or ""
    house.publications.settle()
    house.deliver()
    assert len(watcher.received) == told + 1
    assert b"Board meeting" in watcher.received[-1].body


def test_a_change_is_kept_once_it_is_settled(house: House, publisher: Publisher) -> None:
    assert publisher.lane.receive(publisher.message(AWAY), publisher.flow, house.now)
    house.publications.settle()
    house.restart()
    assert house.anna.condition == "away"


class Phone(Publisher):
    """One that is asked for its password, and proves that it has it."""

    def __init__(self, house: House) -> None:
        super().__init__(house, flow=ANNAS_PHONE)
        self.challenge = ""
        self.count = 0
        self.password = PASSWORD

    def publish(self, body: bytes, to: str = ANNA, **change: str) -> Response:
        try:
            return super().publish(body, to, **self.proof(to), **change)
        except Refused as refused:
            self.challenge, self.count = dict(refused.fields).get("WWW-Authenticate", ""), 0
            return Response(refused.status)

    def proof(self, to: str) -> dict[str, str]:
        self.count += 1
        credentials = Credentials("anna", self.password)
        given = authorize(self.challenge, credentials, "PUBLISH", to, self.count, f"c{self.number}")
        return {"Authorization": given}


@pytest.fixture
def phone(house: House) -> Phone:
    """One whose next change is known."""
    phone = Phone(house)
    with pytest.raises(Refused) as refused:
        phone.send(phone.message(AWAY))
    phone.challenge = dict(refused.value.fields)["WWW-Authenticate"]
    for body in (AWAY, BUSY):
        assert phone.publish(body).status == 200
        assert not phone.short
    return phone


def test_who_is_asked_for_a_password_takes_the_short_way_with_a_proof_of_their_own_each_time(phone: Phone) -> None:
    for body in (AWAY, BUSY, AWAY):
        assert phone.publish(body).status == 200
        assert phone.short
    assert phone.house.anna.condition == "away"


def test_a_wrong_password_or_a_proof_given_twice_is_left_to_the_long_way(phone: Phone) -> None:
    phone.count -= 1
    assert phone.publish(AWAY).status == 401
    phone.password = "wrong"
    assert phone.publish(AWAY).status == 401
    assert phone.house.anna.condition == "meeting"


def test_an_entity_tag_that_is_not_known_costs_no_second_proof(phone: Phone) -> None:
    phone.tag = "nonsense"
    assert phone.publish(AWAY).status == 412
    assert not phone.short


def test_who_leaves_the_password_out_is_asked_for_it(phone: Phone) -> None:
    with pytest.raises(Refused):
        phone.send(phone.message(AWAY))
    assert not phone.short


@pytest.mark.parametrize("cut", [0, 1, 40, 200, 400])
def test_half_a_message_is_nobodys(publisher: Publisher, cut: int) -> None:
    message = publisher.message(AWAY)
    assert not publisher.lane.receive(message[: len(message) - cut - len(AWAY)], PBX, publisher.house.now)
    assert not publisher.lane.receive(message[:-1], PBX, publisher.house.now)
