"""Lamps are compared with the calls that exist, in time and both ways."""

from lampfield.presence.sweeper import SETTLED_AFTER, SWEEP_EVERY, Sweeper
from presence_pidf.dialog_state import DialogPhase
from routing.events import CallAnswered, CallPickedUp
from tests.lampfield.presence.test_lamps import ANNA, House, ringing

BO = "sip:bo@nordlys.example"


class FakeLeg:
    """A leg in progress, which shows itself on the lamps of a house."""

    def __init__(self, house: House, leg: str, person: str | None, phase: DialogPhase = "confirmed") -> None:
        self.house = house
        self.leg = leg
        self.person = person
        self.domain = "nordlys.example"
        self.phase = phase

    def show_again(self) -> None:
        self.house.lamps.dialog_changed(
            f"sip:{self.person}@{self.domain}", ringing(self.phase, self.leg), self.house.now
        )


def swept(house: House, *legs: FakeLeg) -> Sweeper:
    return Sweeper(house.lamps, lambda: legs, lambda: house.now)


def shown(house: House, aor: str) -> list[str]:
    state = house.lamps.state(aor)
    assert state is not None
    return [dialog.id for dialog in state.dialogs]


def test_a_call_that_is_over_is_taken_away_and_one_that_lasts_is_shown_again() -> None:
    house = House()
    house.lamps.dialog_changed(ANNA, ringing("confirmed", "over"), house.now)
    sweeper = swept(house, FakeLeg(house, "lasts", "anna"))
    assert [mended.dialog.id for mended in sweeper.sweep()] == ["over"]
    assert shown(house, ANNA) == ["lasts"]
    assert sweeper.mended == 2
    assert sweeper.sweep() == []
    assert sweeper.mended == 2


def test_a_leg_that_is_somebody_elses_now_leaves_the_lamp_it_was_on() -> None:
    house = House()
    house.lamps.dialog_changed(ANNA, ringing("confirmed", "moved"), house.now)
    sweeper = swept(house, FakeLeg(house, "moved", "bo"))
    sweeper.sweep()
    assert shown(house, ANNA) == []
    assert shown(house, BO) == ["moved"]


def test_outside_parties_have_no_lamp_and_nothing_is_mended_for_them() -> None:
    house = House()
    sweeper = swept(house, FakeLeg(house, "outside", None), FakeLeg(house, "gone", "nobody"))
    assert sweeper.sweep() == []
    assert sweeper.mended == 0


def test_it_sweeps_now_and_then_and_soon_after_legs_have_changed_places() -> None:
    house = House()
    sweeper = swept(house)

    def over() -> bool:
        house.lamps.dialog_changed(ANNA, ringing("confirmed", "over"), house.now)
        sweeper.advance()
        return shown(house, ANNA) == []

    assert not over()
    house.now += SWEEP_EVERY
    assert over()
    sweeper.on_call(CallAnswered(call="c", at=house.now))
    house.now += SETTLED_AFTER
    assert not over()
    sweeper.on_call(CallPickedUp(call="c", at=house.now, leg="l", person="bo", number="12", rang="anna"))
    assert not over()
    house.now += SETTLED_AFTER
    assert over()
