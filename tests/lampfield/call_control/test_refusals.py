"""What a caller is told whose call a phone refuses."""

from collections.abc import Iterator

import pytest

from routing.events import LegEnded
from tests.support.exchange import Exchange


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("refusals")) as running:
        yield running


@pytest.mark.parametrize(
    ("refused", "told"),
    [(486, 486), (404, 404), (603, 603), (401, 480), (407, 480), (420, 480), (421, 480), (422, 480), (491, 480)],
)
def test_a_refusal_that_is_between_us_and_the_phone_is_not_passed_on(
    exchange: Exchange, refused: int, told: int
) -> None:
    async def test() -> None:
        astrid, henrik = await exchange.phone("astrid"), await exchange.phone("henrik")
        call = astrid.call("209")
        (await henrik.rings()).refuse(refused)
        await call.over()
        assert call.statuses[-1] == told
        (leg,) = exchange.of(LegEnded)
        assert leg.status == refused

    exchange.run(test())
