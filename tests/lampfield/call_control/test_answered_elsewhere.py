"""A network that rings somebody elsewhere too, and says that the call was answered there (RFC 3326)."""

from collections.abc import Iterator

import pytest

from tests.support.exchange import Exchange

HENRIKS_NUMBER = "+4533221109"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    company = {"people": {"henrik": {"outside_number": HENRIKS_NUMBER}}}
    with Exchange(tmp_path_factory.mktemp("elsewhere"), company=company) as running:
        yield running


@pytest.mark.parametrize(
    ("reason", "elsewhere"),
    [
        ('SIP;cause=200;text="Call completed elsewhere"', True),
        ('Q.850;cause=16, sip ;text="Taken, there"; cause = 200', True),
        ("Q.850;cause=26", True),
        ('SIP;cause=2000;text="cause=200"', False),
        ("Q.850;cause=16", False),
        ("", False),
    ],
)
def test_phones_note_no_missed_call_where_the_network_says_so(exchange: Exchange, reason: str, elsewhere: bool) -> None:
    async def test() -> None:
        henrik, network = await exchange.phone("henrik"), await exchange.outside()
        call = network.call(HENRIKS_NUMBER)
        rings = await henrik.rings()
        rings.ring()
        call.cancel(**({"Reason": reason} if reason else {}))
        await rings.over()
        assert ("cause=200" in (rings.cancel_reason or "")) == elsewhere

    exchange.run(test())
