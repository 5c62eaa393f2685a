"""A network that rings somebody elsewhere too, and says that the call was answered there (RFC 3326)."""

from collections.abc import Iterator

import pytest

from call_records.call_record import CallRecord, fold
from call_records.missed_calls import fold_missed
from call_records.why import why
from routing.events import CallEnded, LegEnded, QueueLeft
from tests.lampfield.notices.test_watch import Watched
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN, MAIN_NUMBER
from tests.support.virtual_phone import Line

HENRIKS_NUMBER = "+4533221109"
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """All members of sales are away: who calls the main number goes through the queue to Henrik, unanswered."""
    company = {
        "people": {"henrik": {"outside_number": HENRIKS_NUMBER}},
        "main_numbers": {MAIN_NUMBER: {"open": "queue:sales", "greeting": None}},
        "queues": {"sales": {"on_no_members": "person:henrik"}},
    }
    with Exchange(tmp_path_factory.mktemp("elsewhere"), company=company) as running:
        yield running


def cancelled(exchange: Exchange, number: str, reason: str) -> Line:
    """Henrik's phone, rung by a call that the network has cancelled with this Reason."""

    async def test() -> Line:
        henrik, network = await exchange.phone("henrik"), await exchange.outside()
        call = network.call(number)
        rings = await henrik.rings()
        rings.ring()
        call.cancel(**({"Reason": reason} if reason else {}))
        await rings.over()
        return rings

    return exchange.run(test())


def record(exchange: Exchange) -> CallRecord:
    """Of the one call of the test."""
    return fold(exchange.events)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "for_phones", "on_record"),
    [
        (ELSEWHERE, True, True),
        ('Q.850;cause=16, sip ;text="Taken, there"; cause = 200', True, True),
        (f"Q.850;cause=16\r\nReason: {ELSEWHERE}", True, True),
        ("Q.850;cause=26", True, False),
        ('SIP;cause=2000;text="cause=200"', False, False),
        ('Q.850;cause=16;text="not, SIP;cause=200"', False, False),
        ('Q.850;cause=16;text="not \\", SIP;cause=200"', False, False),
        ("SIPX;cause=200", False, False),
        ("SIP;cause=486", False, False),
        ("Q.850;cause=200", False, False),
        ("Q.850;cause=16", False, False),
        ("", False, False),
    ],
)
def test_where_the_network_says_so_phones_note_no_missed_call_and_the_record_says_it_too(
    exchange: Exchange, reason: str, for_phones: bool, on_record: bool
) -> None:
    rings = cancelled(exchange, HENRIKS_NUMBER, reason)
    assert ("cause=200" in (rings.cancel_reason or "")) == for_phones
    assert [event.cause == "elsewhere" for event in exchange.of(LegEnded)] == [for_phones]
    (ended,) = exchange.of(CallEnded)
    assert (ended.cause, ended.by, ended.status) == ("elsewhere" if on_record else "abandoned", "caller", 487)
    told = [line.text for line in why(exchange.events)]  # type: ignore[arg-type]
    assert any("was answered elsewhere" in text for text in told) == on_record


@pytest.mark.parametrize(("reason", "missed"), [(ELSEWHERE, 0), ("", 1)])
def test_a_queue_has_missed_nobody_who_was_answered_elsewhere(exchange: Exchange, reason: str, missed: int) -> None:
    cancelled(exchange, MAIN_NUMBER, reason)
    assert [event.outcome for event in exchange.of(QueueLeft)] == ["no-members"]
    company = exchange.parts.door.directory.companies[DOMAIN]
    assert len(fold_missed(company, "sales", [record(exchange)])) == missed
    assert len(Watched().told_of(*exchange.events)) == missed
