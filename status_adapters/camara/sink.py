"""Where operators bring events: CloudEvents 1.0 in the structured mode of HTTP, with the token that we gave them."""

import hmac
from collections import OrderedDict
from datetime import datetime
from typing import Annotated, Literal

import msgspec

from status_adapters.foreign_json import NO_JSON
from status_adapters.hook import HookAnswer, HookRequest

MOST_REMEMBERED = 10_000
"""Events whose repetition is known."""


class EventData(msgspec.Struct, frozen=True, rename="camel"):
    """What the events of all types hold, as far as it is read."""

    subscription_id: str
    roaming: bool | None = None
    country_name: tuple[str, ...] = ()
    connected_network_type: str = "UNKNOWN"
    termination_reason: str = ""


class CloudEvent(msgspec.Struct, frozen=True):
    """An event (CloudEvents 1.0 §3.1)."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    source: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    specversion: Literal["1.0"]
    type: str
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    data: EventData

    @property
    def name(self) -> str:
        """The type without its root: `roaming-status`."""
        return self.type.rpartition(".")[2]


class Sink:
    """Lets events in once."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def taken(self, request: HookRequest, token: str) -> CloudEvent | HookAnswer:
        """The event, or what its sender is answered instead."""
        expected = f"Bearer {token}".encode()
        if not hmac.compare_digest(request.header("authorization").encode(), expected):
            return _error(401, "UNAUTHENTICATED", "expected the access token of sinkCredential")
        kind = request.header("content-type").partition(";")[0].strip().lower()
        if kind != "application/cloudevents+json":
            return _error(400, "INVALID_ARGUMENT", "expected Content-Type application/cloudevents+json")
        try:
            event = msgspec.json.decode(request.body, type=CloudEvent)
        except NO_JSON as error:
            return _error(400, "INVALID_ARGUMENT", f"expected a CloudEvent: {error}")
        if (event.source, event.id) in self._seen:
            return HookAnswer(204)
        self._seen[event.source, event.id] = None
        if len(self._seen) > MOST_REMEMBERED:
            self._seen.popitem(last=False)
        return event


def gone() -> HookAnswer:
    """The answer to an event of a subscription that we do not know."""
    return _error(410, "GONE", "there is no such subscription")


def _error(status: int, code: str, message: str) -> HookAnswer:
    body = msgspec.json.encode({"status": status, "code": code, "message": message}).decode()
    return HookAnswer(status, body, "application/json")
