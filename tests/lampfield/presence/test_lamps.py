"""Lamps, from what happens to people to the NOTIFYs that a phone reads."""

from itertools import count
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lampfield.presence.lamps import Lamps
from presence_pidf.dialog_state import DialogState
from presence_pidf.message_summary import MessageCounts
from presence_pidf.status_report import StatusReport
from routing.model import Company, OpeningHours, Person
from sipcore.message import Response
from sipcore.notifier import NotifierConfig
from tests.support.watching_phone import DIALOG_INFO, Notification, Watcher

ANNA = "sip:anna@nordlys.example"
EXTENSION = "sip:11@nordlys.example"


def company(domain: str = "nordlys.example", *people: Person) -> Company:
    return Company(
        id=domain,
        name="Nordlys",
        domain=domain,
        country="DK",
        time_zone="Europe/Copenhagen",
        language="da",
        people={person.id: person for person in people or (Person("anna", "Anna", "11"), Person("bo", "Bo", "12"))},
        main_numbers={},
        hours={},
        menus={},
        queues={},
    )


class House:
    """Lamps of two companies, with phones that watch and always answer."""

    def __init__(self) -> None:
        numbers = count(1)
        self.now = 1000.0
        self.lamps = Lamps(
            lambda: f"token{next(numbers):011d}",
            [company(), company("other.example", Person("eve", "Eve", "11"))],
            NotifierConfig(),
            lambda: self.now,
        )
        self.watchers: dict[str, Watcher] = {}

    def subscribe(
        self, watcher: Watcher, *, domain: str = "nordlys.example", expires: int = 600, who: str = ""
    ) -> Response:
        response = self.lamps.subscribe(
            watcher.subscribe(expires), watcher.flow, self.now, watcher_domain=domain, watcher=who
        )
        self.watchers[watcher.call_id] = watcher
        watcher.take(response)
        self.deliver()
        return response

    def deliver(self) -> list[Notification]:
        read = []
        while datagrams := self.lamps.notifier.take_datagrams():
            for datagram in datagrams:
                call_id = next(name for name in self.watchers if f"Call-ID: {name}\r\n".encode() in datagram.data)
                notification = self.watchers[call_id].read(datagram.data)
                read.append(notification)
                self.lamps.notifier.receive_response(notification.answer(), self.now)
        return read


def ringing(phase: str = "early", id: str = "leg-1", direction: str = "recipient", held: bool = False) -> DialogState:
    return DialogState(
        id=id,
        direction=direction,  # type: ignore[arg-type]
        phase=phase,  # type: ignore[arg-type]
        call_id="call-7",
        local_tag="us",
        remote_tag="them",
        local_identity=EXTENSION,
        remote_identity="sip:+4533221100@trunk.example",
        remote_display='Bo "the" <Builder> & Søn',
        remote_target="sip:trunk@198.51.100.1",
        held=held,
        started=900.0,
    )


def test_a_call_is_followed_from_ringing_to_talking_to_its_end() -> None:
    house = House()
    phone = Watcher("bo", EXTENSION)
    assert house.subscribe(phone).status == 200
    assert phone.received[-1].dialogs == []
    for phase in ("early", "confirmed", "terminated"):
        house.lamps.dialog_changed(ANNA, ringing(phase), house.now)
        house.deliver()
    assert [notification.dialogs for notification in phone.received] == [
        [],
        [("early", "recipient")],
        [("confirmed", "recipient")],
        [],
    ]
    assert [notification.version for notification in phone.received] == [0, 1, 2, 3]


def test_one_branch_ending_never_clears_the_lamp() -> None:
    house = House()
    phone = Watcher("bo", ANNA)
    house.subscribe(phone)
    house.lamps.dialog_changed(ANNA, ringing("early", "desk"), house.now)
    house.lamps.dialog_changed(ANNA, ringing("early", "mobile"), house.now)
    house.lamps.dialog_changed(ANNA, ringing("terminated", "mobile"), house.now)
    house.deliver()
    assert phone.received[-1].dialogs == [("early", "recipient")]
    house.lamps.dialog_changed(ANNA, ringing("terminated", "desk"), house.now)
    house.deliver()
    assert phone.received[-1].dialogs == []


