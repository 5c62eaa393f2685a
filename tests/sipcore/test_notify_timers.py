"""Buckets of timers."""

from hypothesis import given
from hypothesis import strategies as st

from sipcore.notify_timers import Buckets


@given(st.lists(st.floats(0, 100), min_size=1))
def test_everything_fires_once_not_early_and_at_most_a_bucket_late(times: list[float]) -> None:
    buckets: Buckets[int] = Buckets(0.1)
    for number, at in enumerate(times):
        buckets.add(buckets.tick(at), number)
    fired: dict[int, float] = {}
    while (now := buckets.next_timeout()) is not None:
        for _, number in buckets.due(now):
            assert number not in fired
            fired[number] = now
    assert fired.keys() == set(range(len(times)))
    for number, at in enumerate(times):
        assert at - 1e-6 <= fired[number] <= at + 0.1 + 1e-6


def test_what_is_added_while_firing_waits_for_its_own_tick() -> None:
    buckets: Buckets[str] = Buckets(1.0)
    buckets.add(5, "first")
    for _, _ in buckets.due(5.0):
        buckets.add(7, "second")
    assert list(buckets.due(6.9)) == []
    assert list(buckets.due(7.0)) == [(7, "second")]


def test_what_is_discarded_does_not_fire() -> None:
    buckets: Buckets[str] = Buckets(1.0)
    buckets.add(5, "stays")
    buckets.add(5, "goes")
    buckets.discard(5, "goes")
    buckets.discard(6, "never there")
    assert list(buckets.due(5.0)) == [(5, "stays")]
    assert buckets.next_timeout() is None
