"""People's states: asked for, followed, and all at once."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from provisioning.tokens import Client
from web.access import Access, Desk
from web.open_streams import CountedStream, OpenStreams
from web.problem import Problem
from web.state_board import Entry, StateBoard, TooOld
from web.state_boards import StateBoards
from web.state_models import State, StateList
from web.state_stream import Part, all_lines, follow
from web.state_view import View

SINCE = Query(ge=0, le=2**53, description="Tell what has changed after this number; 0 is everything.")
PERSON = Query(max_length=1000, description="Ids or extensions; without any, all people.")
EVERY = Query(ge=0, le=3600, description="Seconds between two parts at least; the last state is always told.")
_LIMIT = Query(ge=1, le=1000, description="The most states at once.")
_PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
_STREAMED: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}
_LINES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}}


class StateDesk:
    """What one client may see of its company's people."""

    def __init__(self, boards: StateBoards, desk: Desk) -> None:
        if not boards.complete:
            raise Problem(503, "signalling", "", "it to tell the states; try again", {"Retry-After": "2"})
        self._desk = desk
        self.boards = boards
        self.board: StateBoard = boards.of(desk.client.company)

    def view(self, people: list[str]) -> View:
        """What the client sees of these people, or of all."""
        chosen = [self.entry(person).key for person in people]
        return View(self._desk.client.name, self._desk.client.scopes, chosen)

    def entry(self, person: str) -> Entry:
        """The state of a person, by id or extension."""
        entry = self.board.find(person)
        if entry is None:
            raise Problem(404, "person", person, "the id or extension of somebody; GET /api/v1/states names all")
        return entry

    def parts(self, people: list[str], since: int, every: float) -> AsyncIterator[Part]:
        """What changes, as long as the token is valid."""
        return follow(self.boards, self.board, self.view(people), since, every, self._desk.welcome)

    @property
    def client(self) -> Client:
        return self._desk.client


def routes(access: Access, boards: StateBoards, streams: OpenStreams) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["states"])

    async def state_desk(desk: Annotated[Desk, Depends(access.to("states"))]) -> StateDesk:
        return StateDesk(boards, desk)

    client = Annotated[StateDesk, Depends(state_desk)]
    not_changed: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing has changed since If-None-Match"}}

    @router.get("/states", response_model=StateList, responses=not_changed, summary="States, or what has changed")
    async def states(
        desk: client,
        since: Annotated[int, SINCE] = 0,
        limit: Annotated[int, _LIMIT] = 1000,
        person: Annotated[list[str], PERSON] = [],  # noqa: B006  FastAPI copies it
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> Response:
        """In the order in which they changed. A number that is too old is answered 410: begin with 0 again."""
        tag = f'W/"{desk.board.sequence}-{int(boards.live)}"'
        if _matches(if_none_match, tag):
            return Response(None, 304, {"ETag": tag, **_PRIVATE})
        view = desk.view(person)
        try:
            entries = desk.board.after(since, limit)
        except TooOld:
            expected = f"0, or a number from {desk.board.oldest} to {desk.board.sequence}"
            raise Problem(410, "since", str(since), expected) from None
        changes = [change for change in map(view.change, entries) if change is not None]
        more = len(entries) == limit
        told = {
            "sequence": entries[-1].sequence if more else desk.board.sequence,
            "more": more,
            "live": boards.live,
            "states": [change.state for change in changes if change.state is not None],
            "gone": [change.gone for change in changes if change.gone is not None],
        }
        return _json(told, tag)

    @router.get("/states/{person}", response_model=State, responses=not_changed, summary="One person's state")
    async def state(person: str, desk: client, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        """By id or extension."""
        entry = desk.entry(person)
        assert entry.state is not None
        tag = f'"{entry.sequence}"'
        if _matches(if_none_match, tag):
            return Response(None, 304, {"ETag": tag, **_PRIVATE})
        return _json(desk.view([]).state(entry.sequence, entry.state), tag)

    @router.get(
        "/state-snapshot", responses=_LINES, response_class=StreamingResponse, summary="Everybody, line by line"
    )
    async def snapshot(desk: client) -> Response:
        """A state a line, and last `{"sequence": ...}`, the number from which on to follow what changes."""
        lines = all_lines(desk.board, desk.view([]))
        return CountedStream(streams.open(desk.client), lines, "application/x-ndjson", _PRIVATE)

    @router.get("/state-events", responses=_STREAMED, response_class=StreamingResponse, summary="Server-sent events")
    async def events(
        desk: client,
        since: Annotated[int, SINCE] = 0,
        every: Annotated[float, EVERY] = 0,
        person: Annotated[list[str], PERSON] = [],  # noqa: B006  FastAPI copies it
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """`state`, `gone` and `free` as they happen; `reset` where everything is told anew as too much was missed."""
        parts = desk.parts(person, _number(last_event_id, since), every)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return CountedStream(streams.open(desk.client), _events(parts), "text/event-stream", headers)

    return router


def _matches(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has it (RFC 9110 §13.1.2: compared weakly)."""
    given = [each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")]
    return "*" in given or tag.removeprefix("W/") in given


def _number(last_event_id: str | None, since: int) -> int:
    if last_event_id is None or last_event_id == "":
        return since
    if not last_event_id.isascii() or not last_event_id.isdigit() or len(last_event_id) > 16:
        raise Problem(422, "Last-Event-ID", last_event_id[:100], "the id of the last event that came")
    return int(last_event_id)


async def _events(parts: AsyncIterator[Part]) -> AsyncIterator[bytes]:
    """As text/event-stream (WHATWG HTML §9.2)."""
    yield b"retry: 2000\n\n"
    async for part in parts:
        if part.reset:
            yield b"event: reset\ndata: {}\n\n"
        elif not part.changes:
            yield b":\n\n"
        else:
            yield b"".join([_event(change.sequence, change.event, change) for change in part.changes])


def _event(sequence: int, event: str, content: object) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (sequence, event.encode(), msgspec.json.encode(content))


def _json(content: object, tag: str) -> Response:
    return Response(msgspec.json.encode(content), headers={"ETag": tag, **_PRIVATE}, media_type="application/json")
