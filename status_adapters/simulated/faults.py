"""Faults to order: how a simulated server fails its next requests."""

import asyncio
from collections import deque
from typing import Any, Literal

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

FaultKind = Literal[
    "slow", "unauthorized", "throttled", "error", "garbage", "huge", "silent", "duplicate", "out-of-order"
]
"""`slow`: answers after some seconds. `unauthorized`, `throttled`, `error`: 401, 429 with Retry-After, 500. `garbage`,
`huge`: what is neither JSON nor XML, and too much of it. `silent`: no answer at all. `duplicate`, `out-of-order`:
events come twice, or the newer before the older; these two the server plays itself.
"""
_OWN: frozenset[FaultKind] = frozenset(("duplicate", "out-of-order"))


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One order."""

    kind: FaultKind
    times: int = 1
    """For so many requests; 0: until the orders are cleared."""
    seconds: float = 2.0
    """Of `slow`, and in the Retry-After of `throttled`."""


class Faults:
    """The orders of one server."""

    def __init__(self) -> None:
        self._orders: deque[Fault] = deque()

    def order(self, kind: FaultKind, times: int = 1, seconds: float = 2.0) -> None:
        """Have this fault after those ordered before."""
        self._orders.append(Fault(kind, times, seconds))

    def clear(self) -> None:
        self._orders.clear()

    def next(self) -> Fault | None:
        """The fault of this request; those that the server plays itself are left to it."""
        return self._take(lambda fault: fault.kind not in _OWN)

    def taken(self, kind: Literal["duplicate", "out-of-order"]) -> bool:
        """Whether such a fault was ordered for now."""
        return self._take(lambda fault: fault.kind == kind) is not None

    def _take(self, wanted: Any) -> Fault | None:
        for place, fault in enumerate(self._orders):
            if wanted(fault):
                if fault.times == 1:
                    del self._orders[place]
                elif fault.times:
                    self._orders[place] = msgspec.structs.replace(fault, times=fault.times - 1)
                return fault
        return None


class Faulty:
    """A server's application with its faults before it."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._faults.next() if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.seconds)
                await self._app(scope, receive, send)
            case "silent":
                await _gone(receive)
            case "unauthorized":
                await _answer(send, 401, b"", (b"www-authenticate", b"Bearer"))
            case "throttled":
                await _answer(send, 429, b"", (b"retry-after", b"%d" % fault.seconds))
            case "error":
                await _answer(send, 500, b"Internal Server Error")
            case "garbage":
                await _answer(send, 200, b"\x00\xff<{[garbage", (b"content-type", b"application/json"))
            case _:
                await _answer(send, 200, b"[" + b" " * 20_000_000 + b"]", (b"content-type", b"application/json"))


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


async def _gone(receive: Receive) -> None:
    """Wait until who asked has given up."""
    while (await receive())["type"] != "http.disconnect":
        pass
