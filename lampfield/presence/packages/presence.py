"""Event package `presence` (RFC 3856)."""

from collections.abc import Mapping

from lampfield.presence.lamp import Lamp
from lampfield.presence.member_lamps import address
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf.document import Document
from presence_pidf.pidf import CONTENT_TYPE, render_pidf


class PresencePackage(LampPackage):
    """Whether a person can be reached, and what they do."""

    def __init__(self, lamps: Mapping[str, Lamp]) -> None:
        super().__init__(lamps, "presence", CONTENT_TYPE)

    def document(self, resource: str, form: str) -> Document:
        return render_pidf(address(resource), self._lamps[resource].state)