def test_extension_and_id_show_the_same_person_each_under_its_own_name() -> None:
    house = House()
    by_id, by_extension = Watcher("p1", ANNA), Watcher("p2", EXTENSION)
    house.subscribe(by_id)
    house.subscribe(by_extension)
    house.lamps.dialog_changed(EXTENSION, ringing(), house.now)
    house.deliver()
    assert by_id.received[-1].dialogs == by_extension.received[-1].dialogs == [("early", "recipient")]
    assert by_id.received[-1].document.get("entity") == ANNA
    assert by_extension.received[-1].document.get("entity") == EXTENSION


def test_nobody_ends_the_subscription_of_another_by_naming_the_others_phone() -> None:
    house = House()
    phone, thief = Watcher("key", EXTENSION), Watcher("key", EXTENSION, call_id="thief")
    house.subscribe(phone, who="anna")
    house.subscribe(thief, who="bo")
    house.lamps.dialog_changed(ANNA, ringing(), house.now)
    house.deliver()
    assert phone.received[-1].dialogs == thief.received[-1].dialogs == [("early", "recipient")]


def test_presence_tells_idle_from_unregistered_from_talking() -> None:
    house = House()
    phone = Watcher("bo", ANNA, event="presence")
    house.subscribe(phone)
    assert (phone.received[-1].basic, phone.received[-1].activities) == ("closed", set())
    house.lamps.bindings_changed(ANNA, 1, house.now)
    house.deliver()
    assert (phone.received[-1].basic, phone.received[-1].activities) == ("open", set())
    house.lamps.dialog_changed(ANNA, ringing("confirmed"), house.now)
    house.deliver()
    assert (phone.received[-1].basic, phone.received[-1].activities) == ("open", {"busy", "on-the-phone"})


def test_a_second_phone_of_the_same_person_tells_nobody_anything() -> None:
    house = House()
    phone = Watcher("bo", ANNA, event="presence")
    house.subscribe(phone)
    house.lamps.bindings_changed(ANNA, 1, house.now)
    house.deliver()
    house.lamps.bindings_changed(ANNA, 2, house.now + 5)
    assert house.deliver() == []
    state = house.lamps.state(ANNA)
    assert state is not None
    assert state.registered == 2


def test_voicemail_counts_reach_the_message_lamp() -> None:
    house = House()
    phone = Watcher("anna", EXTENSION, event="message-summary")
    house.subscribe(phone, who="anna")
    assert phone.received[-1].body.startswith(b"Messages-Waiting: no\r\n")
    house.lamps.voicemail_changed(ANNA, MessageCounts(new=2, old=8), house.now)
    house.deliver()
    assert b"Messages-Waiting: yes\r\n" in phone.received[-1].body
    assert b"Voice-Message: 2/8 (0/0)\r\n" in phone.received[-1].body


def test_nobodys_aor_is_not_found_and_another_companys_is_forbidden() -> None:
    house = House()
    assert house.subscribe(Watcher("a", "sip:99@nordlys.example")).status == 404
    assert house.subscribe(Watcher("b", "sip:11@nowhere.example")).status == 404
    assert house.subscribe(Watcher("c", "tel:+4533221100")).status == 404
    assert house.subscribe(Watcher("d", "sip:11@other.example")).status == 403
    assert house.subscribe(Watcher("e", "sip:99@other.example")).status == 403
    assert house.subscribe(Watcher("f", "sip:11@other.example"), domain="other.example").status == 200


def test_a_phone_that_names_the_server_by_its_address_means_its_own_company() -> None:
    house = House()
    for number, server in enumerate(("192.0.2.1", "[2001:db8::1]")):
        phone = Watcher(f"eve{number}", f"sip:11@{server}")
        assert house.subscribe(phone, domain="other.example").status == 200
        assert phone.received[-1].document.get("entity") == "sip:11@other.example"


