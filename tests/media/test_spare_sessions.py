"""RTP sessions opened before anybody needs one."""

import asyncio
import itertools

from media.client import MediaClient
from media.events import EngineBack, EngineLost
from media.spare_sessions import MOST_SPARE, SpareSession, SpareSessions
from tests.media.running_engine import RunningEngine, connected, real_time, until


def spares_of(client: MediaClient) -> SpareSessions:
    numbers = itertools.count()
    return SpareSessions(client, "127.0.0.1", lambda: f"spare-{next(numbers)}")


async def taken(spares: SpareSessions) -> SpareSession:
    """The next one, when it is there."""
    found: list[SpareSession] = []

    async def there() -> bool:
        await asyncio.sleep(0)
        found.extend(spare for spare in (spares.take(),) if spare is not None)
        return bool(found)

    await until(there)
    return found[0]


@real_time
async def test_a_session_is_there_without_waiting_and_never_given_twice(engine: RunningEngine) -> None:
    client = (await connected(engine)).client
    spares = spares_of(client)
    await spares.begin()
    given = [await taken(spares) for _ in range(2 * MOST_SPARE)]
    open_now = {info.session: info.port for info in await client.sessions()}
    assert len(set(given)) == len(given)
    assert all(open_now[spare.name] == spare.port for spare in given)
    await client.disconnect()


@real_time
async def test_no_more_than_asked_for_are_kept(engine: RunningEngine) -> None:
    client = (await connected(engine)).client
    spares = spares_of(client)
    await spares.begin()
    for _ in range(5):
        client.drop((await taken(spares)).name)
    assert len(await client.sessions()) <= MOST_SPARE
    await client.disconnect()


@real_time
async def test_all_are_given_back_at_the_end(engine: RunningEngine) -> None:
    client = (await connected(engine)).client
    spares = spares_of(client)
    await spares.begin()
    used = await taken(spares)
    spares.close()
    assert {info.session for info in await client.sessions()} <= {used.name}
    await client.disconnect()


@real_time
async def test_those_that_a_killed_controller_left_are_closed_and_calls_are_not(engine: RunningEngine) -> None:
    first = (await connected(engine)).client
    spares = spares_of(first)
    await spares.begin()
    used = await taken(spares)
    first.configure(used.name, ("127.0.0.1", 9), "PCMA", 8, None)
    await first.open("ringing", "127.0.0.1")
    await first.disconnect()
    second = (await connected(engine)).client
    await SpareSessions(second, "127.0.0.1", lambda: "spare").begin({"ringing"})
    assert {info.session for info in await second.sessions()} - {"spare"} == {used.name, "ringing"}
    await second.disconnect()


@real_time
async def test_none_of_a_lost_engine_is_given_to_anybody(engine: RunningEngine) -> None:
    controller = await connected(engine)
    spares = spares_of(controller.client)
    await spares.begin()
    await taken(spares)
    engine.restart()
    await controller.event(EngineLost)
    spares.forget()
    assert spares.take() is None
    await controller.event(EngineBack)
    await spares.begin()
    used = await taken(spares)
    assert used.name in {info.session for info in await controller.client.sessions()}
    await controller.client.disconnect()
