"""What phones and servers publish, from the PUBLISH to the NOTIFY that a phone reads."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from lampfield.door import Door, Refused
from lampfield.journal import Journal
from lampfield.peer_sections import Publisher
from lampfield.presence.lamps import Lamps
from lampfield.presence.publications import Publications
from lampfield.presence.publish_packages import PUBLISH_PACKAGES
from lampfield.presence.right_to_publish import RightToPublish, server_accounts
from presence_pidf.dialog_state import DialogState
from presence_pidf.person_state import PersonState
from provisioning.accounts import Account
from provisioning.directory import directory_of
from sipcore.digest import Credentials, Ha1, authorize
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.notifier import NotifierConfig
from sipcore.publication import EventStateCompositor
from tests.lampfield.presence.test_lamps import ANNA, EXTENSION, company
from tests.presence_pidf.test_readers import ASTERISK, KAMAILIO, PJSUA
from tests.support.watching_phone import PIDF, Notification, Watcher

SERVER = ("192.0.2.1", 5060)
ANNAS_PHONE = Flow("udp", SERVER, ("192.0.2.11", 5060))
PBX = Flow("udp", SERVER, ("198.51.100.7", 5060))
STRANGER = Flow("udp", SERVER, ("203.0.113.9", 5060))
DOMAIN = "nordlys.example"
PASSWORD = "correct horse"


def account(person: str) -> Account:
    ha1 = Ha1.of(person, DOMAIN, PASSWORD)
    return Account(person, DOMAIN, DOMAIN, person, ha1.md5, ha1.sha256)


class House:
    """A company of Anna and Bo, a trusted PBX, and the disk."""

    def __init__(self, folder: Path, *, ask: bool = True) -> None:
        self.now = 1_700_000_000.0
        self.folder = folder
        self.ask = ask
        self._numbers = count(1)
        self.cseq = 0
        self.watchers: list[Watcher] = []
        self.start()

    def start(self) -> None:
        publishers = [
            Publisher("asterisk", domains=(DOMAIN,), sources=("198.51.100.0/24",)),
            Publisher("kamailio", domains=(DOMAIN, "other.example"), username="proxy", password=PASSWORD),
        ]
        self.journal = Journal(self.folder / "journal", batch_seconds=0.0)
        self.journal.open()
        directory = directory_of([company(DOMAIN)], [account("anna"), account("bo")])
        self.door = Door(directory, self.clock, ask=self.ask, algorithms=["MD5"], servers=server_accounts(publishers))
        self.lamps = Lamps(self.token, directory.companies.values(), NotifierConfig(), self.clock)
        compositor = EventStateCompositor(self.token, PUBLISH_PACKAGES)
        right = RightToPublish(self.door, publishers)
        self.publications = Publications(compositor, self.lamps, right, self.journal, self.clock)
        self.publications.restore()

    def restart(self) -> None:
        self.journal.close()
        self.start()

    def clock(self) -> float:
        return self.now

    def token(self) -> str:
        return f"{next(self._numbers):020x}"

    def request(self, body: bytes, event: str, to: str, by: str, fields: tuple[tuple[str, str], ...]) -> Request:
        self.cseq += 1
        kind = "application/pidf+xml" if event == "presence" else "application/dialog-info+xml"
        return Request(
            "PUBLISH",
            to,
            [
                ("Via", f"SIP/2.0/UDP 192.0.2.11:5060;branch=z9hG4bK{self.cseq}"),
                ("From", f"<sip:{by}@{DOMAIN}>;tag=1"),
                ("To", f"<{to}>"),
                ("Call-ID", "c1"),
                ("CSeq", f"{self.cseq} PUBLISH"),
                ("Event", event),
                *([("Content-Type", kind)] if body else []),
                *fields,
            ],
            body,
        )

    def publish(
        self,
        body: bytes = b"",
        *fields: tuple[str, str],
        event: str = "presence",
        to: str = ANNA,
        by: str = "anna",
        password: str = PASSWORD,
        flow: Flow = ANNAS_PHONE,
    ) -> Response:
        """Publish as a phone or server does: again with credentials when it is challenged."""
        credentials = Credentials(by, password)
        try:
            return self.publications.answer(self.request(body, event, to, by, fields), flow)
        except Refused as refused:
            challenge = dict(refused.fields).get("WWW-Authenticate")
            if refused.status != 401 or challenge is None:
                return Response(refused.status)
        proof = authorize(challenge, credentials, "PUBLISH", to, 1, "cnonce", body)
        try:
            return self.publications.answer(
                self.request(body, event, to, by, (*fields, ("Authorization", proof))), flow
            )
        except Refused as refused:
            return Response(refused.status)

    def watch(self, event: str, resource: str = EXTENSION) -> Watcher:
        watcher = Watcher(f"w{len(self.watchers)}", resource, event=event)
        self.watchers.append(watcher)
        watcher.take(self.lamps.subscribe(watcher.subscribe(), watcher.flow, self.now, watcher_domain=DOMAIN))
        self.deliver()
        return watcher

    def deliver(self) -> None:
        while datagrams := self.lamps.notifier.take_datagrams():
            for datagram in datagrams:
                watcher = next(w for w in self.watchers if f"Call-ID: {w.call_id}\r\n".encode() in datagram.data)
                self.lamps.notifier.receive_response(watcher.read(datagram.data).answer(), self.now)

    @property
    def anna(self) -> PersonState:
        state = self.lamps.state(ANNA)
        assert state is not None
        return state


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.journal.close()


def match(response: Response) -> tuple[str, str]:
    assert response.status == 200, response
    return "SIP-If-Match", response.header("SIP-ETag") or ""


def tuple_ids(notification: Notification) -> list[str]:
    return [each.get("id") or "" for each in notification.document.findall(f"{PIDF}tuple")]


def notes(notification: Notification) -> list[str]:
    return [note.text or "" for note in notification.document.iter(f"{PIDF}note")]


def test_a_softphones_presence_shows_with_its_note_and_its_tuple(house: House) -> None:
    watcher = house.watch("presence")
    response = house.publish(PJSUA)
    house.deliver()
    assert "away" in watcher.received[-1].activities
    assert "pj4711" in tuple_ids(watcher.received[-1])
    assert "Out for lunch" in notes(watcher.received[-1])
    assert house.anna.sources[0].name.startswith("phone:192.0.2.11/")
    house.publish(b"", match(response), ("Expires", "0"))
    house.deliver()
    assert watcher.received[-1].activities == set()
    assert tuple_ids(watcher.received[-1]) == ["phone"]


def test_several_phones_publications_are_composed(house: House) -> None:
    watcher = house.watch("presence")
    house.publish(PJSUA)
    house.now += 1
    second = (
        PJSUA.replace(b"pj4711", b"desk").replace(b"rpid:away", b"rpid:meeting").replace(b"Out for lunch", b"Board")
    )
    house.publish(second)
    house.deliver()
    assert {"desk", "pj4711"} <= set(tuple_ids(watcher.received[-1]))
    assert {"Board", "Out for lunch"} <= set(notes(watcher.received[-1]))
    assert house.anna.condition == "meeting"


def test_of_two_publications_with_one_tuple_the_newer_counts(house: House) -> None:
    house.publish(PJSUA)
    house.now += 1
    house.publish(PJSUA.replace(b"open", b"closed"))
    assert [(each.id, each.open) for each in house.anna.tuples] == [("pj4711", False)]


def test_a_refresh_tells_nobody_anything_and_an_equal_body_is_one(house: House) -> None:
    watcher = house.watch("presence")
    first = house.publish(PJSUA)
    house.deliver()
    told = len(watcher.received)
    second = house.publish(b"", match(first))
    house.publish(PJSUA, match(second))
    house.deliver()
    assert len(watcher.received) == told


def test_a_change_of_the_note_alone_is_told_and_the_state_is_as_old_as_before(house: House) -> None:
    watcher = house.watch("presence")
    first = house.publish(PJSUA)
    since = house.anna.since
    house.now += 60
    house.publish(PJSUA.replace(b"Out for lunch", b"Back soon"), match(first))
    house.deliver()
    assert "Back soon" in notes(watcher.received[-1])
    assert house.anna.since == since


def test_what_is_not_refreshed_shows_no_more(house: House) -> None:
    watcher = house.watch("presence")
    house.publish(PJSUA, ("Expires", "60"))
    house.now += 62
    house.publications.advance()
    house.deliver()
    assert watcher.received[-1].activities == set()
    assert house.publications.count == 0


# Dialogs, as another PBX publishes them


def test_a_call_at_another_pbx_lights_the_lamp_until_its_last_dialog_is_over(house: House) -> None:
    watcher = house.watch("dialog")
    first = house.publish(KAMAILIO, event="dialog", by="proxy", flow=STRANGER)
    other = KAMAILIO.replace(b"ZjMyNGE", b"b2").replace(b"early", b"confirmed")
    second = house.publish(other, event="dialog", by="proxy", flow=STRANGER)
    house.deliver()
    assert watcher.received[-1].dialogs == [("early", "recipient"), ("confirmed", "recipient")]
    assert b'id="ZjMyNGE"' in watcher.received[-1].body
    assert b'call-id="ZjMyNGE"' in watcher.received[-1].body
    over = KAMAILIO.replace(b"early", b"terminated")
    house.publish(over, match(first), event="dialog", by="proxy", flow=STRANGER)
    house.deliver()
    assert watcher.received[-1].dialogs == [("confirmed", "recipient")]
    house.publish(b"", match(second), ("Expires", "0"), event="dialog", by="proxy", flow=STRANGER)
    house.deliver()
    assert watcher.received[-1].dialogs == []


def test_a_phone_that_publishes_its_call_with_us_does_not_double_it(house: House) -> None:
    own = DialogState("leg-1", "recipient", "confirmed", "ZjMyNGE", "a1", "b2", started=house.now)
    house.lamps.dialog_changed(ANNA, own, house.now)
    house.publish(KAMAILIO, event="dialog")
    assert [dialog.id for dialog in house.anna.dialogs] == ["leg-1"]
    house.lamps.dialog_changed(ANNA, DialogState("leg-1", "recipient", "terminated"), house.now)
    assert [dialog.id for dialog in house.anna.dialogs] == ["ZjMyNGE"]


def test_the_sweep_leaves_published_dialogs_alone(house: House) -> None:
    house.publish(KAMAILIO, event="dialog")
    assert house.lamps.sweep({}, house.now) == []
    assert house.anna.condition == "ringing"


def test_an_extension_that_another_pbx_calls_busy_is_on_the_phone(house: House) -> None:
    house.publish(ASTERISK, flow=PBX)
    assert (house.anna.condition, house.anna.note, house.anna.reachable) == ("talking", "On the phone", True)
    assert house.anna.sources[0].name.startswith("pbx:asterisk/")


def test_an_extension_without_a_phone_at_another_pbx_is_unregistered(house: House) -> None:
    body = ASTERISK.replace(b"open", b"closed").replace(b"rpid:busy", b"rpid:away").replace(b"On the ph", b"Unavail")
    first = house.publish(body, flow=PBX)
    assert (house.anna.condition, house.anna.reachable) == ("unregistered", False)
    free = ASTERISK.replace(b"<rpid:busy />", b"").replace(b"On the phone", b"Ready")
    house.publish(free, match(first), flow=PBX)
    assert (house.anna.condition, house.anna.reachable) == ("idle", True)


# Who may


def test_everybody_publishes_of_themselves_alone(house: House) -> None:
    assert house.publish(PJSUA, to=EXTENSION).status == 200
    assert house.publish(PJSUA, to="sip:bo@nordlys.example").status == 403
    assert house.publish(PJSUA, password="wrong").status == 401
    assert house.publish(PJSUA, to="sip:nobody@nordlys.example").status == 403
    assert house.publications.count == 1


def test_a_trusted_server_publishes_of_everybody_in_its_companies(house: House) -> None:
    assert house.publish(ASTERISK, flow=PBX, to="sip:bo@nordlys.example").status == 200
    assert house.publish(ASTERISK, flow=PBX, to="sip:nobody@nordlys.example").status == 404
    assert house.publish(ASTERISK, flow=PBX, to="sip:bo@192.0.2.1").status == 200
    assert house.publish(ASTERISK, flow=STRANGER, by="proxy", to="sip:bo@nordlys.example").status == 200
    assert house.publish(ASTERISK, flow=STRANGER, by="proxy", password="wrong").status == 401


def test_a_servers_account_is_nobodys_phone(house: House) -> None:
    request = house.request(b"", "presence", ANNA, "proxy", ())
    door = house.door
    with pytest.raises(Refused) as refused:
        door.person(request, STRANGER)
    request.add(
        "Authorization",
        authorize(
            dict(refused.value.fields)["WWW-Authenticate"], Credentials("proxy", PASSWORD), "PUBLISH", ANNA, 1, "c"
        ),
    )
    with pytest.raises(Refused) as refused:
        door.person(request, STRANGER)
    assert refused.value.status == 403


def test_another_companys_domain_is_not_found(house: House) -> None:
    assert house.publish(PJSUA, to="sip:anna@nowhere.example").status == 404
    assert house.publish(PJSUA, to="tel:+4533221100").status == 404


def test_where_nobody_is_asked_from_is_believed(tmp_path: Path) -> None:
    house = House(tmp_path, ask=False)
    assert house.publish(PJSUA).status == 200
    assert house.publish(PJSUA, by="bo").status == 403
    house.journal.close()


@pytest.mark.parametrize(
    ("event", "body", "status"),
    [
        ("presence", b"<presence", 400),
        ("presence", KAMAILIO, 400),
        ("dialog", PJSUA, 400),
        ("dialog", b'<!DOCTYPE x [<!ENTITY a "b">]>' + KAMAILIO[22:], 400),
        ("message-summary", PJSUA, 489),
        ("presence", b"", 400),
    ],
)
def test_what_cannot_be_read_is_refused_and_shows_nothing(house: House, event: str, body: bytes, status: int) -> None:
    assert house.publish(body, event=event).status == status
    assert house.anna.condition == "unregistered"
    assert house.publications.count == 0


# Restarts


def test_a_publication_outlives_a_restart_with_its_entity_tag(house: House) -> None:
    response = house.publish(PJSUA)
    house.restart()
    assert (house.anna.condition, house.anna.note) == ("away", "Out for lunch")
    assert house.publish(b"", match(response)).status == 200
    house.restart()
    assert house.anna.condition == "away"


def test_what_was_removed_stays_removed_over_a_restart(house: House) -> None:
    response = house.publish(PJSUA)
    house.publish(b"", match(response), ("Expires", "0"))
    house.restart()
    assert house.publications.count == 0


def test_who_has_left_the_company_leaves_no_publication(house: House) -> None:
    response = house.publish(PJSUA)
    people = [person for person in company(DOMAIN).people.values() if person.id != "anna"]
    house.lamps.configure([company(DOMAIN, *people)], house.now)
    assert house.publish(b"", match(response)).status in (403, 404)
    house.lamps.configure([company(DOMAIN)], house.now)
    house.publish(b"", match(response))
    assert house.anna.condition == "away"
