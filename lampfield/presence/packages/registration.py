"""Event package `reg` (RFC 3680): the phones that are registered for somebody."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import Lists
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf.document import Document
from presence_pidf.reginfo import CONTENT_TYPE, RegisteredContact, render_reginfo
from sipcore.binding import Binding

Bindings = Callable[[str], Sequence[Binding]]
"""The contact bindings of an AOR."""


class RegistrationPackage(LampPackage):
    """The contact bindings of one's own AOR."""

    def __init__(self, lamps: Mapping[str, Lamp], lists: Lists, bindings: Bindings) -> None:
        super().__init__(lamps, lists, "reg", {CONTENT_TYPE: ""})
        self._bindings = bindings

    def document(self, resource: str, form: str) -> Document:
        lamp = self._lamps.get(resource)
        bindings = self._bindings(lamp.aors[0]) if lamp else ()
        return render_reginfo(resource, [_contact(binding) for binding in bindings])


def _contact(binding: Binding) -> RegisteredContact:
    id = sha256(binding.key.encode("utf-8", "replace")).hexdigest()[:16]
    return RegisteredContact(id, binding.contact, binding.q, binding.call_id, binding.cseq, binding.user_agent)
