"""The timer wheel: never early, at most one bucket late, cancelled timers never fire."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from sipcore.timers import GRANULARITY, TimerWheel

HALF_AN_HOUR = 1800.0
CALLS = 100
"""In each bucket."""


def fire(wheel: TimerWheel, now: float) -> list[str]:
    return [timer.what for timer in wheel.expired(now)]


def test_a_timer_fires_once_and_not_early() -> None:
    wheel = TimerWheel()
    wheel.start(None, "A", 0.5, now=100.0)
    assert fire(wheel, 100.499) == []
    assert fire(wheel, 100.5 + GRANULARITY) == ["A"]
    assert fire(wheel, 200.0) == []
    assert len(wheel) == 0


def test_next_timeout_is_when_the_earliest_live_timer_is_due() -> None:
    wheel = TimerWheel()
    assert wheel.next_timeout() is None
    early = wheel.start(None, "E", 1.0, now=10.0)
    wheel.start(None, "F", 32.0, now=10.0)
    assert wheel.next_timeout() == 11.0
    wheel.cancel(early)
    assert wheel.next_timeout() == 42.0


def test_a_timer_cancelled_while_its_bucket_fires_is_not_given() -> None:
    wheel = TimerWheel()
    wheel.start(None, "A", 1.0, now=0.0)
    second = wheel.start(None, "B", 1.0, now=0.0)
    fired = []
    for timer in wheel.expired(2.0):
        fired.append(timer.what)
        wheel.cancel(second)
    assert fired == ["A"]


def test_a_timer_started_while_another_fires_waits_for_its_own_time() -> None:
    wheel = TimerWheel()
    wheel.start(None, "A", 0.5, now=0.0)
    for _ in wheel.expired(0.5):
        wheel.start(None, "A again", 1.0, now=0.5)
    assert fire(wheel, 1.45) == []
    assert fire(wheel, 1.5) == ["A again"]


def test_cancelling_twice_or_after_firing_does_nothing() -> None:
    wheel = TimerWheel()
    timer = wheel.start(None, "K", 1.0, now=0.0)
    wheel.cancel(timer)
    wheel.cancel(timer)
    other = wheel.start(None, "L", 1.0, now=0.0)
    assert fire(wheel, 5.0) == ["L"]
    wheel.cancel(other)
    assert wheel.next_timeout() is None


@given(
    delays=st.lists(st.floats(min_value=0.001, max_value=100.0), max_size=40),
    steps=st.lists(st.floats(min_value=0.001, max_value=30.0), max_size=20),
)
def test_every_timer_fires_within_one_bucket_of_its_time(delays: list[float], steps: list[float]) -> None:
    wheel = TimerWheel()
    for number, delay in enumerate(delays):
        wheel.start(None, str(number), delay, now=1_700_000_000.0)
    now = 1_700_000_000.0
    fired: set[int] = set()
    for step in [*steps, 200.0]:
        now += step
        for timer in wheel.expired(now):
            fired.add(int(timer.what))
            assert now - 1_700_000_000.0 >= delays[int(timer.what)] - 1e-6
        for number, delay in enumerate(delays):
            if number not in fired:
                assert now - 1_700_000_000.0 < delay + GRANULARITY + 1e-6
    assert fired == set(range(len(delays)))


def room_after_short_calls(buckets: int, staying: int) -> float:
    """Bytes of a bucket in which session timers were started and, but for a few, cancelled as the calls ended."""
    wheel = TimerWheel()
    tracemalloc.start()
    try:
        for number in range(buckets):
            now = number * GRANULARITY
            timers = [wheel.start(None, "refresh", HALF_AN_HOUR, now) for _ in range(CALLS)]
            for timer in timers[staying:]:
                wheel.cancel(timer)
        del timer, timers
        assert len(wheel) == buckets * staying
        return tracemalloc.get_traced_memory()[0] / buckets
    finally:
        tracemalloc.stop()


def test_the_timers_of_calls_that_are_over_leave_no_room_behind() -> None:
    assert room_after_short_calls(1000, staying=0) < 400
    assert room_after_short_calls(1000, staying=3) < 1000
