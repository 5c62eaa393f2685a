"""Change notifications of presence: subscriptions kept alive, and what comes by them checked."""

import asyncio
import hmac
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from status_adapters.adapter import Health
from status_adapters.foreign_json import NO_JSON
from status_adapters.graph.api import GraphApi, GraphFault
from status_adapters.graph.presence import BATCH
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.http_client import SourceFault
from status_adapters.means import Means
from status_adapters.moments import Moments

LIFE_SECONDS = 3540.0
"""Graph grants an hour for presence."""
RENEW_SECONDS = 2400.0
RETRY_SECONDS = 300.0
"""After which a subscription that was refused is tried again; meanwhile its users are polled."""
_KEPT = "subscriptions"


class _Subscription(msgspec.Struct, frozen=True):
    id: str


class _Kept(msgspec.Struct, frozen=True):
    """What outlives a restart: a user of ours may have only so many, so that those of before have to go."""

    ids: list[str] = []


class _ResourceData(msgspec.Struct, frozen=True):
    id: str = ""


class _Notification(msgspec.Struct, frozen=True, rename="camel"):
    subscription_id: str = ""
    client_state: str = ""
    lifecycle_event: str = ""
    resource_data: _ResourceData | None = None


class _Notifications(msgspec.Struct, frozen=True):
    value: list[_Notification]


class Subscriptions:
    """Subscriptions to the presence of many, a batch each. `changed` is told the ids whose presence is to be asked."""

    def __init__(self, means: Means, changed: Callable[[Sequence[str]], None]) -> None:
        self._means = means
        self._changed = changed
        self._state = means.token()
        self._batches: dict[tuple[str, ...], str] = {}
        """The subscription of each batch, empty while there is none."""
        self._due: Moments[tuple[str, ...]] = Moments(means.clock)
        self._obsolete: set[str] = set()

    @property
    def covered(self) -> frozenset[str]:
        """The ids whose changes are told by a subscription."""
        return frozenset(one for batch, subscription in self._batches.items() if subscription for one in batch)

    def watch(self, ids: Sequence[str]) -> None:
        """Subscribe to these."""
        wanted = [tuple(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH)]
        for batch in self._batches.keys() - set(wanted):
            self._obsolete.add(self._batches.pop(batch))
            self._due.drop(batch)
        for batch in wanted:
            if batch not in self._batches:
                self._batches[batch] = ""
                self._due.set(batch, self._means.clock())

    async def run(self, api: GraphApi, health: Health) -> None:
        """Keep all subscriptions alive, until cancelled."""
        kept = self._means.memory.get(_KEPT)
        self._obsolete |= set(msgspec.json.decode(kept, type=_Kept).ids) if kept else set()
        for batch in self._batches:
            self._batches[batch] = ""
            self._due.set(batch, self._means.clock())
        while True:
            batch = await self._due.next()
            try:
                await self._drop_obsolete(api)
                await self._keep(api, batch)
            except SourceFault as fault:
                health.failed(f"subscription: {fault}")
                self._batches[batch] = ""
                self._due.set(batch, self._means.clock() + RETRY_SECONDS)
            else:
                self._due.set(batch, self._means.clock() + RENEW_SECONDS)
            ids = [subscription for subscription in self._batches.values() if subscription]
            self._means.memory.put(_KEPT, msgspec.json.encode(_Kept(ids)))

    async def _keep(self, api: GraphApi, batch: tuple[str, ...]) -> None:
        until = datetime.fromtimestamp(self._means.clock() + LIFE_SECONDS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if subscription := self._batches[batch]:
            try:
                await api.ask("PATCH", f"/subscriptions/{subscription}", {"expirationDateTime": until})
                return
            except GraphFault as fault:
                if fault.status != 404:
                    raise
        names = ",".join(f"'{one}'" for one in batch)
        body = {
            "changeType": "updated",
            "notificationUrl": self._means.hook_url,
            "lifecycleNotificationUrl": f"{self._means.hook_url}/lifecycle",
            "resource": f"/communications/presences?$filter=id in ({names})",
            "expirationDateTime": until,
            "clientState": self._state,
        }
        self._batches[batch] = (await api.ask("POST", "/subscriptions", body, _Subscription)).id
        # What has changed before the subscription stood is told by nobody.
        self._changed(batch)

    async def _drop_obsolete(self, api: GraphApi) -> None:
        for subscription in [one for one in self._obsolete if one]:
            try:
                await api.ask("DELETE", f"/subscriptions/{subscription}")
            except GraphFault as fault:
                if fault.status != 404:
                    raise
        self._obsolete.clear()

    def hooked(self, request: HookRequest) -> HookAnswer:
        """Answer Graph: a validation by its token, notifications that bear our secret by 202."""
        if "validationToken" in request.query:
            return HookAnswer(200, request.query["validationToken"])
        try:
            notifications = msgspec.json.decode(request.body, type=_Notifications).value
        except NO_JSON as error:
            return HookAnswer(400, f"expected change notifications: {error}")
        genuine = [one for one in notifications if hmac.compare_digest(one.client_state.encode(), self._state.encode())]
        for one in genuine:
            if one.lifecycle_event:
                self._lifecycle(one)
        self._changed(list(_ids(genuine)))
        if len(genuine) < len(notifications):
            return HookAnswer(403, "clientState is not the one that the subscription was made with")
        return HookAnswer(202)

    def _lifecycle(self, told: _Notification) -> None:
        batch = next((batch for batch, one in self._batches.items() if one == told.subscription_id), None)
        if batch is None:
            return
        match told.lifecycle_event:
            case "missed":
                self._changed(batch)
            case "subscriptionRemoved":
                self._batches[batch] = ""
                self._due.set(batch, self._means.clock())
            case _:
                # reauthorizationRequired: renewing is reauthorizing.
                self._due.set(batch, self._means.clock())


def _ids(notifications: Sequence[_Notification]) -> Iterator[str]:
    for one in notifications:
        if one.resource_data is not None and one.resource_data.id and not one.lifecycle_event:
            yield one.resource_data.id


class Gathered:
    """Ids whose presence is to be asked for soon, so that a hundred notifications make one request."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}
        self._some = asyncio.Event()

    def add(self, ids: Sequence[str]) -> None:
        self._ids.update(dict.fromkeys(ids))
        if self._ids:
            self._some.set()

    async def take(self, after: float) -> list[str]:
        """All that have come `after` seconds after the first."""
        await self._some.wait()
        await asyncio.sleep(after)
        taken, self._ids = list(self._ids), {}
        self._some.clear()
        return taken
