"""Event package `message-summary` (RFC 3842)."""

from collections.abc import Mapping

from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import Lists
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf.document import Document
from presence_pidf.message_summary import CONTENT_TYPE, render_message_summary


class MessageSummaryPackage(LampPackage):
    """How many voicemail messages wait."""

    def __init__(self, lamps: Mapping[str, Lamp], lists: Lists) -> None:
        super().__init__(lamps, lists, "message-summary", {CONTENT_TYPE: ""})

    def document(self, resource: str, form: str) -> Document:
        return render_message_summary(resource, self._lamps[resource].counts)
