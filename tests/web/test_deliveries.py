"""Webhooks are told until they take it, in order, and are ended where they never do."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from provisioning.standing_requests import StandingRequest, Webhook
from provisioning.tokens import Client
from tests.support.virtual_time import now, run
from tests.web.told import told
from web.deliveries import GIVE_UP_SECONDS, LONGEST_RETRY_SECONDS, Couriers, Delivery, NotTaken
from web.state_boards import StateBoards
from web.told_state import Everybody, States


class Shop:
    """One webhook, its server, and what is kept of it."""

    def __init__(self) -> None:
        self.boards = StateBoards(now)
        self.kept: dict[str, StandingRequest] = {}
        self.client: Client | None = Client("nordlys", "crm", ("states",), now())
        self.taken: list[Delivery] = []
        self.asked_at: list[float] = []
        self.takes: Callable[[], bool] = lambda: True
        self.couriers = Couriers(self.boards, self, self, self, now)
        self.show("anna", "bo")

    async def post(self, url: str, secret: str, body: bytes) -> None:
        self.asked_at.append(now())
        if not self.takes():
            raise NotTaken("status 503")
        self.taken.append(msgspec.json.decode(body, type=Delivery))

    async def find(self, token: str) -> Client | None:
        raise NotImplementedError

    async def named(self, company: str, name: str) -> Client | None:
        return self.client

    async def keep(self, request: StandingRequest) -> None:
        self.kept[request.id] = request

    async def drop(self, id: str) -> None:
        del self.kept[id]

    def show(self, *people: str, condition: str = "idle") -> None:
        self.boards.take(States("nordlys", tuple(told(person, condition) for person in people)))
        self.boards.take(Everybody({"nordlys": ("anna", "bo")}))

    def conditions(self) -> list[tuple[str, str]]:
        states = [change.state for delivery in self.taken for change in delivery.changes]
        return [(state.person, state.condition) for state in states if state is not None]


def webhook(*people: str) -> Webhook:
    return Webhook(
        id="w1",
        company="nordlys",
        client="crm",
        url="https://crm.example/",
        secret="s",
        people=people,
        events=("state", "gone", "free"),
        made_at=0.0,
    )


def test_it_is_told_what_changes_from_then_on_of_those_it_asked_for() -> None:
    async def scenario() -> None:
        shop = Shop()
        courier = await shop.couriers.add(webhook("anna"))
        shop.show("bo", condition="talking")
        await asyncio.sleep(1)
        assert shop.taken == []
        shop.show("anna", condition="talking")
        await asyncio.sleep(1)
        assert shop.conditions() == [("anna", "talking")]
        assert courier.standing.delivered_at is not None
        shop.couriers.close()

    run(scenario())


def test_it_is_asked_again_later_and_later_and_told_the_last_state_then() -> None:
    async def scenario() -> None:
        shop = Shop()
        shop.takes = lambda: False
        courier = await shop.couriers.add(webhook())
        shop.show("anna", condition="ringing")
        await asyncio.sleep(3600)
        shop.show("anna", condition="talking")
        assert courier.standing.failures == len(shop.asked_at)
        assert courier.standing.fault == "status 503"
        waits = [late - early for early, late in zip(shop.asked_at, shop.asked_at[1:], strict=False)]
        assert waits[0] == pytest.approx(1, abs=0.2)
        assert waits[-1] == pytest.approx(LONGEST_RETRY_SECONDS, rel=0.2)
        shop.takes = lambda: True
        await asyncio.sleep(2 * LONGEST_RETRY_SECONDS)
        assert shop.conditions() == [("anna", "talking")]
        assert courier.standing.failures == 0
        shop.couriers.close()

    run(scenario())


def test_it_is_ended_after_a_day_in_vain_and_stays_so_over_a_restart() -> None:
    async def scenario() -> None:
        shop = Shop()
        shop.takes = lambda: False
        await shop.couriers.add(webhook())
        shop.show("anna", condition="talking")
        await asyncio.sleep(GIVE_UP_SECONDS + 2 * LONGEST_RETRY_SECONDS)
        ended = shop.kept["w1"]
        assert isinstance(ended, Webhook)
        assert ended.ended == "nothing was taken for 24 hours: status 503"
        asked = len(shop.asked_at)
        again = Shop()
        again.couriers.restore(ended)
        again.show("anna", condition="idle")
        await asyncio.sleep(3600)
        assert len(shop.asked_at) == asked
        assert again.asked_at == []

    run(scenario())


def test_after_a_restart_it_is_told_that_all_follows_anew() -> None:
    async def scenario() -> None:
        shop = Shop()
        shop.couriers.restore(webhook())
        await asyncio.sleep(1)
        first, second = shop.taken
        assert first.reset
        assert len(second.changes) == 2
        shop.couriers.close()

    run(scenario())


def test_it_ends_with_the_token() -> None:
    async def scenario() -> None:
        shop = Shop()
        await shop.couriers.add(webhook())
        shop.client = None
        shop.show("anna", condition="talking")
        await asyncio.sleep(120)
        ended = shop.kept["w1"]
        assert isinstance(ended, Webhook)
        assert ended.ended == "the token is not valid any more"
        assert shop.taken == []

    run(scenario())
