"""The same events over WebSocket (RFC 6455): a JSON object a message, nothing is awaited from the client."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
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

GOING_AWAY = 1001
"""How it is closed where the process ends (RFC 6455 §7.4.1): the client connects again."""
UNSUPPORTED_DATA = 1003
"""Where the client has said something: nobody would read it."""
POLICY_VIOLATION = 1008
"""Where the token is valid no more."""


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
        with stream, suppress(WebSocketDisconnect):
            await websocket.accept()
            if await _spoken_to(websocket, parts):
                expected = "expected no messages: since, every and person stand in the URL"
                await websocket.close(UNSUPPORTED_DATA, expected)
            elif boards.closing:
                await websocket.close(GOING_AWAY, "the server stops; connect again")
            else:
                await websocket.close(POLICY_VIOLATION, "the token is not valid any more")

    return router


async def _spoken_to(websocket: WebSocket, parts: AsyncIterator[Part]) -> bool:
    """Send it all; True as soon as the client says something. Raises WebSocketDisconnect where it leaves."""
    sending = asyncio.ensure_future(_send(websocket, parts))
    hearing = asyncio.ensure_future(websocket.receive())
    try:
        await asyncio.wait((sending, hearing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sending.cancel()
        hearing.cancel()
    sent, heard = await asyncio.gather(sending, hearing, return_exceptions=True)
    for each in (sent, heard):
        if isinstance(each, Exception):
            raise each
    if isinstance(heard, dict) and heard["type"] == "websocket.disconnect":
        raise WebSocketDisconnect
    return isinstance(heard, dict)


async def _send(websocket: WebSocket, parts: AsyncIterator[Part]) -> None:
    async for part in parts:
        if part.reset:
            await websocket.send_text('{"reset":true}')
        for change in part.changes:
            await websocket.send_text(msgspec.json.encode(change).decode())