def test_what_no_lamp_shows_is_told_to_who_follows_facts_also_when_it_is_over() -> None:
    house = House()
    told: list[bool | None] = []
    house.lamps.followers.follow_facts(
        lambda lamp: told.append(next((r.private_number for r in lamp.reports.values()), None))
    )
    hidden = StatusReport(
        presentity=ANNA, source="mobile:op", activity="unknown", at=1000.0, private_number=True, expires_at=1500.0
    )
    assert house.lamps.reported(hidden, house.now) == "absorbed"
    assert told == [True]
    house.lamps.advance(1400.0)
    assert told == [True]
    house.lamps.advance(1502.0)
    assert told == [True, None]


def test_a_report_shows_until_it_expires_and_an_older_one_never_replaces_it() -> None:
    house = House()
    phone = Watcher("bo", ANNA, event="presence")
    house.lamps.bindings_changed(ANNA, 1, house.now)
    house.subscribe(phone)
    meeting = StatusReport(
        presentity=ANNA, source="calendar", activity="meeting", at=990.0, expires_at=2000.0, note="back at 14"
    )
    house.lamps.reported(meeting, house.now)
    house.lamps.reported(StatusReport(presentity=ANNA, source="calendar", activity="available", at=980.0), house.now)
    house.deliver()
    assert "meeting" in phone.received[-1].activities
    assert house.lamps.next_timeout() == 2000.0
    house.lamps.advance(2000.0)
    house.deliver()
    assert phone.received[-1].activities == set()
    assert house.lamps.next_timeout() is None


def test_the_sweep_mends_a_lamp_whose_call_is_gone_and_tells_of_it() -> None:
    house = House()
    phone = Watcher("bo", ANNA)
    house.subscribe(phone)
    house.lamps.dialog_changed(ANNA, ringing("confirmed", "lost"), house.now)
    house.lamps.dialog_changed(ANNA, ringing("confirmed", "alive"), house.now)
    mended = house.lamps.sweep({"alive": EXTENSION}, house.now)
    assert [(found.person, found.dialog.id) for found in mended] == [(ANNA, "lost")]
    house.deliver()
    assert phone.received[-1].dialogs == [("confirmed", "recipient")]
    assert house.lamps.sweep({"alive": EXTENSION}, house.now) == []


def test_who_leaves_the_company_has_no_lamp_any_more() -> None:
    house = House()
    phone = Watcher("bo", EXTENSION)
    house.subscribe(phone)
    house.lamps.configure([company("nordlys.example", Person("bo", "Bo", "12"))], house.now)
    house.deliver()
    assert phone.received[-1].subscription_state == "terminated;reason=noresource"
    assert phone.received[-1].body == b""
    assert house.lamps.state(ANNA) is None
    house.lamps.dialog_changed(ANNA, ringing(), house.now)
    assert house.deliver() == []


def test_restored_watchers_of_somebody_gone_are_told_so() -> None:
    house = House()
    phone = Watcher("bo", EXTENSION)
    house.subscribe(phone)
    records = [change for change in house.lamps.notifier.take_changes() if hasattr(change, "resource")]
    again = House()
    again.watchers = house.watchers
    again.lamps.configure([company("nordlys.example", Person("bo", "Bo", "12"))], again.now)
    again.lamps.restore(records, again.now)  # type: ignore[arg-type]
    again.lamps.notifier.advance(again.now)
    again.deliver()
    assert phone.received[-1].subscription_state == "terminated;reason=noresource"


def test_every_state_says_why_it_won_and_from_what() -> None:
    house = House()
    house.lamps.bindings_changed(ANNA, 1, 1000.0)
    house.lamps.dialog_changed(ANNA, ringing("confirmed"), 1010.0)
    state = house.lamps.people("nordlys.example")["anna"]
    assert state.condition == "talking"
    assert state.reason.startswith("talks with Bo")
    assert [(source.name, source.says) for source in state.sources] == [
        ("calls", "talking"),
        ("registrations", "1 registered"),
    ]
    assert state.sources[1].age(1060.0) == 60.0


HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(
            st.just("dialog"),
            st.sampled_from(["a", "b", "c"]),
            st.sampled_from(["trying", "proceeding", "early", "confirmed", "terminated"]),
            st.booleans(),
        ),
        st.tuples(st.just("bindings"), st.integers(0, 2)),
        st.tuples(st.just("deliver")),
        st.tuples(st.just("sweep"), st.sets(st.sampled_from(["a", "b", "c"]))),
    ),
    max_size=30,
)


