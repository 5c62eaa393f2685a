"""Following a board: each client has a place in the order of changes, and takes what comes after it at its own pace."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import suppress

import msgspec

from web.state_board import StateBoard, TooOld
from web.state_boards import StateBoards
from web.state_view import Change, View

MOST_AT_ONCE = 500
"""Changes told in one part."""
BEAT_SECONDS = 15.0
"""So often something is sent, whatever changes, so that both sides notice when the other is gone."""

Welcome = Callable[[], Awaitable[bool]]
"""Whether the client may still be told; asked at each beat."""


class Part(msgspec.Struct, frozen=True):
    """Some changes; none is a beat. `reset`: what the client knows is too old, and everything is told anew."""

    changes: tuple[Change, ...] = ()
    reset: bool = False


async def follow(
    boards: StateBoards, board: StateBoard, view: View, since: int, every: float, welcome: Welcome
) -> AsyncGenerator[Part, None]:
    """What has changed after `since` (0: everything), then what changes, every so many seconds at most."""
    loop = asyncio.get_running_loop()
    cursor, quiet_until, beat_at = since, 0.0, loop.time() + BEAT_SECONDS
    while not boards.closing:
        if loop.time() >= beat_at:
            if not await welcome():
                return
            yield Part()
            beat_at = loop.time() + BEAT_SECONDS
        if loop.time() < quiet_until:
            await _at_most(boards.closed(), min(quiet_until, beat_at))
            continue
        try:
            entries = board.after(cursor, MOST_AT_ONCE)
        except TooOld:
            yield Part(reset=True)
            cursor = 0
            continue
        cursor = entries[-1].sequence if entries else max(cursor, board.sequence)
        changes = tuple([change for change in map(view.change, entries) if change is not None])
        if changes:
            yield Part(changes)
        if len(entries) == MOST_AT_ONCE:
            continue
        if changes and every:
            quiet_until = loop.time() + every
        else:
            await _at_most(board.changed(cursor), beat_at)


async def _at_most(waiting: Awaitable[None], until: float) -> None:
    """Wait, but no longer than until then, by the loop's clock."""
    with suppress(TimeoutError):
        async with asyncio.timeout_at(until):
            await waiting


async def all_lines(board: StateBoard, view: View) -> AsyncIterator[bytes]:
    """Everybody's state as it is when it is sent, a JSON object a line; the last line has the number to go on from."""
    sequence = board.sequence
    people = board.people()
    for first in range(0, len(people), MOST_AT_ONCE):
        entries = map(board.find, people[first : first + MOST_AT_ONCE])
        states = [view.state(entry.sequence, entry.state) for entry in entries if entry and entry.state]
        yield msgspec.json.Encoder().encode_lines(states)
    yield msgspec.json.encode({"sequence": sequence}) + b"\n"
