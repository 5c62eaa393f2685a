"""The ids of calls."""

import asyncio
from itertools import pairwise
from pathlib import Path

from tests.support.exchange import Exchange


def test_the_ids_of_calls_rise_with_the_time_and_those_of_one_moment_are_others(tmp_path: Path) -> None:
    with Exchange(tmp_path) as exchange:

        async def test() -> None:
            caller = await exchange.outside()
            for pause in (2.0, 30.0, 1000.0):
                calls = [caller.call("+4533221100") for _ in range(2)]
                for call in calls:
                    await call.up()
                seen.append({live.call for live in exchange.parts.live.snapshot()})
                for call in calls:
                    call.hang_up()
                await asyncio.sleep(pause)

        seen: list[set[str]] = []
        exchange.run(test())
    assert [len(ids) for ids in seen] == [2, 2, 2]
    assert all(max(earlier) < min(later) for earlier, later in pairwise(seen))
