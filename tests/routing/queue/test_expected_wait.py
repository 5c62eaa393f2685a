"""How long a caller will probably wait."""

import pytest

from routing.queue.events import Served
from routing.queue.expected_wait import expected_wait
from tests.routing.queue.table import Table


def test_a_place_takes_as_long_as_it_took_lately() -> None:
    served = [Served(900.0, 1, 30.0), Served(930.0, 2, 60.0), Served(960.0, 3, 90.0)]
    assert expected_wait(1, served, 1000.0) == pytest.approx(30.0)
    assert expected_wait(4, served, 1000.0) == pytest.approx(120.0)


def test_of_few_callers_nothing_is_known() -> None:
    served = [Served(900.0, 1, 30.0), Served(930.0, 2, 60.0)]
    assert expected_wait(1, served, 1000.0) is None


def test_what_is_long_ago_is_not_counted() -> None:
    served = [Served(900.0, 1, 30.0)] * 3
    assert expected_wait(1, served, 4500.0) == pytest.approx(30.0)
    assert expected_wait(1, served, 4501.0) is None


def test_the_queue_measures_those_for_whom_nobody_was_free() -> None:
    table = Table("anna")
    table.join("a", "b", "c", "d")
    for minute, call in enumerate(("a", "b", "c", "d"), start=1):
        assert table.view().waiting[0].expected_wait is None
        table.answers("anna")
        table.at(60 * minute).machine.talk_ended(call, table.now)
    table.busy("anna")
    table.join("e", "f")
    assert [waiting.expected_wait for waiting in table.view().waiting] == [
        pytest.approx((60 + 120 + 180) / (2 + 3 + 4)),
        pytest.approx(2 * (60 + 120 + 180) / (2 + 3 + 4)),
    ]
