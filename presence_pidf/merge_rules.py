"""Which source wins for what, where sources differ about a person."""

from collections.abc import Mapping, Sequence
from typing import Literal

from presence_pidf.status_report import Activity, StatusReport

SourceKind = Literal["calls", "pbx", "mobile", "manual", "phone", "calendar", "computer", "registrations"]
"""What the kinds of sources are called; others may be named as well.

`calls`: dialogs, our own and published ones. `pbx`: another server's word. `mobile`: a mobile network's.
`manual`: what the person has set here, by key, code, text or program. `phone`: what a phone or softphone published.
`computer`: what the person does at a computer. `registrations`: that no phone is registered.
"""

_MANUAL = frozenset(("manual", "phone-key", "feature-code", "text", "api"))

DEFAULT_ORDER = (
    "calls",
    "mobile/on-the-phone",
    "pbx/on-the-phone",
    "manual",
    "phone",
    "calendar",
    "computer",
    "mobile",
    "pbx",
    "registrations",
)
"""Own calls, then calls elsewhere, then what people say themselves, then what is concluded."""

DEFAULT_STALE_SECONDS: Mapping[str, float] = {"mobile": 900.0, "pbx": 900.0, "computer": 900.0, "calendar": 7200.0}
"""For how long a source of each kind may say nothing at all before its reports count no more; others never go stale."""

STRENGTH: dict[Activity, int] = {
    "on-the-phone": 0,
    "do-not-disturb": 1,
    "forwarded": 2,
    "vacation": 3,
    "busy": 4,
    "meeting": 5,
    "away": 6,
    "available": 7,
    "unknown": 8,
}
"""Which of two sources of one kind wins: the stronger objection to being called."""

Rank = tuple[int, int, float, str]
"""Sorts what sources say, what wins first."""


def kind_of(source: str) -> str:
    """The kind of a source: what stands before the colon of its name, `manual` for all ways of setting it oneself."""
    kind = source.partition(":")[0]
    return "manual" if kind in _MANUAL else kind


class MergeRules:
    """One company's rules. An order is a list of kinds, or of `kind/activity` where a kind is believed in that alone.

    Kinds that an order leaves out come after all that are in it, but before `registrations` where that is the last.
    """

    __slots__ = ("_forwarding", "_notes", "_order", "_rest", "stale_seconds")

    def __init__(
        self,
        order: Sequence[str] = DEFAULT_ORDER,
        *,
        notes: Sequence[str] = (),
        forwarding: Sequence[str] = (),
        stale_seconds: Mapping[str, float] = DEFAULT_STALE_SECONDS,
    ) -> None:
        self._order = _places(order)
        self._notes = _places(notes or order)
        self._forwarding = _places(forwarding or order)
        self._rest = max(map(_end, (order, notes, forwarding)))
        self.stale_seconds = stale_seconds

    @property
    def of_calls(self) -> Rank:
        """Where live dialogs stand."""
        return self._order.get("calls", -1), 0, 0.0, ""

    @property
    def of_registrations(self) -> Rank:
        """Where it stands that no phone is registered."""
        return self._order.get("registrations", self._rest + 1), len(STRENGTH), 0.0, ""

    def stale_after(self, source: str) -> float:
        """Seconds of silence after which a source's reports count no more; 0 for one that never goes stale."""
        return self.stale_seconds.get(kind_of(source), 0.0)

    def rank(self, report: StatusReport) -> Rank:
        """Where a report's activity stands."""
        place = self._place(self._order, report)
        return place, STRENGTH[report.activity], -report.since, report.source

    def note_rank(self, report: StatusReport) -> Rank:
        """Where a report's note stands."""
        return self._place(self._notes, report), STRENGTH[report.activity], -report.since, report.source

    def forwarding_rank(self, report: StatusReport) -> Rank:
        """Where what a report says of forwarding stands."""
        return self._place(self._forwarding, report), 0, -report.since, report.source

    def _place(self, places: Mapping[str, int], report: StatusReport) -> int:
        kind = kind_of(report.source)
        return min(places.get(f"{kind}/{report.activity}", self._rest), places.get(kind, self._rest))


def _places(order: Sequence[str]) -> dict[str, int]:
    """Even numbers, so that there is room between two."""
    return {name: 2 * place for place, name in reversed(list(enumerate(order)))}


def _end(order: Sequence[str]) -> int:
    """The place of kinds that an order leaves out."""
    return 2 * len(order) - (3 if order and order[-1] == "registrations" else 0)


DEFAULT_RULES = MergeRules()
