"""One session with an Asterisk: events by WebSocket, questions and orders by REST."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import quote, urlencode

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from status_adapters.ari.settings import AriSettings
from status_adapters.foreign_json import NO_JSON
from status_adapters.http_client import Answer, HttpClient, SourceFault, basic, refusal

MOST_EVENT_BYTES = 1_000_000
CONNECT_SECONDS = 30.0
SOURCES_AT_ONCE = 40
"""Event sources in one request, so that its URL stays short."""


class DeviceState(msgspec.Struct, frozen=True):
    """A device's name and state."""

    name: str
    state: str


class Event(msgspec.Struct, frozen=True):
    """An event, as far as it is read."""

    type: str
    device_state: DeviceState | None = None


class AriSession:
    """REST of an Asterisk."""

    def __init__(self, http: HttpClient, settings: AriSettings, password: str) -> None:
        self._http = http
        self._settings = settings
        self._headers = {"Authorization": basic(settings.username, password)}
        self._url = settings.url.rstrip("/")

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[Event]]:
        """The events of our application, as long as the block lasts. Raises LoginRefused, SourceFault."""
        query = urlencode({"app": self._settings.application})
        url = f"ws{self._url.removeprefix('http')}/events?{query}"
        try:
            connection = await connect(
                url,
                additional_headers=self._headers,
                proxy=None,
                compression=None,
                max_size=MOST_EVENT_BYTES,
                open_timeout=CONNECT_SECONDS,
            )
        except InvalidStatus as error:
            status = error.response.status_code
            raise refusal(Answer(status, {}, b""), "the WebSocket of events") from None
        except (OSError, WebSocketException, ValueError) as error:
            raise SourceFault(f"the WebSocket of events: {type(error).__name__}: {error}") from None
        try:
            yield _events(connection)
        finally:
            await connection.close()

    async def subscribe(self, devices: Sequence[str]) -> None:
        """Have the application hear of these devices. Raises SourceFault."""
        for start in range(0, len(devices), SOURCES_AT_ONCE):
            sources = ",".join(f"deviceState:{device}" for device in devices[start : start + SOURCES_AT_ONCE])
            path = f"/applications/{self._settings.application}/subscription?{urlencode({'eventSource': sources})}"
            answer = await self._ask("POST", path)
            if answer.status != 200:
                raise refusal(answer, "subscribing to devices")

    async def state(self, device: str) -> str:
        """The state that a device has now. Raises SourceFault."""
        answer = await self._ask("GET", f"/deviceStates/{quote(device, safe='')}")
        if answer.status != 200:
            raise refusal(answer, f"the state of {device}")
        state: DeviceState = answer.json(DeviceState)
        return state.state

    async def show(self, device: str, state: str) -> None:
        """Set the state of a device of ours. Raises SourceFault."""
        path = f"/deviceStates/{quote(device, safe=':')}?{urlencode({'deviceState': state})}"
        answer = await self._ask("PUT", path)
        if answer.status not in (200, 204):
            raise refusal(answer, f"showing {device}")

    async def version(self) -> str:
        """What Asterisk it is. Raises SourceFault."""
        answer = await self._ask("GET", "/asterisk/info?only=system")
        if answer.status != 200:
            raise refusal(answer, "asterisk/info")
        info: _Info = answer.json(_Info)
        return info.system.version

    async def _ask(self, method: str, path: str) -> Answer:
        return await self._http.request(method, self._url + path, headers=self._headers)


class _System(msgspec.Struct, frozen=True):
    version: str = "unknown"


class _Info(msgspec.Struct, frozen=True):
    system: _System = _System()


async def _events(connection: ClientConnection) -> AsyncIterator[Event]:
    try:
        async for text in connection:
            yield msgspec.json.decode(text, type=Event)
    except WebSocketException as error:
        raise SourceFault(f"the WebSocket of events ended: {error}") from None
    except NO_JSON as error:
        raise SourceFault(f"an event that is none: {error}") from None
    raise SourceFault("the WebSocket of events ended")
