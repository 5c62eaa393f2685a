"""A person's state, composed from everything that is known, with the reason why it won."""

from collections.abc import Callable, Container, Iterable, Sequence
from operator import itemgetter
from typing import Final, Literal

from presence_pidf.dialog_state import DialogState
from presence_pidf.merge_rules import DEFAULT_RULES, MergeRules, Rank, kind_of
from presence_pidf.publication import PublishedTuple
from presence_pidf.status_report import Activity, Forwarding, StatusReport
from presence_pidf.structs import Leaf, Value

Condition = Literal[
    "unregistered",
    "idle",
    "ringing",
    "calling",
    "talking",
    "hold",
    "do-not-disturb",
    "forwarded",
    "busy",
    "meeting",
    "away",
    "vacation",
]
"""`ringing` is being called, `calling` is calling somebody who has not answered; `hold`: every call is on hold."""


class Source(Leaf, frozen=True, gc=False):
    """One of the facts a state was composed from."""

    name: str
    """`registrations`, `calls`, or the source of a status report."""
    says: str
    at: float
    """Since when, UTC epoch seconds; 0 where it was always so."""
    stale: bool = False
    """The source has not been heard of for so long that it does not count."""

    def age(self, now: float) -> float:
        """Seconds since it became so."""
        return max(0.0, now - self.at)


class PersonState(Value, frozen=True):
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
    """All facts, the winning one first, stale ones last."""
    reachable: bool = False
    """A phone is registered, or a source says that a call would reach the person."""
    back_at: float | None = None
    """When the person means to be back, UTC epoch seconds."""
    forwarding: Forwarding | None = None
    """Where calls to the person go, None where no source tells."""
    tuples: tuple[PublishedTuple, ...] = ()
    """What phones and other servers have published, each id once."""
    notes: tuple[str, ...] = ()
    """Published notes, besides `note`."""

    @property
    def direction(self) -> str | None:
        """`recipient` or `initiator` of the dialog that is shown first, None without dialogs."""
        return self.dialogs[0].direction if self.dialogs else None


def shows_the_same(one: PersonState, other: PersonState) -> bool:
    """Whether documents of both states say the same, so that the one need not be told after the other."""
    return (
        one.note == other.note
        and one.condition == other.condition
        and one.since == other.since
        and one.dialogs == other.dialogs
        and one.reachable == other.reachable
        and bool(one.registered) == bool(other.registered)
        and one.back_at == other.back_at
        and one.forwarding == other.forwarding
        and one.tuples == other.tuples
        and one.notes == other.notes
    )


def reads_the_same(one: PersonState, other: PersonState) -> bool:
    """Whether people could not tell the states apart: a history has an entry where they can."""
    return (
        one.note == other.note
        and one.condition == other.condition
        and one.reason == other.reason
        and one.back_at == other.back_at
        and one.forwarding == other.forwarding
    )


DIALOG_PRIORITY: Final = {"early": 0, "confirmed": 1, "proceeding": 2, "trying": 3, "terminated": 4}
"""Which dialog counts where only one can: what blinks before what is steady, what is steady before what may fail."""

