"""Event package `reg` (RFC 3680): the phones that are registered for somebody."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from lampfield.presence.fresh_view import FreshView
from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import Lists
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf.document import Document
from presence_pidf.reginfo import CONTENT_TYPE, RegisteredContact, render_reginfo
from routing.ports import Clock
from sipcore.binding import Binding
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionRecord

Bindings = Callable[[str], Sequence[Binding]]
"""The contact bindings of an AOR."""


class RegistrationPackage(LampPackage):
    """The contact bindings of one's own AOR.

    A phone that refreshes its binding is nothing new, and nobody is told of it: when a binding lasts longer than it was
    said to, its watchers learn by their next NOTIFY for how long.
    """

    def __init__(self, lamps: Mapping[str, Lamp], lists: Lists, bindings: Bindings, clock: Clock) -> None:
        super().__init__(lamps, lists, "reg", {CONTENT_TYPE: ""})
        self._bindings = bindings
        self._clock = clock

    def document(self, resource: str, form: str) -> Document:
        lamp = self._lamps.get(resource)
        bindings = self._bindings(lamp.aors[0]) if lamp else ()
        now = self._clock()
        return render_reginfo(resource, [_contact(binding, now) for binding in bindings])

    def view(self, record: SubscriptionRecord) -> View:
        return FreshView(record, lambda: self.document(record.resource, record.form))


def _contact(binding: Binding, now: float) -> RegisteredContact:
    return RegisteredContact(
        id=sha256(binding.key.encode("utf-8", "replace")).hexdigest()[:16],
        uri=binding.contact,
        expires=binding.expires_at - now,
        q=binding.q,
        call_id=binding.call_id,
        cseq=binding.cseq,
        user_agent=binding.user_agent,
    )
