"""Event package `presence` (RFC 3856)."""

from collections.abc import Mapping
from typing import Final

from lampfield.presence.changes_view import ChangesSubject, ChangesView
from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import Lists
from lampfield.presence.member_lamps import address
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf import cpim_pidf, partial_pidf, pidf, xpidf
from presence_pidf.document import Document
from presence_pidf.form import form_named
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionRecord

_CHANGES: Final = "diff"
_XPIDF: Final = "xpidf"
_CPIM: Final = "cpim"

_KINDS: Final = {
    pidf.CONTENT_TYPE: "",
    xpidf.CONTENT_TYPE: _XPIDF,
    cpim_pidf.CONTENT_TYPE: _CPIM,
    partial_pidf.CONTENT_TYPE: _CHANGES,
}


class PresencePackage(LampPackage):
    """Whether a person can be reached, and what they do."""

    def __init__(self, lamps: Mapping[str, Lamp], lists: Lists) -> None:
        super().__init__(lamps, lists, "presence", _KINDS)

    def document(self, resource: str, form: str) -> Document:
        wanted = form_named(form)
        entity, state = address(resource), self.state(resource, wanted)
        match wanted.kind:
            case "xpidf":
                return xpidf.render_xpidf(entity, state)
            case "cpim":
                return cpim_pidf.render_cpim_pidf(entity, state)
            case _:
                # Changes are told by a view; where there is none, as in lists, all is told.
                return pidf.render_pidf(entity, state)

    def view(self, record: SubscriptionRecord) -> View | None:
        form = form_named(record.form)
        if record.eventlist or form.kind != _CHANGES:
            return super().view(record)
        entity, resource = address(record.resource), record.resource
        return ChangesView(
            ChangesSubject(resource, record.package, record.package_form, record.coding),
            lambda: self.state(resource, form),
            lambda state: partial_pidf.render_pidf_full(entity, state),
            lambda older, newer: partial_pidf.render_pidf_changes(entity, older, newer),
        )
