"""Writes the measured figures into docs/performance.md, between its two marker lines.

python -m benchmarks.report
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.results import RESULTS, Kept, kept, parted, shown
from benchmarks.targets import Target, Targets, load_targets

DOCUMENT = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN = "<!-- figures: begin (written by python -m benchmarks.report) -->"
END = "<!-- figures: end -->"


BESIDE = """\
Lampfield, which keeps registrations and subscriptions on disk, beside Kamailio, which keeps nothing there: the same \
load on both, in turn, in one run (`.venv/bin/python -m benchmarks --only peers`). Neither asks for a password, \
but Lampfield at registrations. The cost of the PUBLISHes that change the states is part of these figures."""


PACE = """\
`pace` is that of the machine just before and after: CPU-microseconds of a datagram sent and read over loopback \
(`benchmarks/pace.py`). Where it was looked at, medians are of the runs at the best pace, or at most 15 % above it."""


def render(targets: Targets, results: Mapping[str, Kept]) -> str:
    """The generated part of the document."""
    goals = targets.by_row()
    parts = [result for row, result in results.items() if row not in goals and not parted(row)[0]]
    sections = [
        _machines(results.values()),
        _table(
            ("row", "work", "unit", "Asterisk", "Kamailio", "to reach", "Lampfield", "reached", "pace", "date"),
            (_target_row(target, results.get(target.row)) for target in targets.targets),
        ),
        " ".join(targets.peers.split()),
        PACE,
        "What each figure was measured with:",
        _table(
            ("row", "measured with"),
            ((f"`{row}`", results[row].note) for row in goals if row in results and results[row].note),
        ),
        *_beside(targets, results),
        "Parts by themselves, to see where the time goes:",
        _table(
            ("row", "value", "unit", "measured with", "pace", "date"),
            ((f"`{part.row}`", shown(part.value), part.unit, part.note, _pace(part), part.date) for part in parts),
        ),
    ]
    return "\n\n".join(sections)


def _target_row(target: Target, result: Kept | None) -> tuple[str, ...]:
    sign = "" if target.better == "less" else "at least "
    goal = f"**{sign}{shown(target.reach)}**"
    ours = (
        (shown(result.value), "yes" if target.reached(result.value) else "no", _pace(result), result.date)
        if result
        else ("", target.later or "not measured", "", "")
    )
    return (f"`{target.row}`", target.work, target.unit, target.asterisk, target.kamailio, goal, *ours)


def _pace(result: Kept) -> str:
    return shown(result.pace) if result.pace else ""


def _beside(targets: Targets, results: Mapping[str, Kept]) -> list[str]:
    """Lampfield and its peer from one run, where there was one."""
    rows = []
    for target in targets.targets:
        ours, theirs = (results.get(f"{peer}/{target.row}") for peer in ("lampfield", "kamailio"))
        if ours and theirs:
            values = (shown(theirs.value), shown(ours.value), shown(ours.value / theirs.value))
            rows.append((f"`{target.row}`", target.unit, *values, ours.date, theirs.note, ours.note))
    head = ("row", "unit", "Kamailio", "Lampfield", "of Kamailio's", "date", "Kamailio measured", "Lampfield measured")
    return [BESIDE, _table(head, rows)] if rows else []


def _machines(results: Iterable[Kept]) -> str:
    machines = sorted({result.machine for result in results})
    return "Measured on: " + "; ".join(machines) + "."


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def between_markers(document: str, part: str) -> str:
    """The document with its generated part replaced. Raises ValueError when the markers are not there."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the document lacks the line {END if begin else BEGIN}")
    return f"{before}{BEGIN}\n\n{part}\n\n{END}{after}"


def write(document: Path = DOCUMENT, results: Path = RESULTS) -> None:
    """Bring the document up to the results."""
    text = document.read_text(encoding="utf-8")
    document.write_text(between_markers(text, render(load_targets(), kept(results))), encoding="utf-8")


if __name__ == "__main__":
    write()
