"""Event package `dialog` (RFC 4235)."""

from collections.abc import Mapping

from lampfield.presence.lamp import Lamp
from lampfield.presence.member_lamps import address
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf.dialog_info import CONTENT_TYPE, render_dialog_info
from presence_pidf.document import Document
from presence_pidf.profiles import profile_named


class DialogPackage(LampPackage):
    """The calls of a person, or whether a thing is on."""

    def __init__(self, lamps: Mapping[str, Lamp]) -> None:
        super().__init__(lamps, "dialog", CONTENT_TYPE)

    def document(self, resource: str, form: str) -> Document:
        return render_dialog_info(address(resource), self._lamps[resource].state, profile_named(form))
