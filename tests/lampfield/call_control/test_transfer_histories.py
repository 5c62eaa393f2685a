"""Random histories of calls, transfers and pickups by phones, in virtual time: nothing is ever left behind."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from routing.events import CallArrived, CallEnded, CallTransferred, TransferRequested
from tests.support.exchange import Exchange
from tests.support.virtual_phone import Line, VirtualPhone

PEOPLE = {"anna": "201", "bjorn": "202", "henrik": "209", "ingrid": "208"}
NUMBERS = (*PEOPLE.values(), "301", "300", "40123456")
DELAYS = (0.0, 0.0, 0.0, 0.05, 1.0, 5.0, 25.0)
"""Seconds between two things: often none, so that they cross."""
WHATS = (
    *("call", "call", "consult", "consult", "ring", "answer", "answer", "answer", "answer", "refer", "pick up", "take"),
    *("join", "join", "join", "join", "hang up", "hold", "retrieve", "refuse", "be deaf"),
)
COMPANY = {
    "queues": {"sales": {"members": ["anna", "bjorn"], "wrap_up_seconds": 5, "strategy": "all"}},
    "company": {"calls": {"take_over": True, "recall_seconds": 10}},
}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("histories"), company=COMPANY) as running:
        yield running


class History:
    """One run of random doings."""

    def __init__(self, exchange: Exchange, random: Random) -> None:
        self.exchange = exchange
        self.random = random
        self.phones: list[VirtualPhone] = []

    async def play(self, steps: int) -> None:
        self.phones = [await self.exchange.phone(person) for person in PEOPLE]
        self.phones.append(await self.exchange.phone("henrik"))
        self.phones.append(await self.exchange.outside())
        for _ in range(steps):
            await asyncio.sleep(self.random.choice(DELAYS))
            self.step(self.random.choice(WHATS))

    def lines(self) -> list[Line]:
        return [line for phone in self.phones for line in phone.lines if not line.is_over]

    def step(self, what: str) -> None:
        lines, random = self.lines(), self.random
        up = [line for line in lines if line.is_up]
        incoming = [line for line in lines if line.can_answer]
        match what:
            case "call" if len(lines) < 8:
                phone = random.choice(self.phones)
                if phone.user in PEOPLE:
                    phone.call(random.choice(NUMBERS))
            case "consult" if up:
                random.choice(up).phone.call(random.choice(NUMBERS))
            case "ring" if incoming:
                random.choice(incoming).ring()
            case "answer" if incoming:
                random.choice(incoming).answer()
            case "refuse" if incoming:
                random.choice(incoming).refuse(random.choice((486, 603, 480)))
            case "refer" if up:
                random.choice(up).refer(random.choice(NUMBERS))
            case "join" if up:
                line = random.choice([line for line in up if len(line.phone.lines) > 1] or up)
                others = [other for other in line.phone.lines if other is not line and not other.is_over]
                if others:
                    line.refer_to(random.choice(others))
            case "pick up":
                code = random.choice(("*8", "**201", "**209", "**301"))
                random.choice(self.phones[:4]).call(code)
            case "take" if lines:
                replaces = random.choice(lines).replaces_of_lamp
                random.choice(self.phones[:4]).call("209", {"Replaces": replaces})
            case "hang up" if lines:
                random.choice(lines).hang_up()
            case "hold" if up:
                random.choice(up).hold()
            case "retrieve" if up:
                random.choice(up).retrieve()
            case "be deaf":
                phone = random.choice(self.phones)
                phone.takes_notify = random.choice((200, 200, 481, 0))


@pytest.mark.parametrize("seed", range(5))
def test_after_any_history_nothing_is_left_and_each_call_and_transfer_has_ended_once(
    exchange: Exchange, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    random = Random(seed)
    for _ in range(12):
        exchange.run(History(exchange, random).play(random.randrange(10, 60)))
        began = Counter(event.call for event in exchange.of(CallArrived))
        ended = Counter(event.call for event in exchange.of(CallEnded))
        assert began == ended
        assert set(began.values()) <= {1}
        blind = [event for event in exchange.of(CallTransferred) if event.kind == "blind"]
        assert len(blind) == len(exchange.of(TransferRequested))
    assert [entry.getMessage() for entry in caplog.records if entry.levelno >= logging.ERROR] == []
