"""The clock that jumps."""

import asyncio
import time

import pytest

from tests.support.virtual_time import START, Deadlock, OutOfTime, now, run


def test_an_hour_passes_without_waiting() -> None:
    async def main() -> float:
        await asyncio.sleep(3600)
        return now()

    began = time.monotonic()
    assert run(main()) == pytest.approx(START + 3600)
    assert time.monotonic() - began < 1


def test_timers_fire_in_order_at_their_own_times() -> None:
    async def main() -> list[tuple[str, float]]:
        seen: list[tuple[str, float]] = []

        async def wait(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            seen.append((name, now() - START))

        await asyncio.gather(wait("b", 20.1), wait("a", 0.001), wait("c", 90_000))
        return seen

    assert [(name, round(at, 3)) for name, at in run(main())] == [("a", 0.001), ("b", 20.1), ("c", 90_000.0)]


def test_waiting_for_what_cannot_happen_is_told_with_the_place() -> None:
    async def main() -> None:
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match=r"nothing is scheduled.*\n.*test_virtual_time\.py"):
        run(main())


def test_an_endless_scenario_ends() -> None:
    async def main() -> None:
        while True:  # noqa: ASYNC110  endless on purpose
            await asyncio.sleep(60)

    with pytest.raises(OutOfTime):
        run(main(), limit=3600)


def test_a_timeout_is_virtual_too() -> None:
    async def main() -> None:
        async with asyncio.timeout(1800):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run(main())


def test_work_in_a_thread_is_waited_for_with_the_clock_standing_still() -> None:
    async def main() -> float:
        timer = asyncio.create_task(asyncio.sleep(5))
        await asyncio.to_thread(time.sleep, 0.02)
        after = now()
        await timer
        return after

    assert run(main()) == START


def test_an_exception_nobody_took_care_of_fails_the_run() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(1, lambda: 1 / 0)
        await asyncio.sleep(2)

    with pytest.raises(ZeroDivisionError):
        run(main())
