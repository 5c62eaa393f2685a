"""The same events over WebSocket (RFC 6455): a JSON object a message, nothing is awaited from the client."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from web.access import Access
from web.open_streams import OpenStreams
from web.problem import Problem, answer_of
from web.state_boards import StateBoards
from web.state_stream import Part
from web.states import EVERY, PERSON, SINCE, StateDesk

POLICY_VIOLATION = 1008
"""How it is closed where the token is valid no more (RFC 6455 §7.4.1)."""


def routes(access: Access, boards: StateBoards, streams: OpenStreams) -> APIRouter:
    """The endpoint."""
    router = APIRouter(tags=["states"])

    @router.websocket("/state-socket")
    async def follow(
        websocket: WebSocket,
        since: Annotated[int, SINCE] = 0,
        every: Annotated[float, EVERY] = 0,
        person: Annotated[list[str], PERSON] = [],  # noqa: B006  FastAPI copies it
    ) -> None:
        scheme, _, token = websocket.headers.get("Authorization", "").partition(" ")
        try:
            desk = await access.let_in("states", token.strip() if scheme.lower() == "bearer" else None, websocket)
            parts = StateDesk(boards, desk).parts(person, since, every)
            stream = streams.open(desk.client)
        except Problem as problem:
            await websocket.send_denial_response(answer_of(problem))
            return
        with stream:
            await websocket.accept()
            sending = asyncio.ensure_future(_send(websocket, parts))
            leaving = asyncio.ensure_future(_left(websocket))
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            for task in (sending, leaving):
                task.cancel()

    return router


async def _send(websocket: WebSocket, parts: AsyncIterator[Part]) -> None:
    async for part in parts:
        if part.reset:
            await websocket.send_text('{"reset":true}')
        for change in part.changes:
            await websocket.send_text(msgspec.json.encode(change).decode())
    await websocket.close(POLICY_VIOLATION)


async def _left(websocket: WebSocket) -> None:
    try:
        while True:
            await websocket.receive_bytes()
    except (WebSocketDisconnect, KeyError):
        return
