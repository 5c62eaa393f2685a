"""Messages of calls wait for each other while many come, and never for long."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from sipcore.flow import Flow
from sipcore.io.gathering import COMPANY, FOLLOWING, METHODS, PATIENCE, PERIOD, Batch, Gathering
from tests.support import virtual_time

FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.2", 5060))
SECOND = 400
"""Messages of calls in one second: so many that they wait for each other."""


def message(begin: bytes, number: int) -> tuple[bytes, Flow]:
    return begin + b"%d" % number, FLOW


class Handed:
    """What came out, and when."""

    def __init__(self) -> None:
        self.batches: list[tuple[float, Batch]] = []
        self._loop = asyncio.get_running_loop()
        self.gathering = Gathering(self.note)

    def note(self, batch: Batch) -> None:
        self.batches.append((self._loop.time(), batch))

    def all(self) -> list[bytes]:
        return [data for _, batch in self.batches for data, _ in batch]

    async def calls_come(self, seconds: float) -> None:
        """So many for so long that those which come next are many."""
        for number in range(round(seconds * SECOND)):
            self.gathering.receive([message(b"INVITE ", number)])
            await asyncio.sleep(1 / SECOND)
        self.gathering.release()
        self.batches.clear()


def test_a_call_by_itself_waits_for_nobody() -> None:
    async def scenario() -> None:
        handed = Handed()
        for number in range(100):
            for begin in METHODS:
                handed.gathering.receive([message(begin, number)])
                assert handed.all()[-1] == begin + b"%d" % number
            await asyncio.sleep(0.2)

    virtual_time.run(scenario())


def test_many_calls_are_worked_on_together_within_their_patience() -> None:
    async def scenario() -> None:
        handed = Handed()
        await handed.calls_come(0.3)
        came = {}
        for number in range(SECOND):
            came[b"BYE %d" % number] = asyncio.get_running_loop().time()
            handed.gathering.receive([message(b"BYE ", number)])
            await asyncio.sleep(1 / SECOND)
        await asyncio.sleep(PATIENCE)
        assert handed.all() == list(came), "all, once, in their order"
        for at, batch in handed.batches:
            assert all(at - came[data] <= PATIENCE + 1e-6 for data, _ in batch)
        assert len(handed.batches) < SECOND / 5, "several by one turn"

    virtual_time.run(scenario())


def test_when_they_come_fast_nothing_waits_for_its_time() -> None:
    async def scenario() -> None:
        handed = Handed()
        await handed.calls_come(0.3)
        handed.gathering.receive([message(b"INVITE ", number) for number in range(COMPANY)])
        assert len(handed.all()) == COMPANY

    virtual_time.run(scenario())


def test_lamps_registrations_and_answers_do_not_wait() -> None:
    async def scenario() -> None:
        handed = Handed()
        await handed.calls_come(0.3)
        others = [b"REGISTER ", b"SUBSCRIBE ", b"PUBLISH ", b"SIP/2.0 200 "]
        for number, begin in enumerate(others):
            handed.gathering.receive([message(b"INVITE ", number), message(begin, number)])
            assert handed.all() == [begin + b"%d" % number]
            handed.gathering.release()
            handed.batches.clear()

    virtual_time.run(scenario())


def test_when_few_come_again_they_wait_no_longer() -> None:
    async def scenario() -> None:
        handed = Handed()
        await handed.calls_come(0.3)
        await asyncio.sleep(3 * PERIOD)
        handed.gathering.receive([message(b"INVITE ", 1)])
        assert handed.all() == [b"INVITE 1"]

    virtual_time.run(scenario())


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*METHODS, *FOLLOWING, b"REGISTER ", b"SIP/2.0 200 "]),
            st.sampled_from([0.0, 0.001, 0.004, 0.03, 0.3]),
        ),
        max_size=120,
    )
)
def test_nothing_is_lost_and_requests_of_calls_keep_their_order(came: list[tuple[bytes, float]]) -> None:
    async def scenario() -> None:
        handed = Handed()
        await handed.calls_come(0.3)
        messages = [message(begin, number)[0] for number, (begin, _) in enumerate(came)]
        for data, (_, pause) in zip(messages, came, strict=True):
            handed.gathering.receive([(data, FLOW)])
            await asyncio.sleep(pause)
        await asyncio.sleep(PATIENCE)
        assert sorted(handed.all()) == sorted(messages)
        of_calls = [data for data in messages if data.startswith(METHODS + FOLLOWING)]
        assert [data for data in handed.all() if data.startswith(METHODS + FOLLOWING)] == of_calls

    virtual_time.run(scenario())
