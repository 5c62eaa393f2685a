"""Event package `presence.winfo` (RFC 3857): who watches somebody's presence."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from lampfield.presence.fresh_view import FreshView
from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import Lists
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf.document import Document
from presence_pidf.watcherinfo import CONTENT_TYPE, ActiveWatcher, render_watcherinfo
from routing.ports import Clock
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionRecord

WATCHED: Final = "presence"

Watchers = Callable[[str], Sequence[SubscriptionRecord]]
"""The subscriptions to the presence of a resource, those in lists too."""


class WatcherInfoPackage(LampPackage):
    """Who watches one's own presence, under all one's addresses."""

    def __init__(self, lamps: Mapping[str, Lamp], lists: Lists, watchers: Watchers, clock: Clock) -> None:
        super().__init__(lamps, lists, f"{WATCHED}.winfo", {CONTENT_TYPE: ""})
        self._watchers = watchers
        self._clock = clock

    def document(self, resource: str, form: str) -> Document:
        lamp = self._lamps.get(resource)
        records = [record for aor in (lamp.aors if lamp else ()) for record in self._watchers(aor)]
        now = self._clock()
        active = [ActiveWatcher(record.id, record.watcher, record.expires_at - now) for record in records]
        return render_watcherinfo(resource, WATCHED, active)

    def view(self, record: SubscriptionRecord) -> View:
        return FreshView(record, lambda: self.document(record.resource, record.form))
