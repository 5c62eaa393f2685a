"""All simulated servers as one ASGI application: each below its own name, its faults ordered at `/faults/NAME`.

PUT    /faults/operator {"kind": "slow", "times": 3, "seconds": 2}
DELETE /faults/operator
"""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from status_adapters.simulated.asterisk import SimulatedAsterisk
from status_adapters.simulated.camara import SimulatedCamara
from status_adapters.simulated.faults import Fault, Faults, Faulty
from status_adapters.simulated.feeds import SimulatedFeeds
from status_adapters.simulated.graph import SimulatedGraph
from status_adapters.simulated.innovaphone import SimulatedInnovaphone
from status_adapters.simulated.operator import SimulatedOperator

Clock = Callable[[], float]
"""UTC epoch seconds."""
SERVERS: Mapping[str, Callable[[Clock, Faults], ASGIApp]] = {
    "asterisk": SimulatedAsterisk,
    "camara": SimulatedCamara,
    "feeds": SimulatedFeeds,
    "graph": SimulatedGraph,
    "innovaphone": SimulatedInnovaphone,
    "operator": SimulatedOperator,
}
"""How each simulated server is made, by the name that is its path."""


class SimulatedWorld:
    """The servers, by name in `servers`, and the orders for their faults in `faults`. Itself an ASGI application."""

    def __init__(self, clock: Clock) -> None:
        self.faults = {name: Faults() for name in SERVERS}
        self.servers = {name: make(clock, self.faults[name]) for name, make in SERVERS.items()}
        mounts = [Mount(f"/{name}", Faulty(app, self.faults[name])) for name, app in self.servers.items()]
        orders = Route("/faults/{name}", self._order, methods=["PUT", "DELETE"])
        self._app = Starlette(routes=[orders, *mounts])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def close(self) -> None:
        """End what servers do by themselves, such as sending webhooks."""
        async with AsyncExitStack() as stack:
            for server in self.servers.values():
                close = getattr(server, "close", None)
                if close is not None:
                    stack.push_async_callback(close)

    async def _order(self, request: Request) -> Response:
        faults = self.faults.get(request.path_params["name"])
        if faults is None:
            return JSONResponse({"expected": f"one of {', '.join(self.faults)}"}, 404)
        if request.method == "DELETE":
            faults.clear()
            return Response(status_code=204)
        try:
            fault = msgspec.json.decode(await request.body(), type=Fault)
        except msgspec.DecodeError as error:
            return JSONResponse({"expected": f"a fault: {error}"}, 422)
        faults.order(fault.kind, fault.times, fault.seconds)
        return JSONResponse(msgspec.to_builtins(fault))
