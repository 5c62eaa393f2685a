"""Twice as many calls as can be done: a server before whose socket callers queue and call again, in virtual time."""

from collections import deque
from heapq import heappop, heappush

import pytest

from lampfield.admission import TICK, Admission

CALL, REFUSAL = 0.0011, 0.00003
"""Seconds of work for a call from INVITE to BYE, and for a refused one: as measured on two cores."""
BATCH = 64
BUFFER = 3600
"""Datagrams read at a turn of the loop, and those that fit the socket's buffer."""
SHARE = {"INVITE": 0.6, "ACK": 0.1, "BYE": 0.3}
"""How the work for a call is parted."""
T1, T2 = 0.5, 4.0


class Overloaded:
    """A loop that takes batches off its socket, and callers who hang up half a second after the answer."""

    def __init__(self, per_second: float, seconds: float) -> None:
        self.now = 0.0
        self.seconds = seconds
        self.done: list[float] = []
        self._refusing = False
        self._admission = Admission(5000, 5000, lambda: self.now, self._told)
        self._calls = 0
        self._answered: set[int] = set()
        self._socket: deque[tuple[str, int]] = deque()
        self._coming: list[tuple[float, str, int, float]] = []
        for number in range(round(per_second * seconds)):
            heappush(self._coming, (number / per_second, "INVITE", number, T1))

    def run(self) -> None:
        due = TICK
        while self.now < self.seconds:
            self._arrive()
            if self.now >= due:
                self._admission.look(self.now - due, len(self._socket) / BUFFER, self._calls)
                due = self.now + TICK
            if not self._socket:
                self.now = min(self._coming[0][0] if self._coming else due, due)
            for _ in range(min(BATCH, len(self._socket))):
                self._work(*self._socket.popleft())

    def done_per_second(self, since: float) -> float:
        return sum(at > since for at in self.done) / (self.seconds - since)

    def _told(self, retry_after: int | None) -> None:
        self._refusing = retry_after is not None

    def _arrive(self) -> None:
        while self._coming and self._coming[0][0] <= self.now:
            at, kind, number, again = heappop(self._coming)
            if kind == "INVITE" and number in self._answered:
                continue
            if len(self._socket) < BUFFER:
                self._socket.append((kind, number))
            if kind == "INVITE" or len(self._socket) == BUFFER:
                heappush(self._coming, (at + again, kind, number, min(2 * again, T2)))

    def _work(self, kind: str, number: int) -> None:
        if kind == "INVITE" and (
            number in self._answered or self._refusing or self._admission.refusal(self._calls) is not None
        ):
            self._answered.add(number)
            self.now += REFUSAL
            return
        self.now += CALL * SHARE[kind]
        if kind == "INVITE":
            self._answered.add(number)
            self._calls += 1
            heappush(self._coming, (self.now, "ACK", number, T1))
            heappush(self._coming, (self.now + 0.5, "BYE", number, T1))
        elif kind == "BYE":
            self._calls -= 1
            self.done.append(self.now)


@pytest.mark.parametrize(("times", "at_least"), [(0.9, 0.99), (2.0, 0.95), (4.0, 0.9)])
def test_what_can_be_done_beside_refusing_the_rest_is_done(times: float, at_least: float) -> None:
    offered = times / CALL
    server = Overloaded(offered, 20.0)
    server.run()
    could_do = min(offered, (1 - offered * REFUSAL) / (CALL - REFUSAL))
    assert server.done_per_second(10.0) >= at_least * could_do
