"""Asterisk's REST interface (ARI), as far as device states go.

Devices change by `change`, or by `PUT /devices/NAME {"state": "INUSE"}`.
"""

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from status_adapters.simulated.faults import Faults

USER, PASSWORD = "lampfield", "secret-of-asterisk"
STATES = frozenset(
    ("NOT_INUSE", "INUSE", "BUSY", "INVALID", "UNAVAILABLE", "RINGING", "RINGINUSE", "ONHOLD", "UNKNOWN")
)


class SimulatedAsterisk:
    """`states` are those of all devices; `set` those that were set from outside, in order."""

    def __init__(self, clock: Callable[[], float], faults: Faults) -> None:
        self.states: dict[str, str] = {}
        self.set: list[tuple[str, str]] = []
        self.connections = 0
        self._clock = clock
        self._faults = faults
        self._subscribed: dict[str, set[str]] = {}
        self._sockets: dict[str, WebSocket] = {}
        routes = [
            WebSocketRoute("/ari/events", self._events),
            Route("/ari/applications/{app}/subscription", self._behind_log_in(self._subscribe), methods=["POST"]),
            Route("/ari/deviceStates/{name:path}", self._behind_log_in(self._device), methods=["GET", "PUT"]),
            Route("/ari/asterisk/info", self._behind_log_in(self._info)),
            Route("/devices/{name:path}", self._put_device, methods=["PUT"]),
        ]
        self._app = Starlette(routes=routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def change(self, name: str, state: str) -> None:
        """A device is in this state now."""
        assert state in STATES, f"{state} is no state"
        self.states[name] = state
        event = {
            "type": "DeviceStateChanged",
            "timestamp": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds"),
            "device_state": {"name": name, "state": state},
        }
        for application, socket in list(self._sockets.items()):
            if name in self._subscribed.get(application, ()):
                for _ in range(2 if self._faults.taken("duplicate") else 1):
                    await socket.send_json({**event, "application": application})

    async def say(self, text: str) -> None:
        """Send something to all applications."""
        for socket in list(self._sockets.values()):
            await socket.send_text(text)

    async def hang_up(self) -> None:
        """Close all WebSockets, as a restart does."""
        for socket in list(self._sockets.values()):
            await socket.close(1001)
        self._sockets.clear()
        self._subscribed.clear()

    async def _events(self, socket: WebSocket) -> None:
        if not _lets_in(socket):
            await socket.send_denial_response(Response(status_code=401))
            return
        application = socket.query_params["app"]
        await socket.accept()
        self.connections += 1
        self._sockets[application] = socket
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            if self._sockets.get(application) is socket:
                del self._sockets[application]
                self._subscribed.pop(application, None)

    def _behind_log_in(self, endpoint: Callable[[Request], Awaitable[Response]]) -> Any:
        async def checked(request: Request) -> Response:
            return await endpoint(request) if _lets_in(request) else Response(status_code=401)

        return checked

    async def _subscribe(self, request: Request) -> Response:
        application = request.path_params["app"]
        if application not in self._sockets:
            return JSONResponse({"message": "Application not found"}, 404)
        for source in request.query_params["eventSource"].split(","):
            kind, _, name = source.partition(":")
            if kind != "deviceState" or not name:
                return JSONResponse({"message": "Invalid event source"}, 422)
            self._subscribed.setdefault(application, set()).add(name)
        return JSONResponse({"name": application})

    async def _device(self, request: Request) -> Response:
        name = request.path_params["name"]
        if request.method == "GET":
            return JSONResponse({"name": name, "state": self.states.get(name, "INVALID")})
        state = request.query_params["deviceState"]
        if not name.startswith("Stasis:"):
            return JSONResponse({"message": "Uncontrolled device specified"}, 409)
        if state not in STATES - {"UNKNOWN"}:
            return JSONResponse({"message": "Unknown device state"}, 400)
        self.set.append((name, state))
        await self.change(name, state)
        return Response(status_code=204)

    async def _info(self, request: Request) -> Response:
        return JSONResponse({"system": {"version": "22.0.0", "entity_id": "00:00:00:00:00:00"}})

    async def _put_device(self, request: Request) -> Response:
        await self.change(request.path_params["name"], (await request.json())["state"])
        return Response(status_code=204)


def _lets_in(connection: HTTPConnection) -> bool:
    sent = connection.headers.get("authorization", "").removeprefix("Basic ")
    try:
        return base64.b64decode(sent) == f"{USER}:{PASSWORD}".encode()
    except binascii.Error:
        return False
