"""The lamps of park slots: lit while somebody is parked there, with the caller for those who may see callers."""

import msgspec

from lampfield.presence.park_lamps import ParkLamps
from routing.model import Company, Park, Privacy
from routing.park import SlotBook, Stay
from tests.routing.nordlys import company
from tests.support.watched_house import WatchedHouse

PARK = company(park=Park(slots=("71", "72")))
OPEN = msgspec.structs.replace(PARK, privacy=Privacy(company=("state", "callers")))


class Slots:
    """A company's slots, whose lamps Dora watches."""

    def __init__(self, house: Company) -> None:
        self.book = SlotBook()
        self.watched = WatchedHouse(house)
        self.lamps = ParkLamps(
            lambda _, slot: self.book.stay(slot),
            lambda call: ("+4540404040", "Karen"),
            lambda aor, dialogs: self.watched.lamps.show_thing(aor, dialogs, self.watched.now),
        )
        self.lamps.configure([house])
        self.keys = {slot: self.watched.watch("dora", slot) for slot in house.park.slots}

    def park(self, call: str) -> None:
        slot = self.book.enter(("71", "72"), Stay(call, "anna", self.watched.now))
        self._changed(slot)

    def leave(self, call: str) -> None:
        self._changed(self.book.leave(call))

    def _changed(self, slot: str | None) -> None:
        assert slot is not None
        self.lamps.changed("nordlys", slot)
        self.watched.deliver()

    def shown(self) -> list[list[tuple[str, str]]]:
        return [key.received[-1].dialogs for key in self.keys.values()]


LIT, DARK = [("confirmed", "recipient")], list[tuple[str, str]]()


def test_each_slots_lamp_is_lit_while_a_call_is_in_it() -> None:
    slots = Slots(OPEN)
    assert slots.shown() == [DARK, DARK]
    slots.park("c1")
    assert slots.shown() == [LIT, DARK]
    slots.park("c2")
    assert slots.shown() == [LIT, LIT]
    slots.leave("c1")
    assert slots.shown() == [DARK, LIT]


def test_who_may_see_callers_sees_who_is_parked() -> None:
    slots = Slots(OPEN)
    slots.park("c1")
    body = slots.keys["71"].received[-1].body
    assert b"Karen" in body
    assert b"+4540404040" in body


def test_who_may_not_sees_that_the_slot_is_taken_and_not_by_whom() -> None:
    slots = Slots(PARK)
    slots.park("c1")
    body = slots.keys["71"].received[-1].body
    assert slots.shown() == [LIT, DARK]
    assert b"Karen" not in body
    assert b"+4540404040" not in body
