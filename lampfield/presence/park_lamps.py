"""The lamps of park slots, watched by their numbers: lit while a call is parked there, with its caller."""

from collections.abc import Callable, Iterable

from lampfield.presence.addresses import aor_of
from lampfield.presence.queue_lamps import CallerOf, Show
from presence_pidf.dialog_state import DialogState
from routing.model import Company
from routing.park import Stay

StayIn = Callable[[Company, str], Stay | None]
"""What is parked in a slot of a company."""


class ParkLamps:
    """Shows every change of every slot."""

    def __init__(self, stay_in: StayIn, caller_of: CallerOf, show: Show) -> None:
        self._stay_in = stay_in
        self._caller_of = caller_of
        self._show = show
        self._companies: dict[str, Company] = {}

    def configure(self, companies: Iterable[Company]) -> None:
        """Show the slots of the companies as they are now; after the lamps know them."""
        self._companies = {company.id: company for company in companies}
        for company in self._companies.values():
            for slot in company.park.slots:
                self.changed(company.id, slot)

    def changed(self, company_id: str, slot: str) -> None:
        """A call has entered or left a slot."""
        company = self._companies.get(company_id)
        if company is not None and slot in company.park.slots:
            stay = self._stay_in(company, slot)
            aor = aor_of(slot, company.domain)
            self._show(aor, [self._dialog(company, aor, stay)] if stay is not None else [])

    def _dialog(self, company: Company, aor: str, stay: Stay) -> DialogState:
        number, name = self._caller_of(stay.call)
        peer = f"sip:{number}@{company.domain}" if number else ""
        return DialogState(
            stay.call,
            "recipient",
            "confirmed",
            local_identity=aor,
            remote_identity=peer,
            remote_display=name,
            remote_target=peer,
            started=stay.since,
        )
