"""The lamps of queues, watched by their extensions: they blink while callers wait and are lit while callers are served.

Which of the two a queue's lamp shows is the company's choice. The blinking one tells who is first in line, to those who
may see callers.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from presence_pidf.dialog_state import DialogState
from routing.model import Company
from routing.queue.state import QueueState

StateOf = Callable[[Company, str], QueueState | None]
"""The state of a queue, by its name."""
CallerOf = Callable[[str], tuple[str, str]]
"""Number and name of a call's caller; both empty for a caller who is gone."""
Show = Callable[[str, Sequence[DialogState]], None]
"""Shows dialogs on the lamp of the thing with this AOR."""

SERVED: Final = "served"
"""Id of the dialog that stands for all conversations."""


class QueueLamps:
    """Shows every change of every queue that has an extension."""

    def __init__(self, state_of: StateOf, caller_of: CallerOf, show: Show) -> None:
        self._state_of = state_of
        self._caller_of = caller_of
        self._show = show
        self._companies: dict[str, Company] = {}

    def configure(self, companies: Iterable[Company]) -> None:
        """Show the queues of the companies as they are now; after the lamps know them."""
        self._companies = {company.id: company for company in companies}
        for company in self._companies.values():
            for queue in company.queue_extensions.values():
                self.changed(company.id, queue)

    def changed(self, company_id: str, queue: str) -> None:
        """Something happened to callers or members of a queue."""
        company = self._companies.get(company_id)
        if company is None or queue not in company.queues:
            return
        for extension, name in company.queue_extensions.items():
            if name == queue:
                domain = company.domain.lower()
                self._show(f"sip:{extension}@{domain}", self._dialogs(company, queue, extension))

    def _dialogs(self, company: Company, queue: str, extension: str) -> list[DialogState]:
        state, lamp = self._state_of(company, queue), company.queues[queue].lamp
        if state is None:
            return []
        own = f"sip:{extension}@{company.domain}"
        dialogs = []
        first = next(state.on_the_line(), None)
        if first is not None and lamp != "served":
            number, name = self._caller_of(first.call)
            number = number or first.number  # who was called back is on the line by another call
            peer = f"sip:{number}@{company.domain}" if number else ""
            dialogs.append(
                DialogState(
                    first.call,
                    "recipient",
                    "early",
                    local_identity=own,
                    remote_identity=peer,
                    remote_display=name,
                    remote_target=peer,
                    started=first.since,
                )
            )
        if state.talks and lamp != "waiting":
            dialogs.append(DialogState(SERVED, "recipient", "confirmed", local_identity=own))
        return dialogs
