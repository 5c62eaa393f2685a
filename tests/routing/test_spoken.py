"""What can be said with clips is said with clips that are there."""

from datetime import date, time, timedelta

import pytest

from media.prompts.library import LANGUAGES, PACKAGED, PromptLibrary
from routing import spoken

LIBRARY = PromptLibrary()


def assert_said(names: list[str], language: str) -> None:
    for name in names:
        assert LIBRARY.find(name, language).is_relative_to(PACKAGED / language), name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_time_and_date_can_be_said_in_every_language(language: str) -> None:
    for value in range(1000):
        assert_said(spoken.number(value), language)
    for minutes in range(24 * 60):
        assert_said(spoken.clock(time(*divmod(minutes, 60)), language), language)
    for days in range(366):
        day = date(2028, 1, 1) + timedelta(days)
        assert_said([*spoken.weekday(day), *spoken.calendar_day(day)], language)


def test_hundreds_come_before_the_rest() -> None:
    assert spoken.number(99) == ["number/99"]
    assert spoken.number(300) == ["number/300"]
    assert spoken.number(342) == ["hundreds/3", "number/42"]


@pytest.mark.parametrize("value", [-1, 1000])
def test_a_number_beyond_the_clips_is_refused(value: int) -> None:
    with pytest.raises(ValueError, match="from 0 to 999"):
        spoken.number(value)


def test_digits_are_said_one_by_one() -> None:
    assert spoken.digits("+45 33") == ["number/4", "number/5", "number/3", "number/3"]


def test_only_who_counts_to_twelve_hears_the_half_day() -> None:
    assert spoken.clock(time(17, 5), "da") == ["hour/17", "minute/5"]
    assert spoken.clock(time(17, 5), "en") == ["hour/17", "minute/5", "half-day/pm"]
    assert spoken.clock(time(0, 5), "fi") == ["hour/0", "minute/5", "half-day/am"]
    assert spoken.clock(time(17), "en") == ["time/17"]


def test_a_date_is_day_and_month_and_monday_is_the_first() -> None:
    assert spoken.calendar_day(date(2026, 12, 24)) == ["day/24", "month/12"]
    assert spoken.weekday(date(2026, 11, 22)) == ["weekday/7"]
