"""What adapters are given in tests: means, a book of their reports, and one of their health."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from presence_pidf.status_report import StatusReport
from status_adapters.adapter import Adapter
from status_adapters.hook import Hooked, HookRequest
from status_adapters.means import Means
from tests.support.virtual_time import now


class MemoryOfTests:
    """Fulfils `status_adapters.means.Memory`."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.values[key] = value

    def delete(self, key: str) -> None:
        self.values.pop(key, None)


def means(
    secrets: Mapping[str, str] | None = None,
    *,
    clock: Callable[[], float] = now,
    memory: MemoryOfTests | None = None,
    hook_url: str = "",
) -> Means:
    """Means in virtual time, with tokens that can be foretold."""
    numbers = count(1)
    return Means(
        clock=clock,
        token=lambda: f"token{next(numbers):011d}",
        secret=(secrets or {}).__getitem__,
        memory=memory or MemoryOfTests(),
        hook_url=hook_url,
    )


class Book:
    """What an adapter has told: of people, and of itself."""

    def __init__(self) -> None:
        self.reports: list[StatusReport] = []
        self.errors: list[str] = []
        self.log_ins = 0
        self.lags: list[float] = []
        self.passed_over: list[tuple[str, str]] = []
        self._more = asyncio.Event()

    def report(self, report: StatusReport) -> None:
        self.reports.append(report)
        self._more.set()

    def logged_in(self) -> None:
        self.log_ins += 1
        self._more.set()

    def failed(self, error: str) -> None:
        self.errors.append(error)
        self._more.set()

    def lag(self, seconds: float) -> None:
        self.lags.append(seconds)

    def wrong(self, what: str, error: str) -> None:
        self.passed_over.append((what, error))
        self._more.set()

    def of(self, presentity: str, source: str = "") -> list[StatusReport]:
        return [
            report for report in self.reports if report.presentity == presentity and report.source.startswith(source)
        ]

    def last(self, presentity: str, source: str = "") -> StatusReport:
        """The last report; fails where there is none."""
        return self.of(presentity, source)[-1]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what is in the book fulfils this."""
        while not condition():
            self._more.clear()
            await self._more.wait()


@asynccontextmanager
async def running(adapter: Adapter) -> AsyncIterator[Book]:
    """Runs an adapter for as long as the block lasts; what it raises is raised here."""
    book = Book()
    task = asyncio.ensure_future(adapter.run(book.report, book))
    try:
        yield book
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.wait([task])


def hook_door(adapter: Hooked) -> ASGIApp:
    """Lets requests at any path in to an adapter, as they come to `/hooks/NAME`."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        hooked = HookRequest(
            method=request.method,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.body(),
            at=now(),
            query=dict(request.query_params),
            path=request.url.path.lstrip("/"),
        )
        answer = await adapter.hooked(hooked)
        await Response(answer.text, answer.status, dict(answer.headers), answer.content_type)(scope, receive, send)

    return door
