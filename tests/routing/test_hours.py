"""Open or closed, and when that changes. Copenhagen: summer time from 2024-03-31 01:00 UTC to 2024-10-27 01:00 UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.hours import BY_FILE, Changes, ClosedTime, Position, next_change, situation
from routing.hours_days import are_observed
from routing.model import OpeningHours, OpenPeriod
from tests.routing.nordlys import OFFICE

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


def is_open(hours: OpeningHours, at: float, changes: Changes = BY_FILE) -> bool:
    return situation(hours, at, changes).open


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, *, fold: int = 0) -> float:
    """UTC epoch seconds of a wall-clock time in Copenhagen."""
    return datetime(year, month, day, hour, minute, tzinfo=COPENHAGEN, fold=fold).timestamp()


def daily(*periods: tuple[int, int], zone: str = "Europe/Copenhagen") -> OpeningHours:
    """The same every day; periods in minutes."""
    return OpeningHours("daily", zone, (tuple(OpenPeriod(*period) for period in periods),) * 7)


def test_it_opens_at_the_first_minute_and_closes_at_the_last() -> None:
    assert not is_open(OFFICE, at(2024, 5, 15, 8) - 0.001)
    assert is_open(OFFICE, at(2024, 5, 15, 8))
    assert is_open(OFFICE, at(2024, 5, 15, 16) - 0.001)
    assert not is_open(OFFICE, at(2024, 5, 15, 16))


def test_a_weekend_is_passed_over() -> None:
    friday_evening, monday = at(2024, 5, 17, 17), at(2024, 5, 20, 8)
    assert not is_open(OFFICE, at(2024, 5, 18, 12))
    assert next_change(OFFICE, friday_evening) == monday
    assert next_change(OFFICE, monday) == at(2024, 5, 20, 16)


def test_the_lunch_hour_is_closed() -> None:
    hours = daily((8 * 60, 12 * 60), (13 * 60, 16 * 60))
    assert [is_open(hours, at(2024, 5, 15, hour)) for hour in (11, 12, 13)] == [True, False, True]
    assert next_change(hours, at(2024, 5, 15, 9)) == at(2024, 5, 15, 12)


def test_adjoining_periods_are_one() -> None:
    hours = daily((8 * 60, 12 * 60), (12 * 60, 16 * 60))
    assert next_change(hours, at(2024, 5, 15, 9)) == at(2024, 5, 15, 16)


def test_open_until_midnight_and_on_from_midnight_is_open_through() -> None:
    night = daily((20 * 60, 1440), (0, 6 * 60))
    assert is_open(night, at(2024, 5, 15, 23, 59))
    assert is_open(night, at(2024, 5, 16, 0))
    assert next_change(night, at(2024, 5, 15, 21)) == at(2024, 5, 16, 6)


def test_closing_at_midnight_is_the_next_days_first_instant() -> None:
    assert next_change(daily((20 * 60, 1440)), at(2024, 5, 15, 21)) == at(2024, 5, 16)


def test_always_and_never_do_not_change() -> None:
    assert next_change(daily((0, 1440)), at(2024, 5, 15)) is None
    assert next_change(daily(), at(2024, 5, 15)) is None
    assert is_open(daily((0, 1440)), at(2024, 10, 27, 2, 30, fold=1))
    assert not is_open(daily(), at(2024, 5, 15))


def test_office_hours_are_the_walls_in_winter_and_in_summer() -> None:
    assert next_change(OFFICE, at(2024, 3, 29, 17)) == datetime(2024, 4, 1, 6, 0, tzinfo=UTC).timestamp()
    assert next_change(OFFICE, at(2024, 10, 25, 17)) == datetime(2024, 10, 28, 7, 0, tzinfo=UTC).timestamp()


def test_a_night_over_the_spring_change_is_an_hour_shorter() -> None:
    night = daily((0, 6 * 60))
    opened = at(2024, 3, 31)
    closes = next_change(night, opened)
    assert closes is not None
    assert closes - opened == 5 * 3600


def test_a_night_over_the_autumn_change_is_an_hour_longer() -> None:
    night = daily((0, 6 * 60))
    opened = at(2024, 10, 27)
    closes = next_change(night, opened)
    assert closes is not None
    assert closes - opened == 7 * 3600


def test_opening_in_the_hour_that_spring_skips_happens_at_the_jump() -> None:
    jump = datetime(2024, 3, 31, 1, 0, tzinfo=UTC).timestamp()
    hours = daily((2 * 60 + 30, 6 * 60))
    assert next_change(hours, jump - 1800) == jump
    assert not is_open(hours, jump - 1)
    assert is_open(hours, jump)


def test_closing_in_the_hour_that_spring_skips_happens_at_the_jump() -> None:
    jump = datetime(2024, 3, 31, 1, 0, tzinfo=UTC).timestamp()
    assert next_change(daily((0, 2 * 60 + 30)), jump - 1800) == jump


def test_a_period_within_the_hour_that_spring_skips_does_not_happen() -> None:
    before = at(2024, 3, 31, 1)
    assert next_change(daily((2 * 60 + 15, 2 * 60 + 45)), before) == at(2024, 4, 1, 2, 15)


def test_a_period_in_the_hour_that_comes_twice_opens_twice() -> None:
    hours = daily((2 * 60, 2 * 60 + 30))
    changes = [at(2024, 10, 27, 0)]
    for _ in range(4):
        following = next_change(hours, changes[-1])
        assert following is not None
        changes.append(following)
    assert changes[1:] == [
        at(2024, 10, 27, 2, fold=0),
        at(2024, 10, 27, 2, 30, fold=0),
        at(2024, 10, 27, 2, fold=1),
        at(2024, 10, 27, 2, 30, fold=1),
    ]


def test_the_clock_may_jump_at_midnight() -> None:
    """Beirut skips from 00:00 to 01:00."""
    hours = daily((0, 30), zone="Asia/Beirut")
    jump = datetime(2024, 3, 30, 22, 0, tzinfo=UTC).timestamp()
    assert not is_open(hours, jump)
    assert next_change(hours, jump) == jump + 23 * 3600


minutes = st.integers(0, 1440)
days = st.lists(st.tuples(minutes, minutes).map(sorted).map(tuple), max_size=3).map(
    lambda periods: tuple(OpenPeriod(*period) for period in periods)
)
weeks = st.lists(days, min_size=7, max_size=7).map(tuple)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2025, 1, 1)) | st.sampled_from(
    # The days on which clocks change, in Copenhagen and New York.
    [datetime(2024, 3, 30, 12), datetime(2024, 10, 26, 12), datetime(2024, 3, 9, 20), datetime(2024, 11, 2, 20)]
)


@st.composite
def any_hours(draw: st.DrawFn) -> tuple[OpeningHours, datetime, Changes]:
    """Hours with special days near a moment, holidays, and a feed that closes times around it."""
    zone = draw(
        st.sampled_from(["Europe/Copenhagen", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata", "Asia/Beirut"])
    )
    moment = draw(moments).replace(second=0, microsecond=0, tzinfo=UTC)
    offsets = draw(st.dictionaries(st.integers(-1, 4), days, max_size=3))
    special = {(moment + timedelta(days=offset)).date().isoformat(): periods for offset, periods in offsets.items()}
    starts = draw(st.lists(st.tuples(st.integers(-2000, 4000), st.integers(1, 3000)), max_size=2))
    closed = tuple(
        ClosedTime(moment.timestamp() + start * 60, moment.timestamp() + (start + length) * 60, "any")
        for start, length in sorted(starts)
    )
    hours = OpeningHours("any", zone, draw(weeks), special_days=special, holidays=draw(st.sampled_from(["", "DK"])))
    return hours, moment, Changes(closed=closed)


@settings(max_examples=120, deadline=None)
@given(any_hours())
def test_the_next_change_is_the_first_minute_that_differs(drawn: tuple[OpeningHours, datetime, Changes]) -> None:
    hours, start, changes = drawn
    changing = next_change(hours, start.timestamp(), changes)
    now_open = is_open(hours, start.timestamp(), changes)
    minute = start
    limit = start + timedelta(days=8)
    while minute < limit and is_open(hours, minute.timestamp(), changes) == now_open:
        minute += timedelta(minutes=1)
    if changing is None or changing > limit.timestamp():
        assert minute == limit
    else:
        assert changing == minute.timestamp()


@pytest.mark.parametrize("day", range(7))
def test_each_weekday_has_its_own_hours(day: int) -> None:
    week = tuple((OpenPeriod(60, 120),) if index == day else () for index in range(7))
    hours = OpeningHours("one", "Europe/Copenhagen", week)
    monday = datetime(2024, 5, 13, 1, 30, tzinfo=COPENHAGEN)
    assert [is_open(hours, (monday + timedelta(days=index)).timestamp()) for index in range(7)] == [
        index == day for index in range(7)
    ]


# Days that are different

HALF_DAY = OpeningHours(
    "office",
    "Europe/Copenhagen",
    OFFICE.week,
    special_days={
        "2024-12-23": (OpenPeriod(8 * 60, 12 * 60),),
        "2024-12-24": (),
        "2024-12-26": (OpenPeriod(600, 720),),
    },
    holidays="DK",
)
PARTY = ClosedTime(at(2024, 5, 15, 12), at(2024, 5, 15, 14), "Summer party")


@pytest.mark.parametrize(
    ("moment", "slot", "why"),
    [
        (at(2024, 12, 20, 10), "open", "weekly hours"),
        (at(2024, 12, 20, 20), "closed", "weekly hours"),
        (at(2024, 12, 23, 10), "special-open", "special day"),
        (at(2024, 12, 23, 13), "special-closed", "special day"),
        (at(2024, 12, 24, 10), "special-closed", "special day"),
        (at(2024, 12, 25, 10), "special-closed", "holiday: Juledag"),
        (at(2024, 12, 26, 11), "special-open", "special day"),
    ],
)
def test_each_day_has_its_greeting(moment: float, slot: str, why: str) -> None:
    found = situation(HALF_DAY, moment)
    assert (found.slot, found.why) == (slot, why)


def test_after_a_half_day_it_opens_after_the_holidays() -> None:
    assert next_change(HALF_DAY, at(2024, 12, 23, 10)) == at(2024, 12, 23, 12)
    assert next_change(HALF_DAY, at(2024, 12, 23, 12)) == at(2024, 12, 26, 10)


def test_a_long_closure_is_looked_through() -> None:
    month = ClosedTime(at(2024, 7, 1), at(2024, 8, 1), "Holiday")
    assert next_change(OFFICE, at(2024, 6, 28, 17), Changes(closed=(month,))) == at(2024, 8, 1, 8)


def test_holidays_of_a_part_of_a_country_are_its_own() -> None:
    corpus_christi = at(2024, 5, 30, 10)
    bavaria, berlin = (msgspec.structs.replace(OFFICE, holidays=part) for part in ("DE-BY", "DE-BE"))
    assert situation(bavaria, corpus_christi).why == "holiday: Fronleichnam"
    assert situation(berlin, corpus_christi).open


@pytest.mark.parametrize(
    ("country", "known"), [("DK", True), ("NO", True), ("SE", True), ("DE-BY", True), ("DE-QQ", False), ("QQ", False)]
)
def test_countries_whose_holidays_are_known_can_be_told(country: str, known: bool) -> None:
    assert are_observed(country) is known


def test_holidays_of_a_country_nobody_knows_close_nothing() -> None:
    assert situation(msgspec.structs.replace(OFFICE, holidays="QQ"), at(2024, 12, 25, 10)).open


def test_a_feed_closes_its_times_and_nothing_else() -> None:
    changes = Changes(closed=(PARTY,))
    told = [situation(OFFICE, at(2024, 5, 15, hour), changes) for hour in (11, 12, 13, 14)]
    assert [each.slot for each in told] == ["open", "special-closed", "special-closed", "open"]
    assert told[1].why == "closing days: Summer party"
    assert next_change(OFFICE, at(2024, 5, 15, 9), changes) == PARTY.start


def test_a_special_day_of_ones_own_goes_before_the_feed() -> None:
    hours = msgspec.structs.replace(OFFICE, special_days={"2024-05-15": (OpenPeriod(0, 1440),)})
    assert situation(hours, PARTY.start, Changes(closed=(PARTY,))).slot == "special-open"


@pytest.mark.parametrize(("position", "is_so"), [("open", True), ("closed", False)])
@pytest.mark.parametrize("moment", [at(2024, 5, 15, 10), at(2024, 5, 15, 20)])
def test_the_switch_goes_before_everything_and_changes_by_hand_alone(
    position: Position, is_so: bool, moment: float
) -> None:
    changes = Changes(position, (PARTY,))
    assert situation(OFFICE, moment, changes).open is is_so
    assert situation(OFFICE, moment, changes).why == "switched by hand"
    assert next_change(OFFICE, moment, changes) is None


def test_a_switched_day_stays_normal_or_special() -> None:
    assert situation(HALF_DAY, at(2024, 12, 24, 10), Changes("open")).slot == "special-open"
    assert situation(HALF_DAY, at(2024, 12, 20, 10), Changes("closed")).slot == "closed"
