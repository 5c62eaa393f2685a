"""A person's state, composed from everything that is known, with the reason why it won."""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from presence_pidf.dialog_state import DialogState
from presence_pidf.status_report import Activity, StatusReport

Condition = Literal[
    "unregistered",
    "idle",
    "ringing",
    "calling",
    "talking",
    "hold",
    "do-not-disturb",
    "forwarded",
    "meeting",
    "away",
    "vacation",
]
"""`ringing` is being called, `calling` is calling somebody who has not answered; `hold`: every call is on hold."""


class Source(msgspec.Struct, frozen=True):
    """One of the facts a state was composed from."""

    name: str
    """`registrations`, `calls`, or the source of a status report."""
    says: str
    at: float
    """Since when, UTC epoch seconds; 0 where it was always so."""

    def age(self, now: float) -> float:
        """Seconds since it became so."""
        return max(0.0, now - self.at)


class PersonState(msgspec.Struct, frozen=True):
    """What a person's lamp shows and why."""

    condition: Condition
    reason: str
    """Why this condition won, for people."""
    registered: int = 0
    """Number of contact bindings of the person's phones."""
    dialogs: tuple[DialogState, ...] = ()
    """The live dialogs, the one a single-dialog phone is shown first."""
    note: str = ""
    since: float = 0.0
    """UTC epoch seconds at which the winning fact became so."""
    sources: tuple[Source, ...] = ()
    """All facts, the winning one first."""

    @property
    def shown(self) -> tuple[object, ...]:
        """All that documents tell of it: states that are equal in this need not be told again."""
        return self.condition, bool(self.registered), self.dialogs, self.note, self.since

    @property
    def direction(self) -> str | None:
        """`recipient` or `initiator` of the dialog that is shown first, None without dialogs."""
        return self.dialogs[0].direction if self.dialogs else None


DIALOG_PRIORITY = {"early": 0, "confirmed": 1, "proceeding": 2, "trying": 3, "terminated": 4}
"""Which dialog counts where only one can: what blinks before what is steady, what is steady before what may fail."""

_REPORT_PRIORITY: dict[Activity, int] = {
    "on-the-phone": 0,
    "do-not-disturb": 1,
    "forwarded": 2,
    "vacation": 3,
    "meeting": 4,
    "away": 5,
    "available": 6,
}

_CONDITION_OF: dict[Activity, Condition] = {
    "on-the-phone": "talking",
    "do-not-disturb": "do-not-disturb",
    "forwarded": "forwarded",
    "vacation": "vacation",
    "meeting": "meeting",
    "away": "away",
    "available": "idle",
}


def _shown_before(dialog: DialogState) -> tuple[int, bool, bool, float, str]:
    """Sort key: phase, then being called before calling, then what is not held, then the older dialog."""
    return (
        DIALOG_PRIORITY[dialog.phase],
        dialog.direction == "initiator",
        dialog.held,
        dialog.started,
        dialog.id,
    )


def _of_dialogs(dialogs: Sequence[DialogState]) -> tuple[Condition, str]:
    first = dialogs[0]
    peer = first.remote_display or first.remote_identity or "somebody"
    if first.phase == "early" and first.direction == "recipient":
        return "ringing", f"is called by {peer}"
    confirmed = [dialog for dialog in dialogs if dialog.phase == "confirmed"]
    if any(not dialog.held for dialog in confirmed):
        talking = next(dialog for dialog in confirmed if not dialog.held)
        return "talking", f"talks with {talking.remote_display or talking.remote_identity or 'somebody'}"
    if confirmed:
        return "hold", f"has {confirmed[0].remote_display or confirmed[0].remote_identity or 'somebody'} on hold"
    if first.direction == "recipient":
        return "ringing", f"is about to be called by {peer}"
    return "calling", f"calls {peer}"


def compose(
    reports: Iterable[StatusReport],
    dialogs: Iterable[DialogState],
    registered: int,
    now: float,
    *,
    registered_since: float = 0.0,
) -> PersonState:
    """Make a person's state: live dialogs win over reports, reports over registrations, no phone over all but calls.

    A person leaves `ringing`, `talking` and `hold` only when the last live dialog has ended: one branch's end never
    clears the lamp. Reports that have expired at `now` do not count.
    """
    live = sorted((dialog for dialog in dialogs if dialog.phase != "terminated"), key=_shown_before)
    told = sorted(
        (report for report in reports if report.live(now)),
        key=lambda report: (_REPORT_PRIORITY[report.activity], -report.at, report.source),
    )
    phones = Source("registrations", f"{registered} registered", registered_since)
    facts = [Source(report.source, report.activity, report.at) for report in told]
    note = next((report.note for report in told if report.note), "")
    if live:
        condition, reason = _of_dialogs(live)
        calls = Source("calls", condition, min(dialog.started for dialog in live))
        sources = (calls, *facts, phones)
        return PersonState(condition, reason, registered, tuple(live), note, calls.at, sources)
    if told and (registered or told[0].activity == "on-the-phone"):
        first = told[0]
        reason = f"{first.source} says {first.activity}"
        condition = _CONDITION_OF[first.activity]
        return PersonState(condition, reason, registered, (), note, first.at, (*facts, phones))
    if registered:
        reason = "registered, and nothing says otherwise"
        return PersonState("idle", reason, registered, (), note, registered_since, (phones,))
    return PersonState("unregistered", "no phone is registered", 0, (), note, registered_since, (phones, *facts))
