"""What the tests of transfers share: a company, phones in calls, and what is on record."""

import asyncio

from call_records.call_record import CallRecord, fold
from routing.events import CallTransferred
from tests.support.exchange import Exchange
from tests.support.virtual_phone import Line, VirtualPhone

COMPANY = {
    "queues": {"sales": {"members": ["anna", "bjorn"], "wrap_up_seconds": 30}},
    "company": {"calls": {"recall_seconds": 20}},
    "people": {"ingrid": {"ring_seconds": 15}},
}


async def connected(caller: VirtualPhone, callee: VirtualPhone, number: str) -> tuple[Line, Line]:
    """Both ends of a call."""
    call = caller.call(number)
    answering = await callee.rings()
    answering.ring()
    answering.answer()
    await call.up()
    await asyncio.sleep(1)
    return call, answering


async def three(exchange: Exchange, *people: str) -> list[VirtualPhone]:
    return [await exchange.phone(person) for person in people]


def record(exchange: Exchange, call: str) -> CallRecord:
    return fold(event for event in exchange.events if event.call == call)  # type: ignore[misc]


def transfers(exchange: Exchange) -> list[tuple[str, str, str, str, str, int]]:
    return [
        (event.kind, event.by, event.side, event.to, event.outcome, event.status)
        for event in exchange.of(CallTransferred)
    ]
