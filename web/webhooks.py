"""Webhooks, and being told when somebody is free: what clients want to be told of, and how that stands."""

import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response

from provisioning.standing_requests import Webhook, WhenFree
from web.access import Access, Desk
from web.backend import DatabaseAway
from web.deliveries import Courier, Couriers
from web.problem import Discreet, Problem
from web.state_boards import StateBoards
from web.states import StateDesk
from web.webhook_models import NewWebhook, NewWish, ToldWebhook, Wish
from web.when_free import FreeDesk

MOST = 1000
"""Webhooks, or wishes, of one client."""


def webhook_routes(access: Access, boards: StateBoards, couriers: Couriers, allowed: Callable[[str], str]) -> APIRouter:
    """The endpoints. `allowed` tells what is wrong with a URL, or nothing."""
    router = APIRouter(tags=["webhooks"], route_class=Discreet)
    client = Annotated[Desk, Depends(access.to("states"))]

    def found(desk: Desk, id: str) -> Courier:
        courier = next((each for each in _own(desk, couriers) if each.webhook.id == id), None)
        if courier is None:
            raise Problem(404, "webhook", id, "the id of one of this client's")
        return courier

    @router.post("/webhooks", response_model=ToldWebhook, status_code=201, summary="Have changes told to a URL")
    async def add(wanted: NewWebhook, desk: client) -> Any:
        """From now on. Each request is signed with the secret; it is sent again until it is answered with success."""
        if fault := allowed(wanted.url):
            raise Problem(422, "url", wanted.url, fault)
        if len(_own(desk, couriers)) >= MOST:
            raise Problem(409, "webhooks", str(MOST), "fewer of one client; delete some")
        states = StateDesk(boards, desk)
        webhook = Webhook(
            id=secrets.token_hex(8),
            company=desk.client.company,
            client=desk.client.name,
            url=wanted.url,
            secret=wanted.secret,
            people=tuple([states.entry(person).key for person in wanted.people]),
            events=tuple(dict.fromkeys(wanted.events)),
            made_at=time.time(),
        )
        try:
            return _told(await couriers.add(webhook))
        except DatabaseAway as away:
            raise _no_database() from away

    @router.get("/webhooks", response_model=list[ToldWebhook], summary="This client's webhooks, and how they stand")
    async def webhooks(desk: client) -> Any:
        return [_told(courier) for courier in _own(desk, couriers)]

    @router.get("/webhooks/{webhook}", response_model=ToldWebhook, summary="One of them")
    async def one(webhook: str, desk: client) -> Any:
        return _told(found(desk, webhook))

    @router.delete("/webhooks/{webhook}", status_code=204, response_class=Response, summary="Tell it no more")
    async def remove(webhook: str, desk: client) -> None:
        try:
            await couriers.remove(found(desk, webhook).webhook.id)
        except DatabaseAway as away:
            raise _no_database() from away

    return router


def when_free_routes(access: Access, boards: StateBoards, free: FreeDesk) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["when free"])
    client = Annotated[Desk, Depends(access.to("states"))]

    def found(desk: Desk, id: str) -> WhenFree:
        wish = next((each for each in free.of(desk.client.company, desk.client.name) if each.id == id), None)
        if wish is None:
            raise Problem(404, "wish", id, "the id of one of this client's")
        return wish

    @router.post("/when-free", response_model=Wish, status_code=201, summary="Tell when somebody is free, once")
    async def add(wanted: NewWish, desk: client) -> Any:
        """As the event `free` on this client's streams and webhooks; at once where the person is free already."""
        if len(free.of(desk.client.company, desk.client.name)) >= MOST:
            raise Problem(409, "when-free", str(MOST), "fewer of one client; delete some")
        now = time.time()
        wish = WhenFree(
            id=secrets.token_hex(8),
            company=desk.client.company,
            client=desk.client.name,
            person=StateDesk(boards, desk).entry(wanted.person).key,
            made_at=now,
            expires_at=now + wanted.seconds,
        )
        try:
            return _wish(await free.add(wish))
        except DatabaseAway as away:
            raise _no_database() from away

    @router.get("/when-free", response_model=list[Wish], summary="Whom this client waits for, or did a day ago")
    async def wishes(desk: client) -> Any:
        return [_wish(wish) for wish in free.of(desk.client.company, desk.client.name)]

    @router.get("/when-free/{wish}", response_model=Wish, summary="One of them")
    async def one(wish: str, desk: client) -> Any:
        return _wish(found(desk, wish))

    @router.delete("/when-free/{wish}", status_code=204, response_class=Response, summary="Wait no more")
    async def remove(wish: str, desk: client) -> None:
        try:
            await free.remove(found(desk, wish))
        except DatabaseAway as away:
            raise _no_database() from away

    return router


def _own(desk: Desk, couriers: Couriers) -> list[Courier]:
    return couriers.of(desk.client.company, desk.client.name)


def _told(courier: Courier) -> dict[str, Any]:
    webhook, standing = courier.webhook, courier.standing
    return {
        "id": webhook.id,
        "url": webhook.url,
        "people": webhook.people,
        "events": webhook.events,
        "made_at": webhook.made_at,
        "state": "ended" if webhook.ended else "failing" if standing.failures else "active",
        "why": webhook.ended or standing.fault,
        "failures": standing.failures,
        "failing_since": standing.failing_since,
        "delivered_at": standing.delivered_at,
        "ended_at": webhook.ended_at,
    }


def _wish(wish: WhenFree) -> dict[str, Any]:
    waiting = "waiting" if time.time() < wish.expires_at else "expired"
    return {
        "id": wish.id,
        "person": wish.person,
        "state": waiting if wish.free_at is None else "free",
        "made_at": wish.made_at,
        "expires_at": wish.expires_at,
        "free_at": wish.free_at,
    }


def _no_database() -> Problem:
    return Problem(503, "database", "", "it to answer; try again", {"Retry-After": "5"})
