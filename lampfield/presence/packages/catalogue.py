"""All event packages there are."""

from collections.abc import Mapping

from lampfield.presence.lamp import Lamp
from lampfield.presence.packages.dialog import DialogPackage
from lampfield.presence.packages.message_summary import MessageSummaryPackage
from lampfield.presence.packages.presence import PresencePackage
from sipcore.notify_package import EventPackage


def event_packages(lamps: Mapping[str, Lamp]) -> tuple[EventPackage, ...]:
    """Every package, over these lamps by AOR."""
    return (DialogPackage(lamps), PresencePackage(lamps), MessageSummaryPackage(lamps))
