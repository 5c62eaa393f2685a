"""The event packages that are rendered from lamps, each in the form of the phone's profile."""

from collections.abc import Mapping

from lampfield.presence.lamp import Lamp
from lampfield.presence.member_lamps import address
from presence_pidf import dialog_info, message_summary, pidf
from presence_pidf.document import Document
from presence_pidf.profiles import profile_named, profile_of
from sipcore.notify_package import EventPackage


class LampPackage:
    """What the event packages share: documents are made from the lamps, by the phone's profile."""

    def __init__(self, lamps: Mapping[str, Lamp], name: str, content_type: str) -> None:
        self._lamps = lamps
        self.name = name
        self.content_types = (content_type,)

    def form(self, content_type: str, user_agent: str) -> str:
        return profile_of(user_agent).name

    def interval(self, form: str) -> float:
        most = profile_named(form).most_per_second
        return 1.0 / most if most else 0.0


class DialogPackage(LampPackage):
    """Event package `dialog` (RFC 4235)."""

    def document(self, resource: str, form: str) -> Document:
        return dialog_info.render_dialog_info(address(resource), self._lamps[resource].state, profile_named(form))


class PresencePackage(LampPackage):
    """Event package `presence` (RFC 3856)."""

    def document(self, resource: str, form: str) -> Document:
        return pidf.render_pidf(address(resource), self._lamps[resource].state)


class MessageSummaryPackage(LampPackage):
    """Event package `message-summary` (RFC 3842)."""

    def document(self, resource: str, form: str) -> Document:
        return message_summary.render_message_summary(resource, self._lamps[resource].counts)


def event_packages(lamps: Mapping[str, Lamp]) -> tuple[EventPackage, ...]:
    """All packages, over these lamps by AOR."""
    return (
        DialogPackage(lamps, "dialog", dialog_info.CONTENT_TYPE),
        PresencePackage(lamps, "presence", pidf.CONTENT_TYPE),
        MessageSummaryPackage(lamps, "message-summary", message_summary.CONTENT_TYPE),
    )
