"""One person's calendar as an iCalendar feed, asked for again only when it has changed (RFC 9110 §13.1)."""

from collections.abc import Awaitable, Callable

from status_adapters.calendars.reading import Reading, Task
from status_adapters.http_client import HttpClient, refusal

Read = Callable[[Task], Awaitable[Reading]]
"""Makes busy times of a task. Raises SourceFault."""

BEHIND_SECONDS = 2 * 86_400.0
AHEAD_SECONDS = 14 * 86_400.0
REREAD_SECONDS = 86_400.0
"""After which a calendar that has not changed is read again: the time that is looked ahead has moved on."""


def window(now: float) -> tuple[float, float]:
    """Between which times a calendar is read."""
    return now - BEHIND_SECONDS, now + AHEAD_SECONDS


class Feed:
    """What is known of one feed. Its text is forgotten as soon as it is read."""

    def __init__(self, http: HttpClient, url: str, headers: dict[str, str], task: Task, read: Read) -> None:
        self.reading = Reading()
        self._http = http
        self._url = url
        self._headers = {"Accept": "text/calendar", **headers}
        self._task = task
        self._read = read
        self._validator: dict[str, str] = {}
        self._read_at = 0.0

    async def look(self, now: float) -> None:
        """Bring `reading` up to date. Raises SourceFault, and what was known stands."""
        known = self._validator if now - self._read_at < REREAD_SECONDS else {}
        answer = await self._http.request("GET", self._url, headers={**self._headers, **known})
        if answer.status == 304 and known:
            return
        if answer.status != 200:
            raise refusal(answer, "the feed")
        self.reading = await self._read(self._task.within(*window(now), (answer.body,)))
        self._read_at = now
        self._validator = _validator(answer.headers)


def _validator(headers: dict[str, str]) -> dict[str, str]:
    if etag := headers.get("etag"):
        return {"If-None-Match": etag}
    if modified := headers.get("last-modified"):
        return {"If-Modified-Since": modified}
    return {}
