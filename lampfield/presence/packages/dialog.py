"""Event package `dialog` (RFC 4235)."""

from collections.abc import Mapping

from lampfield.presence.changes_view import ChangesSubject, ChangesView
from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import Lists
from lampfield.presence.member_lamps import address
from lampfield.presence.packages.lamp_package import LampPackage
from presence_pidf.dialog_info import CONTENT_TYPE, render_dialog_changes, render_dialog_info
from presence_pidf.document import Document
from presence_pidf.form import form_named
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionRecord


class DialogPackage(LampPackage):
    """The calls of a person, or whether a thing is on."""

    def __init__(self, lamps: Mapping[str, Lamp], lists: Lists) -> None:
        super().__init__(lamps, lists, "dialog", {CONTENT_TYPE: ""})

    def document(self, resource: str, form: str) -> Document:
        wanted = form_named(form)
        return render_dialog_info(address(resource), self.state(resource, wanted), wanted.profile)

    def view(self, record: SubscriptionRecord) -> View | None:
        form = form_named(record.form)
        if record.eventlist or not form.profile.partial_dialogs:
            return super().view(record)
        entity, resource, profile = address(record.resource), record.resource, form.profile
        return ChangesView(
            ChangesSubject(resource, record.package, record.package_form, record.coding),
            lambda: self.state(resource, form),
            lambda state: render_dialog_info(entity, state, profile),
            lambda older, newer: render_dialog_changes(entity, older, newer, profile),
        )
