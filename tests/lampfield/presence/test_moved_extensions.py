"""An extension is given to somebody else, or to something else, while phones watch it."""

import msgspec

from presence_pidf.dialog_state import DialogState
from presence_pidf.message_summary import MessageCounts
from routing.model import Company, Person
from tests.routing.nordlys import company
from tests.support.watched_house import WatchedHouse

NORDLYS = company()
BUSY, DARK = [("confirmed", "recipient")], list[tuple[str, str]]()


def house(**extensions: str) -> Company:
    """Nordlys, some of whose people have other extensions."""
    changed = {id: msgspec.structs.replace(NORDLYS.people[id], extension=digits) for id, digits in extensions.items()}
    return msgspec.structs.replace(NORDLYS, people=NORDLYS.people | changed)


def test_who_watches_an_extension_sees_whose_it_is_now() -> None:
    lamps = WatchedHouse(NORDLYS)
    first, second = lamps.watch("carl", "201"), lamps.watch("carl", "202")
    lamps.ring("anna", "confirmed")
    assert (first.received[-1].dialogs, second.received[-1].dialogs) == (BUSY, DARK)
    lamps.configure(house(anna="202", bo="201"))
    assert (first.received[-1].dialogs, second.received[-1].dialogs) == (DARK, BUSY)
    lamps.ring("anna", "terminated")
    assert (first.received[-1].dialogs, second.received[-1].dialogs) == (DARK, DARK)


def test_a_newcomer_has_the_extension_of_who_has_left() -> None:
    lamps = WatchedHouse(NORDLYS)
    phone = lamps.watch("carl", "201")
    lamps.ring("anna", "confirmed")
    people = {id: person for id, person in NORDLYS.people.items() if id != "anna"}
    lamps.configure(msgspec.structs.replace(NORDLYS, people=people | {"eva": Person("eva", "Eva", "201")}))
    assert phone.received[-1].dialogs == DARK
    assert not phone.received[-1].terminated
    lamps.ring("eva", "confirmed")
    assert phone.received[-1].dialogs == BUSY


def test_what_is_for_oneself_alone_is_not_told_to_who_had_the_extension() -> None:
    lamps = WatchedHouse(NORDLYS)
    own, by_id = lamps.watch("anna", "201", "message-summary"), lamps.watch("anna", "anna", "message-summary")
    lamps.configure(house(anna="205", bo="201"))
    assert own.received[-1].subscription_state == "terminated;reason=rejected"
    assert own.received[-1].body == b""
    told = len(own.received)
    lamps.lamps.voicemail_changed(lamps.aor("bo"), MessageCounts(new=3), lamps.now)
    lamps.lamps.voicemail_changed(lamps.aor("anna"), MessageCounts(new=1), lamps.now)
    lamps.deliver()
    assert len(own.received) == told
    assert b"Voice-Message: 1/0" in by_id.received[-1].body


def test_an_extension_becomes_a_queues_and_its_person_keeps_the_own_lamp() -> None:
    lamps = WatchedHouse(NORDLYS)
    person, extension = lamps.watch("carl", "anna"), lamps.watch("carl", "201")
    queue = msgspec.structs.replace(house(anna="205"), queue_extensions={"201": "sales"})
    lamps.configure(queue)
    lamps.lamps.show_thing(lamps.aor("201"), [DialogState("q", "recipient", "early")], lamps.now)
    lamps.deliver()
    assert (person.received[-1].dialogs, extension.received[-1].dialogs) == (DARK, [("early", "recipient")])
    lamps.ring("anna", "confirmed")
    assert (person.received[-1].dialogs, extension.received[-1].dialogs) == (BUSY, [("early", "recipient")])
    lamps.configure(NORDLYS)
    assert (person.received[-1].dialogs, extension.received[-1].dialogs) == (BUSY, BUSY)
