"""An operator's feed in every layout that there is a preset for: polled, long-polled, pushed.

    POST /say                      {"number": "+4740506070", "activity": "on-the-phone"}: a new status
    GET  /telenor/status?from=7    what came after the cursor, with the parameters and names of that preset
    POST /telenor/push             {"url": "http://127.0.0.1:8090/hooks/telenor", "secret": "..."}: push from now on

Reading takes the bearer token or password `SECRET`.
"""

import asyncio
import base64
import csv
import io
import json
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from status_adapters.operator.mapping import PRESET_NAMES, FeedMapping, preset
from status_adapters.signature import HEADER, header_of
from status_adapters.simulated.faults import Faults

logger = logging.getLogger(__name__)

SECRET = "operator-secret"  # noqa: S105  of a server that exists in tests and demonstrations alone
USER = "lampfield"
TYPES = {
    "json": "application/json",
    "xml": "application/xml",
    "csv": "text/csv; charset=utf-8",
    "form": "application/x-www-form-urlencoded",
}
Event = dict[str, Any]
"""By our names; values as they are, times in UTC epoch seconds."""


class SimulatedOperator:
    """The operator; `events` are all that it has said."""

    def __init__(self, clock: Callable[[], float], faults: Faults) -> None:
        self._clock = clock
        self._faults = faults
        self._news = asyncio.Event()
        self._pushing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._targets: list[tuple[str, str, str]] = []
        self.events: list[Event] = []
        self.answers: list[int] = []
        """The statuses that pushes were answered with."""
        self._app = Starlette(
            routes=[
                Route("/say", self._said, methods=["POST"]),
                Route("/{preset}/status", self._status),
                Route("/{preset}/push", self._push_to, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    def say(self, number: str, **facts: Any) -> Event:
        """A new status of a number."""
        event = {"number": number, "sequence": len(self.events) + 1, "at": self._clock(), **facts}
        self.events.append(event)
        if self._faults.taken("out-of-order") and len(self.events) > 1:
            self.events[-2:] = [self.events[-1], self.events[-2]]
        if self._faults.taken("duplicate"):
            self.events.append(event)
        news, self._news = self._news, asyncio.Event()
        news.set()
        for layout, url, secret in self._targets:
            self._spawn(self._push([event], preset(layout), url, secret))
        return event

    def push_to(self, layout: str, url: str, secret: str) -> None:
        """Push what is said from now on, in the layout of that preset."""
        self._targets.append((layout, url, secret))

    async def close(self) -> None:
        """Answer who waits, and push no more."""
        self._closed = True
        self._news.set()
        for task in list(self._pushing):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    # What is asked of it

    async def _said(self, request: Request) -> Response:
        try:
            asked = json.loads(await request.body())
            number = asked.pop("number")
        except (ValueError, KeyError, AttributeError):
            return JSONResponse({"expected": "an object with number and what is new"}, 422)
        return JSONResponse(self.say(number, **asked))

    async def _push_to(self, request: Request) -> Response:
        layout = request.path_params["preset"]
        try:
            asked = json.loads(await request.body())
            self.push_to(layout, asked["url"], asked["secret"])
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"expected": "an object with url and secret"}, 422)
        return Response(status_code=204)

    async def _status(self, request: Request) -> Response:
        name = request.path_params["preset"]
        if name not in PRESET_NAMES:
            return JSONResponse({"expected": f"one of {', '.join(PRESET_NAMES)}"}, 404)
        password = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") not in (f"Bearer {SECRET}", f"Basic {password}"):
            return Response(status_code=401, headers={"www-authenticate": "Bearer"})
        mapping = preset(name)
        layout = mapping.layout
        number = request.query_params.get(layout.number_parameter)
        if number is not None:
            found = [event for event in self.events if event["number"] == number]
            return _response(found[-1:], mapping, "")
        place = int(request.query_params.get(layout.cursor_parameter) or 0)
        wait = float(request.query_params.get(layout.wait_parameter) or 0)
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while len(self.events) <= place and wait and not self._closed:
                    await self._news.wait()
        return _response(self.events[place:], mapping, str(len(self.events)))

    # What it does by itself

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._pushing.add(task)
        task.add_done_callback(self._pushing.discard)

    async def _push(self, events: Sequence[Event], mapping: FeedMapping, url: str, secret: str) -> None:
        body = rendered(events, mapping, "").encode()
        headers = {HEADER: header_of(secret, int(self._clock()), body), "content-type": TYPES[mapping.layout.format]}
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            for delay in (0.2, 0.5, 1, 2, 5, 10):
                try:
                    answer = await client.post(url, content=body, headers=headers)
                    self.answers.append(answer.status_code)
                    if answer.status_code < 500 and answer.status_code != 429:
                        return
                except httpx.HTTPError as error:
                    logger.info("%s: %s", url, error)
                await asyncio.sleep(delay)
                headers[HEADER] = header_of(secret, int(self._clock()), body)


def _response(events: Sequence[Event], mapping: FeedMapping, cursor: str) -> Response:
    header = mapping.layout.cursor.removeprefix("header:")
    headers = {header: cursor} if header != mapping.layout.cursor else {}
    return Response(rendered(events, mapping, cursor), headers=headers, media_type=TYPES[mapping.layout.format])


def rendered(events: Sequence[Event], mapping: FeedMapping, cursor: str) -> str:
    """Events as the mapping has them read."""
    records = [_theirs(event, mapping) for event in events]
    layout = mapping.layout
    match layout.format:
        case "json":
            document: dict[str, Any] = {}
            _put(document, layout.records, [_nested(record) for record in records])
            if layout.cursor and cursor:
                _put(document, layout.cursor, cursor)
            return json.dumps(document)
        case "xml":
            inner = "".join(_element(layout.records, _nested(record)) for record in records)
            return f"<statuses {layout.cursor.removeprefix('@')}={quoteattr(cursor)}>{inner}</statuses>"
        case "csv":
            text = io.StringIO()
            writer = csv.DictWriter(text, list(mapping.fields.values()), delimiter=layout.separator)
            writer.writeheader()
            writer.writerows(records)
            return text.getvalue()
        case _:
            return urlencode(records[-1]) if records else ""


def _theirs(event: Event, mapping: FeedMapping) -> dict[str, str]:
    """An event in their words; what the operator does not tell is left out."""
    record = {}
    for name, theirs in mapping.fields.items():
        value = event.get(name)
        if value is None:
            continue
        if name in ("at", "started", "expires_at", "back_at"):
            record[theirs] = _moment(float(value), mapping)
            continue
        word = str(value).lower() if isinstance(value, bool) else str(value)
        known = mapping.values.get(name, {})
        record[theirs] = next((each for each, worth in known.items() if worth == word), word)
    return record


def _moment(at: float, mapping: FeedMapping) -> str:
    match mapping.layout.times:
        case "seconds":
            return f"{at:.3f}"
        case "milliseconds":
            return f"{at * 1000:.0f}"
    return datetime.fromtimestamp(at, UTC).astimezone(mapping.zone).replace(tzinfo=None).isoformat()


def _nested(record: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, value in record.items():
        _put(found, path, value)
    return found


def _put(document: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for name in outer:
        document = document.setdefault(name, {})
    document[last] = value


def _element(name: str, content: dict[str, Any]) -> str:
    attributes = "".join(f" {key[1:]}={quoteattr(value)}" for key, value in content.items() if key.startswith("@"))
    inner = "".join(
        _element(key, value) if isinstance(value, dict) else f"<{key}>{escape(value)}</{key}>"
        for key, value in content.items()
        if not key.startswith("@")
    )
    return f"<{name}{attributes}>{inner}</{name}>"
