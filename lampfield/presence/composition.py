"""One state a person: facts come in, and the state is composed anew only where one of them says something else."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from lampfield.presence.lamp import Lamp, Published, Rules
from lampfield.presence.silence import Silence
from presence_pidf.dialog_state import DialogState
from presence_pidf.person_state import compose, reworded, shows_the_same
from presence_pidf.publication import PublishedTuple
from presence_pidf.status_report import StatusReport, not_ahead
from sipcore.notify_timers import Buckets

Taken = Literal["older", "unchanged", "absorbed", "shown"]
"""What became of a report: older than what is known; says the same; changes no lamp; changes what lamps show."""

RESTATED_AT_ONCE: Final = 1000
"""Lamps that are composed anew in one `advance` after a source has fallen silent, so that nothing waits for long."""

EXPIRY_GRANULARITY: Final = 1.0
"""Seconds a report may outlive its time."""


class Composition:
    """Composes lamps. What it returns says whether the lamp is to be told anew; telling is not its business."""

    def __init__(self) -> None:
        self.silence = Silence()
        self._expiries: Buckets[Lamp] = Buckets(EXPIRY_GRANULARITY)
        self._restating: list[Lamp] = []

    def report(self, lamp: Lamp, report: StatusReport, now: float) -> Taken:
        """Take what a source says of somebody."""
        source = report.source
        report = not_ahead(report, now)
        revived = self.silence.heard(source, now)
        known = lamp.reports.get(source)
        if known is not None:
            if report.is_older_than(known):
                return "older"
            if report.content == known.content and report.started in (None, known.since) and known.live(now):
                if report.since != known.since:
                    report = msgspec.structs.replace(report, started=known.since)
                lamp.reports[source] = report
                self._watch_expiry(lamp, report)
                return "shown" if revived and self.compose(lamp, now) else "unchanged"
        lamp.reports[source] = report
        self._watch_expiry(lamp, report)
        return "shown" if self.compose(lamp, now) else "absorbed"

    def publish(self, lamp: Lamp, key: str, published: Published, now: float) -> bool:
        """Take what a publication says, in the place of what it said before; True where lamps show something else."""
        if lamp.published is None:
            lamp.published = {}
        before = lamp.published.get(key)
        lamp.published[key] = published
        reworded, published.rewords = published.rewords, None
        if before is not None and reworded is before:
            return self._reword(lamp, published, now)
        self._forget_report(lamp, before)
        if published.report is not None:
            lamp.reports[published.report.source] = published.report
        return self.compose(lamp, now)

    def unpublish(self, lamp: Lamp, key: str, now: float) -> bool:
        """Forget what a publication said; True where lamps show something else."""
        if lamp.published is None or key not in lamp.published:
            return False
        self._forget_report(lamp, lamp.published.pop(key))
        if not lamp.published:
            lamp.published = None
        return self.compose(lamp, now)

    @staticmethod
    def _forget_report(lamp: Lamp, before: Published | None) -> None:
        if before is not None and before.report is not None:
            lamp.reports.pop(before.report.source, None)

    def compose(self, lamp: Lamp, now: float) -> bool:
        """Compose the state anew; True where lamps show something else."""
        rules = lamp.rules
        dialogs: Iterable[DialogState] = lamp.dialogs.values()
        tuples: tuple[PublishedTuple, ...] = ()
        notes: tuple[str, ...] = ()
        if lamp.published:
            published = _in_order(lamp.published)
            dialogs = _all_dialogs(lamp.dialogs, published)
            tuples = _by_id(published)
            notes = _each_once(published)
        state = compose(
            lamp.reports.values(),
            dialogs,
            lamp.registered,
            now,
            registered_since=lamp.registered_since,
            rules=rules.merge,
            stale=rules.silent,
            tuples=tuples,
            notes=notes,
        )
        before, lamp.state = lamp.state, state
        return not shows_the_same(state, before)

    def _reword(self, lamp: Lamp, published: Published, now: float) -> bool:
        """As `compose`, where nothing but what `published` says in words is new."""
        report, all_published = published.report, lamp.published
        assert report is not None
        assert all_published is not None
        lamp.reports[report.source] = report
        ordered = _in_order(all_published)
        rules, before = lamp.rules, lamp.state
        lamp.state = reworded(
            before,
            lamp.reports.values(),
            now,
            rules=rules.merge,
            stale=rules.silent,
            tuples=_by_id(ordered),
            notes=_each_once(ordered),
        )
        return lamp.state is not before

    def advance(self, now: float, everybody: Iterable[Lamp]) -> list[tuple[Lamp, bool]]:
        """Let reports expire and sources fall silent; the lamps of which less counts, and if they show something else.

        What no lamp shows counts too: that a number is private, say, has run out.
        """
        if self.silence.advance(now):
            self._restating = list({id(lamp): lamp for lamp in everybody if lamp.reports}.values())
        changed = [
            (lamp, self.compose(lamp, now)) for tick, lamp in self._expiries.due(now) if self._expire(lamp, tick, now)
        ]
        for _ in range(min(RESTATED_AT_ONCE, len(self._restating))):
            lamp = self._restating.pop()
            changed.append((lamp, self.compose(lamp, now)))
        return changed

    def next_timeout(self) -> float | None:
        """When `advance` is to be called next, for a report that expires."""
        return self._expiries.next_timeout()

    def configure(self, rules: Iterable[Rules]) -> None:
        """Take the rules of all companies."""
        self.silence.configure(rules)

    def _watch_expiry(self, lamp: Lamp, report: StatusReport) -> None:
        if report.expires_at is None:
            return
        tick = self._expiries.tick(report.expires_at)
        # What expires later is found when the earlier tick fires.
        if not lamp.expiry_tick or tick < lamp.expiry_tick:
            lamp.expiry_tick = tick
            self._expiries.add(tick, lamp)

    def _expire(self, lamp: Lamp, tick: int, now: float) -> bool:
        """Forget what has run out; True where something has."""
        if lamp.expiry_tick != tick:
            return False
        lamp.expiry_tick = 0
        before = len(lamp.reports)
        lamp.reports = {source: report for source, report in lamp.reports.items() if report.live(now)}
        for report in lamp.reports.values():
            self._watch_expiry(lamp, report)
        return len(lamp.reports) != before


def _in_order(published: dict[str, Published]) -> list[Published]:
    """The newest first."""
    ordered = list(published.values())
    if len(ordered) > 1:
        ordered.sort(key=_newest_first)
    return ordered


def _all_dialogs(own: dict[str, DialogState], published: Sequence[Published]) -> list[DialogState]:
    """Our own dialogs, and those of others that are not the same calls; of one id the first."""
    if not any(each.dialogs for each in published):
        return list(own.values())
    calls = {dialog.call_id for dialog in own.values() if dialog.call_id}
    found = dict(own)
    for each in published:
        for dialog in each.dialogs:
            # A phone that publishes its dialogs tells of a call with us again, under the same Call-ID.
            if dialog.id not in found and dialog.call_id not in calls:
                found[dialog.id] = dialog
    return list(found.values())


def _by_id(published: Sequence[Published]) -> tuple[PublishedTuple, ...]:
    first = published[0].presence.tuples
    if len(published) == 1 and len(first) < 2:
        return first
    found: dict[str, PublishedTuple] = {}
    for each in published:
        for one in each.presence.tuples:
            found.setdefault(one.id, one)
    return tuple(found.values())


def _each_once(published: Sequence[Published]) -> tuple[str, ...]:
    """The notes of all. A document has each of its own once."""
    if len(published) == 1:
        return published[0].presence.notes
    return tuple(dict.fromkeys([note for each in published for note in each.presence.notes]))


def _newest_first(published: Published) -> float:
    return -published.at
