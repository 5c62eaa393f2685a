"""The opening hours as a caller hears them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from routing.hours import BY_FILE, Changes, ClosedTime, Position
from routing.menu.told import told
from routing.model import OpeningHours, OpenPeriod, Week

DAY, LUNCH = OpenPeriod(8 * 60, 17 * 60), (OpenPeriod(8 * 60, 12 * 60), OpenPeriod(12 * 60 + 30, 16 * 60))
WEEK: Week = ((DAY,), (DAY,), (DAY,), (DAY,), LUNCH, (), ())
OFFICE = OpeningHours("office", "Europe/Copenhagen", WEEK)
FROM_8_TO_17 = ["word/from", "time/8", "word/to", "time/17"]


def at(month: int, day: int, hour: int = 10) -> float:
    return datetime(2024, month, day, hour, tzinfo=ZoneInfo("Europe/Copenhagen")).timestamp()


def spoken(
    hours: OpeningHours, moment: float = at(5, 15), changes: Changes = BY_FILE, language: str = "da"
) -> list[str]:
    return told(hours, moment, changes, language)


def test_days_with_the_same_hours_are_told_together_and_lunch_is_told() -> None:
    friday = ["word/from", "time/8", "word/to", "time/12", "word/and", "word/from", "hour/12", "minute/30"]
    assert spoken(OFFICE) == [
        "hours/weekly",
        *["weekday/1", "word/to", "weekday/4", *FROM_8_TO_17],
        *["weekday/5", *friday, "word/to", "time/16"],
    ]


def test_english_says_which_half_of_the_day() -> None:
    assert "half-day/pm" in spoken(OFFICE, language="en")


@pytest.mark.parametrize(
    ("week", "clips"),
    [
        (((DAY,),) * 7, ["hours/every-day", *FROM_8_TO_17]),
        (((DAY,),) * 2 + ((),) * 5, ["weekday/1", "word/and", "weekday/2", *FROM_8_TO_17]),
        (((DAY,), ()) * 3 + ((),), [clip for day in (1, 3, 5) for clip in (f"weekday/{day}", *FROM_8_TO_17)]),
        (((OpenPeriod(0, 1440),),) * 7, ["hours/every-day", "hours/all-day"]),
        (
            ((OpenPeriod(20 * 60, 1440),),) + ((),) * 6,
            ["weekday/1", "word/from", "time/20", "word/to", "time/24"],
        ),
    ],
)
def test_the_week_is_told_as_people_do(week: Week, clips: list[str]) -> None:
    assert spoken(OpeningHours("any", "Europe/Copenhagen", week)) == ["hours/weekly", *clips]


def test_without_any_hours_it_says_so() -> None:
    assert spoken(OpeningHours("none", "Europe/Copenhagen", ((),) * 7)) == ["hours/never"]


def test_todays_special_hours_are_told() -> None:
    hours = msgspec.structs.replace(OFFICE, special_days={"2024-05-15": (OpenPeriod(600, 720),)})
    assert spoken(hours)[-5:] == ["hours/today", "word/from", "time/10", "word/to", "time/12"]


def test_a_day_that_is_closed_today_and_the_next_one_are_told() -> None:
    hours = msgspec.structs.replace(OFFICE, holidays="DK")
    next_closed = ["hours/next-closed", "weekday/4", "day/26", "month/12"]
    assert spoken(hours, at(12, 25))[-5:] == ["hours/closed-today", *next_closed]


def test_the_next_day_with_hours_of_its_own_is_told_before_the_next_closed_one() -> None:
    special = {"2024-12-24": (OpenPeriod(480, 720),), "2024-12-28": (OpenPeriod(600, 840),), "2024-12-31": ()}
    hours = msgspec.structs.replace(OFFICE, holidays="DK", special_days=special)
    half_day = ["weekday/2", "day/24", "month/12", "word/from", "time/8", "word/to", "time/12"]
    next_closed = ["hours/next-closed", "weekday/3", "day/25", "month/12"]
    assert spoken(hours, at(12, 20))[-11:] == [*half_day, *next_closed]
    open_saturday = ["weekday/6", "day/28", "month/12", "word/from", "time/10", "word/to", "time/14"]
    assert spoken(hours, at(12, 27))[-11:] == [*open_saturday, "hours/next-closed", "weekday/2", "day/31", "month/12"]
    assert "word/to" not in spoken(hours, at(12, 28))[-4:], "today's are told as today's"


def test_a_closed_day_on_which_it_never_opens_is_not_told() -> None:
    hours = msgspec.structs.replace(OFFICE, special_days={"2024-05-18": ()})
    assert "hours/next-closed" not in spoken(hours)


def test_what_the_feed_closes_of_today_is_taken_from_todays_hours() -> None:
    party = ClosedTime(at(5, 15, 12), at(5, 15, 14), "party")
    until_12, from_14 = ["word/from", "time/8", "word/to", "time/12"], ["word/from", "time/14", "word/to", "time/17"]
    assert spoken(OFFICE, changes=Changes(closed=(party,)))[-10:] == ["hours/today", *until_12, "word/and", *from_14]


@pytest.mark.parametrize(("position", "clip"), [("open", "hours/open-now"), ("closed", "hours/closed-now")])
def test_a_turned_switch_is_told_of_now(position: Position, clip: str) -> None:
    assert spoken(OFFICE, changes=Changes(position))[-1] == clip
