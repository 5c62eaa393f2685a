"""The clock of timers and opening hours: it follows the machine's, and neither goes back nor leaps."""

import time

from hypothesis import given
from hypothesis import strategies as st

from sipcore.io.clock import FASTEST, WallClock

NOON = 1_700_000_000.0


class Machine:
    """Real time, and what the machine's clock makes of it."""

    def __init__(self) -> None:
        self.real = 1000.0
        self.ahead = 0.0

    def wall(self) -> float:
        return NOON + self.real + self.ahead

    def steady(self) -> float:
        return self.real

    def clock(self) -> WallClock:
        return WallClock(self.wall, self.steady)


def test_it_is_the_time_of_day() -> None:
    clock = WallClock()
    readings = [clock() for _ in range(1000)]
    assert readings == sorted(readings)
    assert abs(readings[0] - time.time()) < 5


def test_what_the_machine_stood_still_is_made_good_without_a_leap() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.ahead = 3.0
    assert clock.align(1.0) == 3.0
    before = clock()
    for _ in range(80):
        machine.real += 1.0
        assert clock() - before <= 1.0 + FASTEST + 1e-6
        before = clock()
        clock.align(1.0)
    assert abs(machine.wall() - clock()) < 0.11


def test_a_clock_that_was_set_back_is_told_and_not_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    before = clock()
    machine.ahead = -3600.0
    assert clock.align(1.0) == -3600.0
    machine.real += 10.0
    assert clock() == before + 10.0


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(-10, 10)), max_size=50))
def test_whatever_the_machine_does_it_goes_on_by_real_time_and_a_little_more(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    clock = machine.clock()
    for passed, jump in steps:
        before = clock()
        machine.real += passed
        machine.ahead += jump
        assert passed - 1e-5 <= clock() - before <= passed * (1 + FASTEST) + 1e-5
        clock.align(1.0)