@given(HAPPENINGS)
def test_whatever_happens_every_lamp_ends_with_what_is_true(happenings: list[tuple[Any, ...]]) -> None:
    house = House()
    blf, buddy = Watcher("blf", EXTENSION), Watcher("buddy", ANNA, event="presence")
    house.subscribe(blf)
    house.subscribe(buddy)
    live: dict[str, tuple[str, bool]] = {}
    registered = 0
    for happening in happenings:
        house.now += 1.0
        match happening:
            case ("dialog", id, phase, held):
                house.lamps.dialog_changed(ANNA, ringing(phase, id, held=held), house.now)
                live[id] = (phase, held)
                if phase == "terminated":
                    del live[id]
            case ("bindings", registered):
                house.lamps.bindings_changed(EXTENSION, registered, house.now)
            case ("sweep", alive):
                mended = house.lamps.sweep(dict.fromkeys(alive, ANNA), house.now)
                assert {found.dialog.id for found in mended} == live.keys() - alive
                live = {id: dialog for id, dialog in live.items() if id in alive}
            case _:
                house.deliver()
    house.deliver()
    shown = blf.received[-1].document.findall(f"{DIALOG_INFO}dialog")
    assert {dialog.get("id"): dialog.findtext(f"{DIALOG_INFO}state") for dialog in shown} == {
        id: phase for id, (phase, _) in live.items()
    }
    held = {dialog.get("id") for dialog in shown if dialog.find(f".//{DIALOG_INFO}param") is not None}
    assert held == {id for id, (_, held) in live.items() if held}
    assert buddy.received[-1].basic == ("open" if live or registered else "closed")
    assert bool(buddy.received[-1].activities) == bool(live)
    for phone in (blf, buddy):
        numbers = [notification.cseq for notification in phone.received]
        assert numbers == sorted(set(numbers))


# Things that are on or off

SWITCH = "sip:*60@nordlys.example"


def with_switch() -> House:
    house = House()
    hours = OpeningHours("office", "Europe/Copenhagen", ((),) * 7, switch_code="*60")
    switched = msgspec.structs.replace(company(), hours={"office": hours})
    house.lamps.configure([switched, company("other.example", Person("eve", "Eve", "11"))], house.now)
    return house


def test_a_switch_is_watched_under_its_code_and_shown_as_a_confirmed_dialog() -> None:
    house, phone = with_switch(), Watcher("bo", SWITCH)
    assert house.subscribe(phone).status == 200
    for lit in (True, True, False):
        house.lamps.light(SWITCH, lit, house.now)
        house.deliver()
    assert [notification.dialogs for notification in phone.received] == [[], [("confirmed", "recipient")], []]


def test_sweeping_leaves_the_lamp_of_a_thing_lit() -> None:
    house, phone = with_switch(), Watcher("bo", SWITCH)
    house.lamps.light(SWITCH, True, house.now)
    house.subscribe(phone)
    assert house.lamps.sweep({}, house.now) == []
    assert phone.received[-1].dialogs == [("confirmed", "recipient")]


def test_a_thing_is_nobody_and_stays_lit_when_the_companies_are_read_anew() -> None:
    house, phone = with_switch(), Watcher("bo", SWITCH)
    house.lamps.light(SWITCH, True, house.now)
    assert set(house.lamps.people("nordlys.example")) == {"anna", "bo"}
    hours = OpeningHours("office", "Europe/Copenhagen", ((),) * 7, switch_code="*60")
    house.lamps.configure([msgspec.structs.replace(company(), hours={"office": hours})], house.now)
    house.subscribe(phone)
    assert phone.received[-1].dialogs == [("confirmed", "recipient")]


def test_another_companys_switch_is_not_shown() -> None:
    house, phone = with_switch(), Watcher("eve", SWITCH)
    assert house.subscribe(phone, domain="other.example").status == 403


def test_a_person_is_no_thing_and_cannot_be_lit() -> None:
    house, phone = with_switch(), Watcher("bo", ANNA)
    house.subscribe(phone)
    house.lamps.light(ANNA, True, house.now)
    house.deliver()
    assert len(phone.received) == 1