_CONDITION_OF: Final[dict[Activity, Condition]] = {
    "on-the-phone": "talking",
    "do-not-disturb": "do-not-disturb",
    "forwarded": "forwarded",
    "vacation": "vacation",
    "busy": "busy",
    "meeting": "meeting",
    "away": "away",
    "available": "idle",
    "unknown": "idle",
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


class _Candidate(Leaf, frozen=True, gc=False):
    """One condition that could be a person's, and why."""

    rank: Rank
    condition: Condition
    reason: str
    since: float


_Ranked = tuple[Rank, StatusReport]
"""A report and where its activity stands."""

_rank_of: Final = itemgetter(0)


def _of_report(report: StatusReport, rank: Rank, reachable: bool) -> _Candidate:
    said = f"{report.source} says {report.activity}"
    condition = _CONDITION_OF[report.activity]
    if condition == "idle" and not reachable:
        return _Candidate(rank, "unregistered", f"{said}, and no phone is registered", report.since)
    return _Candidate(rank, condition, said, report.since)


def _reaches(report: StatusReport) -> bool:
    """Whether a call would reach the person, by what a source says or means."""
    if report.reachable is not None:
        return report.reachable
    return report.activity == "available" and kind_of(report.source) in ("mobile", "pbx")


def _stands(report: StatusReport) -> bool:
    """Whether a report stands for itself. `available` does where the person says it, else it objects to nothing."""
    activity = report.activity
    return activity != "unknown" and (activity != "available" or kind_of(report.source) == "manual")


def _of_calls(live: Sequence[DialogState], rules: MergeRules) -> _Candidate:
    condition, reason = _of_dialogs(live)
    return _Candidate(rules.of_calls, condition, reason, min([dialog.started for dialog in live]))


def _winner(
    calls: _Candidate | None,
    told: Sequence[_Ranked],
    registered_since: float,
    reachable: bool,
    rules: MergeRules,
) -> _Candidate:
    """What the person's condition is: of calls, the first report that stands for itself, and no phone."""
    best = calls
    for rank, report in told:
        if _stands(report):
            if best is None or rank < best.rank:
                best = _of_report(report, rank, reachable)
            break
    last = rules.of_registrations
    if not reachable:
        if best is None or last < best.rank:
            return _Candidate(last, "unregistered", "no phone is registered", registered_since)
    elif best is None:
        for rank, report in told:
            if report.activity == "available":
                return _of_report(report, rank, reachable)
        return _Candidate(last, "idle", "registered, and nothing says otherwise", registered_since)
    return best


def _sources(
    calls: _Candidate | None,
    told: Sequence[_Ranked],
    silent: Sequence[StatusReport],
    phones: Source,
    winner: Rank,
    rules: MergeRules,
) -> tuple[Source, ...]:
    """All facts: the winning one, then the others as they rank, stale ones at the end."""
    facts = [(rank, Source(report.source, report.activity, report.since)) for rank, report in told]
    if calls is not None:
        facts.append((rules.of_calls, Source("calls", calls.condition, calls.since)))
    facts.append((rules.of_registrations, phones))
    facts.sort(key=_rank_of)
    sources = [source for rank, source in facts if rank == winner]
    sources += [source for rank, source in facts if rank != winner]
    sources += [Source(report.source, report.activity, report.since, stale=True) for report in silent]
    return tuple(sources)


def compose(
    reports: Iterable[StatusReport],
    dialogs: Iterable[DialogState],
    registered: int,
    now: float,
    *,
    registered_since: float = 0.0,
    rules: MergeRules = DEFAULT_RULES,
    stale: Container[str] = (),
    tuples: tuple[PublishedTuple, ...] = (),
    notes: tuple[str, ...] = (),
) -> PersonState:
    """Make a person's state by the company's rules: by default live dialogs win, registrations come last.

    A person leaves `ringing`, `talking` and `hold` only when the last live dialog has ended: one branch's end never
    clears the lamp. Reports that have expired at `now` do not count, nor do those of sources that are `stale`.
    """
    live = sorted((dialog for dialog in dialogs if dialog.phase != "terminated"), key=_shown_before)
    fresh = [report for report in reports if _lives(report, now)]
    told = [report for report in fresh if report.source not in stale]
    ranked: list[_Ranked] = [(rules.rank(report), report) for report in told]
    ranked.sort(key=_rank_of)
    reachable = registered > 0 or any(map(_reaches, told))
    calls = _of_calls(live, rules) if live else None
    winner = _winner(calls, ranked, registered_since, reachable, rules)
    back = _first([report for report in told if report.back_at is not None], rules.note_rank)
    forwarded = _first([report for report in told if report.forwarding is not None], rules.forwarding_rank)
    note = _note(told, rules)
    silent = [report for report in fresh if report.source in stale] if len(told) != len(fresh) else []
    phones = Source("registrations", f"{registered} registered", registered_since)
    return PersonState(
        winner.condition,
        winner.reason,
        registered,
        tuple(live),
        note,
        winner.since,
        _sources(calls, ranked, silent, phones, winner.rank, rules),
        reachable,
        back.back_at if back is not None else None,
        forwarded.forwarding if forwarded is not None else None,
        tuples,
        _besides(note, notes),
    )


def reworded(
    state: PersonState,
    reports: Iterable[StatusReport],
    now: float,
    *,
    rules: MergeRules,
    stale: Container[str],
    tuples: tuple[PublishedTuple, ...],
    notes: tuple[str, ...],
) -> PersonState:
    """What `compose` would make of facts that have changed in their notes and tuples alone since it made `state`.

    Where these come out the same it is `state` itself.
    """
    note = _note([report for report in reports if _lives(report, now) and report.source not in stale], rules)
    notes = _besides(note, notes)
    if note == state.note and tuples == state.tuples and notes == state.notes:
        return state
    return PersonState(
        state.condition,
        state.reason,
        state.registered,
        state.dialogs,
        note,
        state.since,
        state.sources,
        state.reachable,
        state.back_at,
        state.forwarding,
        tuples,
        notes,
    )


def _lives(report: StatusReport, now: float) -> bool:
    expires_at = report.expires_at
    return expires_at is None or now < expires_at


def _note(told: list[StatusReport], rules: MergeRules) -> str:
    """The note that ranks first."""
    noted = _first([report for report in told if report.note], rules.note_rank)
    return noted.note if noted is not None else ""


def _besides(note: str, notes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple([other for other in notes if other != note]) if notes else ()


def _first(reports: list[StatusReport], rank: Callable[[StatusReport], Rank]) -> StatusReport | None:
    """The one that ranks first, None of none; most have one at the most."""
    if len(reports) > 1:
        return min(reports, key=rank)
    return reports[0] if reports else None
