"""Subscriptions at an operator: made, renewed before they end, and ended; they outlive a restart."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from status_adapters.camara.api import OperatorApi, OperatorFault
from status_adapters.camara.purposes import PURPOSES, Purpose
from status_adapters.http_client import SourceFault
from status_adapters.means import Means

_INDEX = "subscriptions"
_SINK_TOKEN = "sink-token"  # noqa: S105  the name of what is kept


class Wanted(msgspec.Struct, frozen=True):
    """A subscription there is to be: one event of one purpose for one person."""

    presentity: str
    purpose: str
    event: str


class Subscription(msgspec.Struct, frozen=True):
    """A subscription there is."""

    id: str
    wanted: Wanted
    ends: float
    """UTC epoch seconds."""


class _Made(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    expires_at: datetime | None = None


class Subscriptions:
    """Those of one adapter."""

    def __init__(self, means: Means, life: float) -> None:
        self._means = means
        self._life = life
        self._by_id: dict[str, Subscription] = {}
        self._by_wanted: dict[Wanted, Subscription] = {}
        kept = means.memory.get(_INDEX)
        for subscription in msgspec.json.decode(kept, type=list[Subscription]) if kept else ():
            self._take(subscription)

    @property
    def sink_token(self) -> str:
        """What the operator has to bring with each event."""
        kept = self._means.memory.get(_SINK_TOKEN)
        if kept is None:
            kept = self._means.token().encode()
            self._means.memory.put(_SINK_TOKEN, kept)
        return kept.decode()

    def by_id(self, identity: str) -> Subscription | None:
        return self._by_id.get(identity)

    def covers(self, presentity: str, purpose: Purpose) -> bool:
        """Whether all events of a purpose are told by subscriptions that stand."""
        wanted = list(wanted_of(presentity, purpose))
        now = self._means.clock()
        return bool(wanted) and all(
            (known := self._by_wanted.get(one)) is not None and now < known.ends for one in wanted
        )

    def renew_at(self, wanted: Wanted) -> float:
        """When a subscription has to be renewed: when three quarters of its life are over."""
        known = self._by_wanted.get(wanted)
        return known.ends - self._life / 4 if known is not None else 0.0

    def obsolete(self, wanted: set[Wanted]) -> list[Subscription]:
        """Those that nobody wants any more."""
        return [subscription for subscription in self._by_id.values() if subscription.wanted not in wanted]

    async def make(self, api: OperatorApi, wanted: Wanted, number: str) -> None:
        """Make a subscription, in place of the one there is. Raises SourceFault."""
        ends = self._means.clock() + self._life
        path = PURPOSES[wanted.purpose].subscriptions
        made: _Made = await api.ask("POST", path, self._request(wanted, number, ends), _Made)
        before = self._by_wanted.get(wanted)
        self._take(Subscription(made.id, wanted, made.expires_at.timestamp() if made.expires_at else ends))
        self._keep()
        if before is not None:
            await self.end(api, before)

    async def end(self, api: OperatorApi, subscription: Subscription) -> None:
        """End a subscription; one that the operator does not know has ended. Raises SourceFault."""
        self.forget(subscription)
        path = f"{PURPOSES[subscription.wanted.purpose].subscriptions}/{subscription.id}"
        try:
            await api.ask("DELETE", path)
        except OperatorFault as fault:
            if not fault.for_long:
                raise SourceFault(f"not ended: {fault}") from None

    def forget(self, subscription: Subscription) -> None:
        """It has ended."""
        self._by_id.pop(subscription.id, None)
        if self._by_wanted.get(subscription.wanted) is subscription:
            del self._by_wanted[subscription.wanted]
        self._keep()

    def _request(self, wanted: Wanted, number: str, ends: float) -> dict[str, Any]:
        until = _stamp(ends)
        return {
            "protocol": "HTTP",
            "sink": self._means.hook_url,
            "sinkCredential": {
                "credentialType": "ACCESSTOKEN",
                "accessToken": self.sink_token,
                "accessTokenExpiresUtc": _stamp(ends + 3600),
                "accessTokenType": "bearer",
            },
            "types": [wanted.event],
            "config": {
                "subscriptionDetail": {"device": {"phoneNumber": number}},
                "subscriptionExpireTime": until,
                # What holds now is asked for: events tell what changes from here on.
                "initialEvent": False,
            },
        }

    def _take(self, subscription: Subscription) -> None:
        self._by_id[subscription.id] = subscription
        self._by_wanted[subscription.wanted] = subscription

    def _keep(self) -> None:
        self._means.memory.put(_INDEX, msgspec.json.encode(list(self._by_id.values())))


def wanted_of(presentity: str, purpose: Purpose) -> Iterator[Wanted]:
    """The subscriptions that tell of a purpose."""
    return (Wanted(presentity, purpose.name, event) for event in purpose.event_types)


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
