"""Open or closed, and when that changes. Copenhagen: summer time from 2024-03-31 01:00 UTC to 2024-10-27 01:00 UTC."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.hours import is_open, next_change
from routing.model import OpeningHours, OpenPeriod
from tests.routing.nordlys import OFFICE

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


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
weeks = st.lists(
    st.lists(st.tuples(minutes, minutes).map(sorted).map(tuple), max_size=3).map(
        lambda periods: tuple(OpenPeriod(*period) for period in periods)
    ),
    min_size=7,
    max_size=7,
).map(tuple)


@settings(max_examples=150, deadline=None)
@given(
    weeks,
    st.sampled_from(["Europe/Copenhagen", "Australia/Lord_Howe", "America/New_York", "Asia/Kolkata"]),
    st.datetimes(datetime(2024, 1, 1), datetime(2025, 1, 1)),
)
def test_the_next_change_is_the_first_minute_that_differs(
    week: tuple[tuple[OpenPeriod, ...], ...], zone: str, moment: datetime
) -> None:
    hours = OpeningHours("any", zone, week)
    start = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    changes = next_change(hours, start.timestamp())
    now_open = is_open(hours, start.timestamp())
    minute = start
    limit = start + timedelta(days=8)
    while minute < limit and is_open(hours, minute.timestamp()) == now_open:
        minute += timedelta(minutes=1)
    if changes is None or changes > limit.timestamp():
        assert minute == limit
    else:
        assert changes == minute.timestamp()


@pytest.mark.parametrize("day", range(7))
def test_each_weekday_has_its_own_hours(day: int) -> None:
    week = tuple((OpenPeriod(60, 120),) if index == day else () for index in range(7))
    hours = OpeningHours("one", "Europe/Copenhagen", week)
    monday = datetime(2024, 5, 13, 1, 30, tzinfo=COPENHAGEN)
    assert [is_open(hours, (monday + timedelta(days=index)).timestamp()) for index in range(7)] == [
        index == day for index in range(7)
    ]
