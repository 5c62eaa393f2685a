"""One person's calendars on a CalDAV server (RFC 4791): a look is one small PROPFIND until something has changed.

PROPFIND   what is there, with its sync-token (RFC 6578 §4) or ctag
REPORT     calendar-query for the days that are looked ahead; the client expands what repeats
           free-busy-query where the server lets us see no more than that (RFC 4791 §7.10)
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin

import msgspec
from lxml import etree

from presence_pidf.safe_xml import MalformedDocument, parse
from status_adapters.calendars.feed import REREAD_SECONDS, Read, window
from status_adapters.calendars.reading import Reading, Task
from status_adapters.http_client import MOST_BYTES, Answer, HttpClient, SourceFault, refusal

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"
CTAG = "{http://calendarserver.org/ns/}getctag"
MOST_CALENDARS = 50

_WHAT_IS_THERE = b"""<?xml version="1.0" encoding="utf-8"?>
<D:propfind xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:S="http://calendarserver.org/ns/">
<D:prop><D:resourcetype/><D:sync-token/><S:getctag/><C:schedule-calendar-transp/>
<C:supported-calendar-component-set/></D:prop></D:propfind>"""

_EVENTS = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data/></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT"><C:time-range start="{start}" end="{end}"/>
</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"""

_FREE_BUSY = """<?xml version="1.0" encoding="utf-8"?>
<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="{start}" end="{end}"/>
</C:free-busy-query>"""


class Collection(msgspec.Struct, frozen=True):
    """A calendar as PROPFIND tells of it."""

    url: str
    tag: str
    """Changes when anything in it does; empty where the server has none."""


class DavCalendars:
    """What is known of one person's calendars. Their text is forgotten as soon as it is read."""

    def __init__(self, http: HttpClient, url: str, headers: dict[str, str], task: Task, read: Read) -> None:
        self.reading = Reading()
        self._http = http
        self._url = url
        self._headers = {"Content-Type": "application/xml; charset=utf-8", **headers}
        self._task = task
        self._read = read
        self._depth = "0"
        self._known: tuple[Collection, ...] = ()
        self._read_at = 0.0

    async def look(self, now: float) -> None:
        """Bring `reading` up to date. Raises SourceFault, and what was known stands."""
        collections = await self._collections()
        same = collections == self._known and all(collection.tag for collection in collections)
        if same and now - self._read_at < REREAD_SECONDS:
            return
        start, end = window(now)
        texts: list[bytes] = []
        for collection in collections:
            texts += await self._texts(collection.url, start, end)
        self.reading = await self._read(self._task.within(start, end, tuple(texts)))
        self._known, self._read_at = collections, now

    async def _collections(self) -> tuple[Collection, ...]:
        """The calendar at the URL, or those in the collection at the URL. Raises SourceFault."""
        found = list(_collections(await self._dav("PROPFIND", self._url, _WHAT_IS_THERE, self._depth), self._url))
        if not found and self._depth == "0":
            self._depth = "1"
            found = list(_collections(await self._dav("PROPFIND", self._url, _WHAT_IS_THERE, "1"), self._url))
        if not found:
            raise SourceFault("there is no calendar at this URL, nor in the collection there")
        if len(found) > MOST_CALENDARS:
            raise SourceFault(f"more than {MOST_CALENDARS} calendars of one person")
        return tuple(sorted(found, key=lambda collection: collection.url))

    async def _texts(self, url: str, start: float, end: float) -> list[bytes]:
        between = {"start": _stamp(start), "end": _stamp(end)}
        answer = await self._send("REPORT", url, _EVENTS.format(**between).encode(), "1")
        if answer.status == 403:
            answer = await self._send("REPORT", url, _FREE_BUSY.format(**between).encode(), "1")
            if answer.status != 200:
                raise refusal(answer, "free-busy-query")
            return [answer.body]
        multistatus = _multistatus(answer, "calendar-query")
        return [(element.text or "").encode() for element in multistatus.iter(f"{CAL}calendar-data") if element.text]

    async def _dav(self, method: str, url: str, body: bytes, depth: str) -> etree._Element:
        return _multistatus(await self._send(method, url, body, depth), method)

    async def _send(self, method: str, url: str, body: bytes, depth: str) -> Answer:
        return await self._http.request(method, url, headers={**self._headers, "Depth": depth}, content=body)


def _multistatus(answer: Answer, what: str) -> etree._Element:
    if answer.status != 207:
        raise refusal(answer, what)
    try:
        return parse(answer.body, f"{DAV}multistatus", MOST_BYTES)
    except MalformedDocument as error:
        raise SourceFault(f"{what}: {error}") from None


def _collections(multistatus: etree._Element, base: str) -> Iterator[Collection]:
    """The calendars that hold events and make their owner busy (RFC 6638 §9.1)."""
    for response in multistatus.iterfind(f"{DAV}response"):
        href = response.findtext(f"{DAV}href", "")
        properties = _found(response)
        kind = properties.get(f"{DAV}resourcetype")
        if kind is None or kind.find(f"{CAL}calendar") is None:
            continue
        transparency = properties.get(f"{CAL}schedule-calendar-transp")
        if transparency is not None and transparency.find(f"{CAL}transparent") is not None:
            continue
        components = properties.get(f"{CAL}supported-calendar-component-set")
        if components is not None and "VEVENT" not in [part.get("name") for part in components]:
            continue
        tag = properties.get(f"{DAV}sync-token")
        if tag is None:
            tag = properties.get(CTAG)
        yield Collection(urljoin(base, href), (tag.text or "").strip() if tag is not None else "")


def _found(response: etree._Element) -> dict[str, etree._Element]:
    """The properties that the server has, by name."""
    return {
        str(prop.tag): prop
        for propstat in response.iterfind(f"{DAV}propstat")
        if " 200" in propstat.findtext(f"{DAV}status", "")
        for prop in propstat.iterfind(f"{DAV}prop/*")
    }


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
