"""All event packages there are."""

from collections.abc import Mapping
from typing import Final

from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import Lists
from lampfield.presence.packages import feature_events
from lampfield.presence.packages.dialog import DialogPackage
from lampfield.presence.packages.feature_events import FeatureEventPackage, Features
from lampfield.presence.packages.message_summary import MessageSummaryPackage
from lampfield.presence.packages.presence import PresencePackage
from lampfield.presence.packages.registration import Bindings, RegistrationPackage
from lampfield.presence.packages.watcher_info import WatcherInfoPackage, Watchers
from routing.ports import Clock
from sipcore.notify_package import EventPackage

OF_ONESELF: Final = frozenset(("reg", "presence.winfo", "message-summary", feature_events.NAME))
"""Packages that tell of nobody but who asks."""


def event_packages(
    lamps: Mapping[str, Lamp],
    lists: Lists,
    clock: Clock,
    *,
    bindings: Bindings,
    watchers: Watchers,
    features: Features,
) -> tuple[EventPackage, ...]:
    """Every package, over these lamps by AOR."""
    return (
        DialogPackage(lamps, lists),
        PresencePackage(lamps, lists),
        MessageSummaryPackage(lamps, lists),
        WatcherInfoPackage(lamps, lists, watchers, clock),
        RegistrationPackage(lamps, lists, bindings, clock),
        FeatureEventPackage(lamps, lists, features),
    )
