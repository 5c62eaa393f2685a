"""Why a person's lamp shows what it shows, in plain words."""

from collections.abc import Iterator
from typing import Final

from lampfield.presence.lamp import Lamp
from presence_pidf.dialog_state import DialogState
from presence_pidf.person_state import Condition
from presence_pidf.status_report import Forwarding, StatusReport
from sipcore.structs import Value

WORDS: Final[dict[Condition, str]] = {
    "unregistered": "is not registered",
    "idle": "is free",
    "ringing": "is being called",
    "calling": "is calling somebody",
    "talking": "is on the phone",
    "hold": "has everybody on hold",
    "do-not-disturb": "does not want to be disturbed",
    "forwarded": "has calls forwarded",
    "busy": "is busy",
    "meeting": "is in a meeting",
    "away": "is away",
    "vacation": "is on vacation",
}

_PHASES: Final = {
    "trying": "about to ring",
    "proceeding": "on its way",
    "early": "ringing",
    "confirmed": "talking",
    "terminated": "over",
}


class SourceWhy(Value, frozen=True):
    """One source: what it says and whether that counts."""

    name: str
    says: str
    since: float
    """UTC epoch seconds; 0 where it was always so."""
    age: float
    """Seconds."""
    standing: str
    """`wins`, or why it does not."""


class PersonWhy(Value, frozen=True):
    """A person's state with all that it was made of."""

    person: str
    """AOR."""
    condition: str
    is_so: str
    """The condition in words that follow a name."""
    reason: str
    since: float
    """UTC epoch seconds; 0 where it was always so."""
    note: str
    back_at: float | None
    forwarding: str
    sources: tuple[SourceWhy, ...]
    watched_by: int
    """Subscriptions of the person's lamp."""


def explain(lamp: Lamp, now: float, watched_by: int) -> PersonWhy:
    """Tell all that is known of a person, what won first."""
    state = lamp.state
    return PersonWhy(
        lamp.aors[0],
        state.condition,
        WORDS[state.condition],
        state.reason,
        state.since,
        state.note,
        state.back_at,
        forwarding_in_words(state.forwarding),
        tuple(_sources(lamp, now)),
        watched_by,
    )


def _sources(lamp: Lamp, now: float) -> Iterator[SourceWhy]:
    state = lamp.state
    for place, source in enumerate(state.sources):
        report = lamp.reports.get(source.name)
        if source.name == "calls":
            says = "; ".join(dialog_in_words(dialog) for dialog in state.dialogs)
        elif source.name == "registrations":
            says = "no phone is registered" if not lamp.registered else f"{lamp.registered} registered"
        else:
            says = report_in_words(report) if report is not None else source.says
        standing = "wins" if place == 0 else f"comes after {state.sources[0].name}"
        if source.stale:
            standing = "does not count: nothing was heard of this source for too long"
        elif place and report is not None and report.activity == "unknown":
            standing = "does not say what the person does"
        elif place and source.says == "available":
            standing = "objects to nothing"
        yield SourceWhy(source.name, says, source.at, source.age(now), standing)


def dialog_in_words(dialog: DialogState) -> str:
    """One call, as seen from the person."""
    peer = dialog.remote_display or dialog.remote_identity or "somebody"
    way = "called by" if dialog.direction == "recipient" else "calls"
    held = ", on hold" if dialog.held else ""
    return f"{way} {peer}, {_PHASES[dialog.phase]}{held}"


def report_in_words(report: StatusReport) -> str:
    """What a source says, all of it but where the person is."""
    words: list[str] = [report.activity] if report.activity != "unknown" else []
    if report.note:
        words.append(f'"{report.note}"')
    if report.reachable is not None:
        words.append("reachable" if report.reachable else "not reachable")
    if report.forwarding is not None:
        words.append(forwarding_in_words(report.forwarding))
    if report.roaming is not None:
        words.append(f"abroad {report.roaming.country}".rstrip() if report.roaming.abroad else "at home")
    if report.private_number:
        words.append("number withheld")
    if report.data_attached is not None:
        words.append("data attached" if report.data_attached else "no data")
    return ", ".join(words) or "nothing"


def forwarding_in_words(forwarding: Forwarding | None) -> str:
    """Where calls go; empty where nobody says."""
    if forwarding is None:
        return ""
    if forwarding.kind == "none":
        return "not forwarded"
    when = {"unconditional": "always", "busy": "when busy", "no-answer": "without answer", "not-reachable": "when gone"}
    return f"forwarded {when[forwarding.kind]}" + (f" to {forwarding.target}" if forwarding.target else "")
