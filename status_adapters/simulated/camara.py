"""A mobile operator with CAMARA's APIs: requests, answers and events are checked with the APIs' own definitions.

Devices are made by `device`, or by `PUT /devices/NUMBER {"reachable": false}`, and subscribers hear what changes.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from status_adapters.simulated.definitions import Definition, definition
from status_adapters.simulated.faults import Faults
from status_adapters.simulated.sign_in import SignIn

_RETRIEVALS = {
    "/device-reachability-status/v1/retrieve": ("device-reachability-status", "/retrieve", "reachability"),
    "/device-roaming-status/v1/retrieve": ("device-roaming-status", "/retrieve", "roaming"),
    "/call-forwarding-signal/v0.4/call-forwardings": ("call-forwarding-signal", "/call-forwardings", "forwarding"),
    "/location-retrieval/v0.5/retrieve": ("location-retrieval", "/retrieve", "location"),
    "/connected-network-type/v0.2/retrieve": ("connected-network-type", "/retrieve", "network"),
}
_SUBSCRIPTIONS = {
    "/device-reachability-status-subscriptions/v0.8": "device-reachability-status-subscriptions",
    "/device-roaming-status-subscriptions/v0.8": "device-roaming-status-subscriptions",
    "/connected-network-type-subscriptions/v0.2": "connected-network-type-subscriptions",
}


class Device(msgspec.Struct, forbid_unknown_fields=True):
    """A mobile as the operator has it."""

    reachable: bool = True
    data: bool = True
    roaming: bool = False
    country: str = "DK"
    forwarding: list[str] = msgspec.field(default_factory=lambda: ["inactive"])
    network: str = "4G"
    latitude: float = 55.6761
    longitude: float = 12.5683
    radius: float = 500.0
    corners: list[tuple[float, float]] = []
    """A polygon in place of the circle."""
    refuses: list[str] = []
    """Purposes that the subscriber has not consented to at the operator."""


class Subscribed(msgspec.Struct):
    """A subscription that somebody has made."""

    id: str
    api: str
    type: str
    number: str
    sink: str
    token: str
    ends: float


class SimulatedCamara:
    """`asked` counts requests by purpose; `leads` says where https addresses lead, as names and proxies do."""

    def __init__(self, clock: Callable[[], float], faults: Faults) -> None:
        self.sign_in = SignIn(clock)
        self.devices: dict[str, Device] = {}
        self.subscriptions: dict[str, Subscribed] = {}
        self.asked: dict[str, int] = {}
        self.wrong: list[str] = []
        """What was wrong with requests, by the definitions."""
        self.event_answers: list[int] = []
        self.correlators: list[str] = []
        self.leads: dict[str, str] = {}
        self._clock = clock
        self._faults = faults
        self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        self._sending: set[asyncio.Task[None]] = set()
        self._held: list[tuple[Subscribed, dict[str, Any]]] = []
        self._made = 0
        self._events = 0
        routes = [Route("/oauth2/token", self.sign_in.token, methods=["POST"])]
        routes += [Route(path, self._retrieve, methods=["POST"]) for path in _RETRIEVALS]
        for root in _SUBSCRIPTIONS:
            routes.append(Route(f"{root}/subscriptions", self._subscribe, methods=["POST"]))
            routes.append(Route(f"{root}/subscriptions/{{id}}", self._unsubscribe, methods=["DELETE"]))
        routes.append(Route("/devices/{number}", self._put_device, methods=["PUT"]))
        self._app = Starlette(routes=routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def close(self) -> None:
        """End what is being sent."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._client.aclose()

    def change(self, number: str, **what: object) -> None:
        """Something happens to a mobile, and who has subscribed hears of it."""
        before = self.devices.setdefault(number, Device())
        after = self.devices[number] = msgspec.structs.replace(before, **what)
        if (before.reachable, before.data) != (after.reachable, after.data):
            name = "disconnected" if not after.reachable else "data" if after.data else "sms"
            self._tell(number, f"reachability-{name}", {})
        if (before.roaming, before.country) != (after.roaming, after.country):
            self._tell(number, "roaming-status", {"roaming": after.roaming, "countryName": [after.country]})
        if before.network != after.network:
            self._tell(number, "network-type-changed", {"connectedNetworkType": after.network})

    def end(self, subscription: Subscribed) -> None:
        """The network ends a subscription."""
        del self.subscriptions[subscription.id]
        root = subscription.type.rpartition(".")[0]
        # countryCode: the roaming definition asks for it here as well.
        self._send(
            subscription,
            f"{root}.subscription-ended",
            {"terminationReason": "NETWORK_TERMINATED", "countryCode": 0},
        )

    def _tell(self, number: str, event: str, data: dict[str, Any]) -> None:
        for one in list(self.subscriptions.values()):
            if one.number == number and one.type.endswith(f".{event}") and self._clock() < one.ends:
                self._send(one, one.type, data)

    def _send(self, subscription: Subscribed, kind: str, data: dict[str, Any]) -> None:
        self._events += 1
        event = {
            "id": f"event-{self._events}",
            "source": "https://operator.example/events",
            "type": kind,
            "specversion": "1.0",
            "datacontenttype": "application/json",
            "time": _stamp(self._clock()),
            "data": {"subscriptionId": subscription.id, "device": {"phoneNumber": subscription.number}, **data},
        }
        wrong = definition(subscription.api).wrong_event(event)
        assert not wrong, wrong
        events = [(subscription, event)] * (2 if self._faults.taken("duplicate") else 1)
        if self._faults.taken("out-of-order"):
            self._held += events
            return
        events += self._held
        self._held = []
        task = asyncio.ensure_future(self._post(events))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _post(self, events: list[tuple[Subscribed, dict[str, Any]]]) -> None:
        for subscription, event in events:
            url = subscription.sink
            for public, behind in self.leads.items():
                url = url.replace(public, behind)
            headers = {"Content-Type": "application/cloudevents+json", "Authorization": f"Bearer {subscription.token}"}
            try:
                answer = await self._client.post(url, content=msgspec.json.encode(event), headers=headers)
            except httpx.HTTPError:
                self.event_answers.append(0)
            else:
                self.event_answers.append(answer.status_code)

    async def _retrieve(self, request: Request) -> Response:
        name, path, purpose = _RETRIEVALS[_below_root(request)]
        self.asked[purpose] = self.asked.get(purpose, 0) + 1
        known = definition(name)
        refused = await self._refused(request, known, "post", path)
        if refused is not None:
            return refused
        body = await request.json()
        number = body.get("phoneNumber") or body.get("device", {}).get("phoneNumber", "")
        device = self.devices.get(number)
        if device is None:
            return self._error(
                request, known, "post", path, 404, "IDENTIFIER_NOT_FOUND", "Device identifier not found."
            )
        if purpose in device.refuses:
            return self._error(request, known, "post", path, 403, "PERMISSION_DENIED", "No consent of the subscriber.")
        return self._answer(request, known, "post", path, 200, self._facts(purpose, device))

    def _facts(self, purpose: str, device: Device) -> Any:
        at = _stamp(self._clock())
        match purpose:
            case "reachability":
                answer: dict[str, Any] = {"lastStatusTime": at, "reachable": device.reachable}
                if device.reachable:
                    answer["connectivity"] = ["DATA"] if device.data else ["SMS"]
                return answer
            case "roaming":
                return {"lastStatusTime": at, "roaming": device.roaming, "countryName": [device.country]}
            case "forwarding":
                return device.forwarding
            case "network":
                return {"lastStatusTime": at, "connectedNetworkType": device.network}
        center = {"latitude": device.latitude, "longitude": device.longitude}
        area: dict[str, Any] = {"areaType": "CIRCLE", "center": center, "radius": device.radius}
        if device.corners:
            corners = [{"latitude": latitude, "longitude": longitude} for latitude, longitude in device.corners]
            area = {"areaType": "POLYGON", "boundary": corners}
        return {"lastLocationTime": at, "area": area}

    async def _subscribe(self, request: Request) -> Response:
        name, path = self._subscriptions_of(request), "/subscriptions"
        known = definition(name)
        refused = await self._refused(request, known, "post", path)
        if refused is not None:
            return refused
        wanted = await request.json()
        number = wanted["config"]["subscriptionDetail"]["device"]["phoneNumber"]
        if number not in self.devices:
            return self._error(request, known, "post", path, 422, "SERVICE_NOT_APPLICABLE", "Not one of our devices.")
        self._made += 1
        made = Subscribed(
            f"subscription-{self._made}",
            name,
            wanted["types"][0],
            number,
            wanted["sink"],
            wanted["sinkCredential"]["accessToken"],
            datetime.fromisoformat(wanted["config"]["subscriptionExpireTime"]).timestamp(),
        )
        self.subscriptions[made.id] = made
        answer = {
            "id": made.id,
            "status": "ACTIVE",
            "expiresAt": _stamp(made.ends),
            **{key: wanted[key] for key in ("protocol", "sink", "types", "config")},
        }
        return self._answer(request, known, "post", path, 201, answer)

    async def _unsubscribe(self, request: Request) -> Response:
        known = definition(self._subscriptions_of(request))
        path = "/subscriptions/{subscriptionId}"
        if not self.sign_in.lets_in(request):
            return self._error(request, known, "delete", path, 401, "UNAUTHENTICATED", "The token is not good.")
        if self.subscriptions.pop(request.path_params["id"], None) is None:
            return self._error(request, known, "delete", path, 404, "NOT_FOUND", "There is no such subscription.")
        return self._answer(request, known, "delete", path, 204, None)

    def _subscriptions_of(self, request: Request) -> str:
        return _SUBSCRIPTIONS[_below_root(request).partition("/subscriptions")[0]]

    async def _refused(self, request: Request, known: Definition, method: str, path: str) -> Response | None:
        """The error that a request gets at the door."""
        correlator = request.headers.get("x-correlator", "")
        self.correlators.append(correlator)
        if not self.sign_in.lets_in(request):
            return self._error(request, known, method, path, 401, "UNAUTHENTICATED", "The token is not good.")
        wrong = known.wrong_request(method, path, msgspec.json.decode(await request.body()))
        if wrong:
            self.wrong.append(wrong)
            return self._error(request, known, method, path, 400, "INVALID_ARGUMENT", wrong)
        return None

    def _error(
        self, request: Request, known: Definition, method: str, path: str, status: int, code: str, message: str
    ) -> Response:
        body = {"status": status, "code": code, "message": message}
        return self._answer(request, known, method, path, status, body)

    def _answer(
        self, request: Request, known: Definition, method: str, path: str, status: int, body: object
    ) -> Response:
        wrong = known.wrong_answer(method, path, status, body)
        assert not wrong, f"an operator's own answer: {wrong}"
        headers = {"x-correlator": request.headers.get("x-correlator", "")}
        if status == 204:
            return Response(status_code=204, headers=headers)
        return JSONResponse(body, status, headers)

    async def _put_device(self, request: Request) -> Response:
        self.change(request.path_params["number"], **await request.json())
        return Response(status_code=204)


def _below_root(request: Request) -> str:
    return request.url.path.removeprefix(request.scope.get("root_path", ""))


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
