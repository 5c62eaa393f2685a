"""What is remembered of opening hours is what they are."""

import random

import msgspec

from routing.hours import BY_FILE, Changes, ClosedTime, situation
from routing.hours_now import HoursNow
from routing.model import OpeningHours, OpenPeriod
from tests.routing.nordlys import OFFICE

MIDNIGHT = 1_715_810_400.0
"""The 16th of May 2024 begins in Copenhagen."""
BROKEN = OpeningHours("broken", "Asia/Kathmandu", ((OpenPeriod(7, 11 * 60 + 3), OpenPeriod(723, 1440)),) * 7)
"""A zone that is not whole hours from UTC, and periods of odd minutes."""
FEED = Changes(closed=(ClosedTime(MIDNIGHT + 30_000.5, MIDNIGHT + 30_017.25, "inventory"),))


def test_at_any_instant_the_answer_is_that_of_the_hours_themselves() -> None:
    dice = random.Random(4)
    now, remembered = MIDNIGHT - 4000.0, HoursNow()
    while now < MIDNIGHT + 90_000:
        for hours in (OFFICE, BROKEN):
            for changes in (FEED, BY_FILE, Changes("closed")):
                assert remembered.situation(hours, now, changes) == situation(hours, now, changes), (hours.name, now)
        now += dice.choice((0.25, 3.0, 19.0, 59.0, 300.0))


def test_what_is_remembered_ends_with_the_last_second_before_a_border_of_a_feed() -> None:
    remembered, begin, end = HoursNow(), FEED.closed[0].start, FEED.closed[0].end
    open_at = [remembered.situation(OFFICE, at, FEED).open for at in (begin - 0.25, begin, end - 0.25, end)]
    assert open_at == [situation(OFFICE, at, FEED).open for at in (begin - 0.25, begin, end - 0.25, end)]
    assert open_at == [True, False, False, True]


def test_hours_of_another_company_file_count_at_once_and_so_does_a_clock_that_went_back() -> None:
    remembered, noon = HoursNow(), MIDNIGHT + 12 * 3600
    assert remembered.situation(OFFICE, noon, BY_FILE).open
    never = msgspec.structs.replace(OFFICE, week=((),) * 7)
    assert not remembered.situation(never, noon, BY_FILE).open
    assert remembered.situation(OFFICE, noon, BY_FILE).open
    assert not remembered.situation(OFFICE, MIDNIGHT, BY_FILE).open
