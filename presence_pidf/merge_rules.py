"""Which source wins for what, where sources differ about a person."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal

from presence_pidf.status_report import Activity, StatusReport

SourceKind = Literal["calls", "pbx", "mobile", "manual", "phone", "calendar", "computer", "registrations"]
"""What the kinds of sources are called; others may be named as well.

`calls`: dialogs, our own and published ones. `pbx`: another server's word. `mobile`: a mobile network's.
`manual`: what the person has set here, by key, code, text or program. `phone`: what a phone or softphone published.
`computer`: what the person does at a computer. `registrations`: that no phone is registered.
"""

_MANUAL: Final = frozenset(("manual", "phone-key", "feature-code", "text", "api"))

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

DEFAULT_STALE_SECONDS: Final[Mapping[str, float]] = {
    "mobile": 900.0,
    "pbx": 900.0,
    "computer": 900.0,
    "calendar": 7200.0,
}
"""For how long a source of each kind may say nothing at all before its reports count no more; others never go stale."""

STRENGTH: Final[dict[Activity, int]] = {
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

_ByWord = dict[tuple[str, Activity], int]
"""Places by kind of source and activity."""


@lru_cache(maxsize=4096)
def kind_of(source: str) -> str:
    """The kind of a source: what stands before the colon of its name, `manual` for all ways of setting it oneself."""
    kind = source.partition(":")[0]
    return "manual" if kind in _MANUAL else kind


class MergeRules:
    """One company's rules. An order is a list of kinds, or of `kind/activity` where a kind is believed in that alone.

    Kinds that an order leaves out come after all that are in it, but before `registrations` where that is the last.
    """

    __slots__ = ("_forwarding", "_notes", "_order", "_rest", "of_calls", "of_registrations", "stale_seconds")

    def __init__(
        self,
        order: Sequence[str] = DEFAULT_ORDER,
        *,
        notes: Sequence[str] = (),
        forwarding: Sequence[str] = (),
        stale_seconds: Mapping[str, float] = DEFAULT_STALE_SECONDS,
    ) -> None:
        rest = max(map(_end, (order, notes, forwarding)))
        places = _places(order)
        self._order = _by_word(places, rest)
        self._notes = _by_word(_places(notes or order), rest)
        self._forwarding = _by_word(_places(forwarding or order), rest)
        self._rest = rest
        self.stale_seconds = stale_seconds
        self.of_calls: Rank = (places.get("calls", -1), 0, 0.0, "")
        """Where live dialogs stand."""
        self.of_registrations: Rank = (places.get("registrations", rest + 1), len(STRENGTH), 0.0, "")
        """Where it stands that no phone is registered."""

    def stale_after(self, source: str) -> float:
        """Seconds of silence after which a source's reports count no more; 0 for one that never goes stale."""
        return self.stale_seconds.get(kind_of(source), 0.0)

    def rank(self, report: StatusReport) -> Rank:
        """Where a report's activity stands."""
        return self._rank(self._order, report)

    def note_rank(self, report: StatusReport) -> Rank:
        """Where a report's note stands."""
        return self._rank(self._notes, report)

    def forwarding_rank(self, report: StatusReport) -> Rank:
        """Where what a report says of forwarding stands."""
        place, _, newness, source = self._rank(self._forwarding, report)
        return place, 0, newness, source

    def _rank(self, places: _ByWord, report: StatusReport) -> Rank:
        source, activity = report.source, report.activity
        return places.get((kind_of(source), activity), self._rest), STRENGTH[activity], -report.since, source


def _places(order: Sequence[str]) -> dict[str, int]:
    """Even numbers, so that there is room between two."""
    return {name: 2 * place for place, name in reversed(list(enumerate(order)))}


def _by_word(places: Mapping[str, int], rest: int) -> _ByWord:
    """Where each kind of source in these places stands with each activity; what is not in it is at `rest`."""
    return {
        (kind, activity): min(places.get(f"{kind}/{activity}", rest), places.get(kind, rest))
        for kind in {name.partition("/")[0] for name in places}
        for activity in STRENGTH
    }


def _end(order: Sequence[str]) -> int:
    """The place of kinds that an order leaves out."""
    return 2 * len(order) - (3 if order and order[-1] == "registrations" else 0)


DEFAULT_RULES: Final = MergeRules()
