"""iCalendar feeds, such as Google, Outlook and Nextcloud give out: put by tests and the demo, got by adapters.

PUT /anna.ics    the new text
GET /anna.ics    with ETag and If-None-Match
"""

import hashlib
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from status_adapters.simulated.faults import Faults


class SimulatedFeeds:
    """`texts` are the feeds by path, `fetched` counts how often each was sent whole."""

    def __init__(self, clock: Callable[[], float], faults: Faults) -> None:
        self.texts: dict[str, bytes] = {}
        self.fetched: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        path = request.path_params.get("path", request.url.path).lstrip("/").rpartition("/")[2]
        await (await self._answer(request, path))(scope, receive, send)

    async def _answer(self, request: Request, path: str) -> Response:
        if request.method == "PUT":
            self.texts[path] = await request.body()
            return Response(status_code=204)
        text = self.texts.get(path)
        if text is None:
            return Response(status_code=404)
        etag = f'"{hashlib.sha256(text).hexdigest()[:16]}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        self.fetched[path] = self.fetched.get(path, 0) + 1
        return Response(text, media_type="text/calendar; charset=utf-8", headers={"ETag": etag})
