"""More calls than can be done: a server before whose socket callers queue and call again, in virtual time."""

from collections import deque
from heapq import heappop, heappush
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lampfield.admission import Admission
from sipcore.io.backlog import Backlog

CALL, REFUSAL = 0.0011, 0.00001
"""Seconds of work for a call from INVITE to BYE, and for the INVITE or the ACK of a refused one."""
BATCH = 64
BUFFER = 3600
"""Datagrams read at a turn of the loop, and those that fit the socket's buffer where it is as large as we ask for."""
SHARE = {"INVITE": 0.6, "ACK": 0.1, "BYE": 0.3}
"""How the work for a call is parted; each part takes half as long to one and a half times as long."""
T1, T2 = 0.5, 4.0
SETTLED = 2.0
"""Seconds after which what is done a second is counted."""


class Overloaded:
    """A loop that takes batches off its socket, and callers who hang up half a second after the answer.

    At `stalls` the machine stands still for 0.3 s, from `slower_from` on the work takes twice as long.
    """

    def __init__(self, per_second: float, seconds: float, *, call: float = CALL, seed: int = 1) -> None:
        self.now = 0.0
        self.done: list[float] = []
        self.waited: list[float] = []
        self.refused = 0
        self.stalls: deque[float] = deque()
        self.slower_from = seconds
        self.buffer = BUFFER
        self.lost = 0
        self._call = call
        self._seconds = seconds
        self._random = Random(seed)
        self._refusing = False
        self._admission = Admission(5000, 5000, lambda: self.now, self._told)
        self._backlog = Backlog()
        self._calls = 0
        self._answered: dict[int, str] = {}
        self._socket: deque[tuple[float, str, int]] = deque()
        self._coming: list[tuple[float, str, int, float]] = []
        at = 0.0
        while at < seconds:
            at += self._random.expovariate(per_second)
            heappush(self._coming, (at, "INVITE", len(self._coming), T1))

    def run(self) -> "Overloaded":
        while self.now < self._seconds and (self._coming or self._socket):
            if self.stalls and self.now >= self.stalls[0]:
                self.stalls.popleft()
                self.now += 0.3
            self._arrive()
            if not self._socket:
                self.now = self._coming[0][0]
                continue
            full = len(self._socket) >= BATCH
            batch = [self._socket.popleft() for _ in range(min(BATCH, len(self._socket)))]
            waited, filled = (self.now - batch[-1][0], len(self._socket) / self.buffer) if full else (0.0, 0.0)
            self._backlog.look(waited, self.now, filled)
            self._admission.waiting(self._backlog.is_behind)
            for datagram in batch:
                self._work(*datagram)
        return self

    def done_per_second(self, since: float, until: float) -> float:
        return sum(since < at <= until for at in self.done) / (until - since)

    def _told(self, retry_after: int | None) -> None:
        self._refusing = retry_after is not None

    def _arrive(self) -> None:
        while self._coming and self._coming[0][0] <= self.now:
            at, kind, number, again = heappop(self._coming)
            if self._answered.get(number) == kind or (kind == "INVITE" and number in self._answered):
                continue
            if len(self._socket) < self.buffer:
                self._socket.append((at, kind, number))
            else:
                self.lost += 1
            if kind != "ACK":
                heappush(self._coming, (at + again, kind, number, min(2 * again, T2)))

    def _work(self, came: float, kind: str, number: int) -> None:
        before = self._answered.get(number)
        if before in (kind, "refused") or (kind == "INVITE" and before):
            self.now += REFUSAL
            return
        if kind == "INVITE" and (self._refusing or self._admission.refusal(self._calls) is not None):
            self._answered[number] = "refused"
            self.refused += 1
            self.now += REFUSAL
            heappush(self._coming, (self.now, "ACK", number, T1))
            return
        slower = 2.0 if self.now >= self.slower_from else 1.0
        waited = self.now - came
        self.now += slower * self._call * SHARE[kind] * self._random.uniform(0.5, 1.5)
        self._answered[number] = kind
        if kind == "INVITE":
            self._admission.taken()
            self.waited.append(waited)
            self._calls += 1
            heappush(self._coming, (self.now, "ACK", number, T1))
            heappush(self._coming, (self.now + 0.5, "BYE", number, T1))
        elif kind == "BYE":
            self._calls -= 1
            self.done.append(self.now)


def could_do(offered: float, call: float = CALL) -> float:
    """Calls a second, beside refusing the rest."""
    return min(offered, (1 - 2 * offered * REFUSAL) / (call - 2 * REFUSAL))


@pytest.mark.parametrize("times", [0.9, 1.0, 1.1, 2.0, 4.0])
def test_what_can_be_done_beside_refusing_the_rest_is_done_and_who_is_taken_has_not_waited_long(times: float) -> None:
    offered = times / CALL
    server = Overloaded(offered, 8.0).run()
    assert server.done_per_second(SETTLED, 8.0) >= 0.97 * could_do(offered)
    assert max(server.waited) < 0.3


@settings(max_examples=15, deadline=None)
@given(call=st.floats(0.0005, 0.005), times=st.floats(1.1, 6.0), seed=st.integers(0, 1000))
def test_however_long_a_call_takes_what_can_be_done_is_done(call: float, times: float, seed: int) -> None:
    offered = times / call
    server = Overloaded(offered, 6.0, call=call, seed=seed).run()
    # In four seconds a slow server does few calls, the last of which are half done.
    assert server.done_per_second(SETTLED, 6.0) >= 0.95 * could_do(offered, call) - 10
    assert max(server.waited) < 0.3 + BATCH * call


@pytest.mark.parametrize("buffer", [270, 550])
def test_a_small_receive_buffer_loses_nothing_and_what_can_be_done_is_done(buffer: int) -> None:
    offered = 2 / CALL
    server = Overloaded(offered, 8.0)
    server.buffer = buffer
    server.run()
    assert server.done_per_second(SETTLED, 8.0) >= 0.97 * could_do(offered)
    assert server.lost == 0


def test_nobody_is_refused_while_all_can_be_done_also_when_the_machine_stood_still_for_a_moment() -> None:
    server = Overloaded(0.4 / CALL, 8.0)
    server.stalls.extend((2.0, 4.0, 6.0))
    server.run()
    assert server.refused == 0
    assert max(server.waited) < 0.5


def test_where_the_machine_stands_still_again_and_again_the_rest_of_the_time_is_used() -> None:
    offered = 2 / CALL
    server = Overloaded(offered, 8.0)
    server.stalls.extend(range(1, 8))
    server.run()
    assert server.done_per_second(SETTLED, 8.0) >= 0.95 * 0.7 * could_do(offered)
    assert max(server.waited) < 0.7


def test_half_a_second_after_the_work_became_twice_as_long_what_can_be_done_is_done() -> None:
    offered = 1.5 / CALL
    server = Overloaded(offered, 8.0)
    server.slower_from = 4.0
    server.run()
    assert server.done_per_second(SETTLED, 4.0) >= 0.95 * could_do(offered)
    assert server.done_per_second(4.5, 8.0) >= 0.95 * could_do(offered, 2 * CALL)
    assert max(server.waited) < 0.4
