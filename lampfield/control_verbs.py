"""What the running server answers on its control socket."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lampfield.control_socket import Outbox, Verb
from lampfield.fan_out import FanOut
from lampfield.live_calls import LiveCalls
from lampfield.trace import TraceFilter, TraceHub
from provisioning.directory import Directory

CALLS_SECONDS = 0.5
"""Between two pictures of the calls in progress."""


class ControlVerbs:
    """`calls`: those in progress, again and again; `events`, `trace`: as they happen; the others: once."""

    def __init__(
        self,
        live: LiveCalls,
        events: FanOut,
        trace: TraceHub,
        directory: Callable[[], Directory],
        status: Callable[[], dict[str, Any]],
        reload: Callable[[], Awaitable[str]],
        reload_sounds: Callable[[], Awaitable[str]],
    ) -> None:
        self._live = live
        self._events = events
        self._trace = trace
        self._directory = directory
        self._status = status
        self._reload = reload
        self._reload_sounds = reload_sounds

    def table(self) -> dict[str, Verb]:
        return {
            "calls": self._calls,
            "events": self._follow_events,
            "reload": self._read_anew,
            "sounds": self._read_sounds_anew,
            "status": self._tell,
            "trace": self._follow_trace,
        }

    async def _calls(self, arguments: dict[str, str], outbox: Outbox) -> None:
        while True:
            outbox.put(self._live.snapshot())
            await asyncio.sleep(CALLS_SECONDS)

    async def _follow_events(self, arguments: dict[str, str], outbox: Outbox) -> None:
        await _until_cancelled(self._events.follow(outbox.put))

    async def _follow_trace(self, arguments: dict[str, str], outbox: Outbox) -> None:
        phone = arguments.get("phone")
        names = names_of(self._directory(), phone) if phone is not None else None
        wanted = TraceFilter(names, arguments.get("call"))
        await _until_cancelled(
            self._trace.follow(lambda message: outbox.put(message) if wanted.wants(message) else None)
        )

    async def _read_anew(self, arguments: dict[str, str], outbox: Outbox) -> None:
        outbox.put(await self._reload())

    async def _read_sounds_anew(self, arguments: dict[str, str], outbox: Outbox) -> None:
        outbox.put(await self._reload_sounds())

    async def _tell(self, arguments: dict[str, str], outbox: Outbox) -> None:
        outbox.put(self._status())


def names_of(directory: Directory, phone: str) -> frozenset[str]:
    """All by which messages may name a phone: where it is a person's extension or id, the other one too."""
    people = (found.person for found in directory.people.values())
    return frozenset({phone}).union(
        *((person.id, person.extension) for person in people if phone in (person.id, person.extension))
    )


async def _until_cancelled(unfollow: Callable[[], None]) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        unfollow()
