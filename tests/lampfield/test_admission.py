"""New calls are refused by three limits, and taken again when there is room."""

import asyncio
import time

from lampfield.admission import LATE, RETRY_AFTER, SMOOTHING, TICK, Admission


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_calls_beyond_the_most_at_a_time_are_refused_with_retry_after() -> None:
    admission = Admission(2, 100, Hand())
    assert [admission.refusal(calls) for calls in (0, 1, 2)] == [None, None, RETRY_AFTER]


def test_calls_beyond_the_rate_are_refused_until_time_has_passed() -> None:
    clock = Hand()
    admission = Admission(100, 3, clock)
    assert [admission.refusal(0) for _ in range(4)] == [None, None, None, RETRY_AFTER]
    clock.now += 1 / 3 + 0.001
    assert admission.refusal(0) is None


def test_a_closed_door_refuses_everybody() -> None:
    admission = Admission(100, 100, Hand())
    admission.closed = True
    assert admission.refusal(0) == RETRY_AFTER


def test_a_loop_that_falls_behind_refuses_calls_until_it_has_caught_up() -> None:
    told: list[int | None] = []

    async def overloaded() -> None:
        admission = Admission(100, 100, time.monotonic)
        changed = asyncio.Event()

        def tell(retry_after: int | None) -> None:
            told.append(retry_after)
            changed.set()

        watching = asyncio.ensure_future(admission.watch(tell))
        await asyncio.sleep(0)
        busy_until = time.monotonic() + TICK + 1.5 * LATE / SMOOTHING
        while time.monotonic() < busy_until:
            pass
        async with asyncio.timeout(5):
            await changed.wait()
            assert admission.refusal(0) == RETRY_AFTER
            while told[-1] is not None:
                changed.clear()
                await changed.wait()
        assert admission.refusal(0) is None
        watching.cancel()

    asyncio.run(overloaded())
    assert told[0] == RETRY_AFTER
