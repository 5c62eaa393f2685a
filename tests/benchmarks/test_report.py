"""The figures in docs/performance.md are those that were measured."""

import pytest

from benchmarks.__main__ import SCRIPTS, chosen, medians, repeated, rows_of
from benchmarks.report import BEGIN, DOCUMENT, END, between_markers, render
from benchmarks.results import Kept, Result, kept
from benchmarks.targets import Target, Targets, load_targets

GOAL = Target("register", "REGISTER refresh", "CPU-s per 1,000", 0.03, kamailio="0.0175")


def result(row: str, value: float) -> Kept:
    return Kept(row, value, "CPU-s per 1,000", "over sockets", "2 cores", "2026-11-22", 4.5)


def test_the_document_agrees_with_what_was_measured() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text == between_markers(text, render(load_targets(), kept())), "run python -m benchmarks.report"


def test_every_row_to_reach_is_measured_or_says_why_not() -> None:
    measured = {row for script in SCRIPTS for row in rows_of(script)}
    assert [target.row for target in load_targets().targets if not target.later and target.row not in measured] == []


def test_every_kept_row_can_be_measured_again() -> None:
    assert set(kept()) <= {row for script in SCRIPTS for row in rows_of(script)}


def test_no_row_is_measured_by_two_scripts() -> None:
    rows = [row for script in SCRIPTS for row in rows_of(script)]
    assert len(rows) == len(set(rows))


@pytest.mark.parametrize(("value", "reached"), [(0.0299, "yes"), (0.031, "no")])
def test_a_row_tells_whether_it_is_reached(value: float, reached: str) -> None:
    text = render(Targets("Peers.", (GOAL,)), {"register": result("register", value)})
    assert f"| 0.0175 | **0.03** | {value} | {reached} | 4.5 | 2026-11-22 |" in text


def test_a_rate_is_reached_from_above() -> None:
    goal = Target("reports", "status reports", "per second", 20_000, better="more")
    assert goal.reached(20_001)
    assert not goal.reached(19_999)


def test_a_row_that_waits_says_what_for() -> None:
    goal = Target("reports", "status reports", "per second", 20_000, later="no adapter yet")
    assert "no adapter yet" in render(Targets("Peers.", (goal,)), {})


def test_only_what_stands_between_the_markers_is_replaced() -> None:
    text = between_markers(f"by hand\n{BEGIN}\nold\n{END}\nby hand too\n", "new")
    assert text == f"by hand\n{BEGIN}\n\nnew\n\n{END}\nby hand too\n"


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="figures: end"):
        between_markers(f"{BEGIN}\n", "new")


def test_the_median_of_several_runs_is_told_with_their_range() -> None:
    runs = [[Result("register", value, "CPU-s", "MD5")] for value in (0.05, 0.02, 0.03)]
    assert medians(runs) == [Result("register", 0.03, "CPU-s", "MD5; median of 3: 0.02 to 0.05")]


def test_only_runs_at_the_machines_full_pace_count() -> None:
    runs = [[Result("register", value, "CPU-s", "MD5", pace)] for value, pace in ((0.05, 9), (0.02, 4.5), (0.03, 4.9))]
    (median,) = medians(runs)
    assert (median.value, median.pace) == (0.025, 4.9)
    assert median.note == "MD5; median of 2 of 3: 0.02 to 0.03"


def test_a_row_that_was_never_measured_at_full_pace_says_so() -> None:
    slow = [[Result("register", 0.05, "CPU-s", pace=9)], [Result("register", 0.04, "CPU-s", pace=8)]]
    fast = [Result("bridge", 0.04, "CPU-s", pace=4.5)]
    register, _ = medians([*slow, fast])
    assert (register.value, register.note) == (0.045, "median of 2: 0.04 to 0.05; none undisturbed")


def test_one_can_choose_a_script_or_a_row() -> None:
    rows = {"parser": ("split", "read"), "queue": ("decisions",)}
    assert chosen([], rows) == {"parser": ["split", "read"], "queue": ["decisions"]}
    assert chosen(["parser"], rows) == {"parser": ["split", "read"]}
    assert chosen(["read", "queue"], rows) == {"parser": ["read"], "queue": ["decisions"]}
    with pytest.raises(KeyError):
        chosen(["reed"], rows)


def test_rows_to_reach_are_measured_again_as_often_as_they_say() -> None:
    goals = {"register": GOAL, "overload": Target("overload", "calls", "", 1, runs=1)}
    rows = {"phones": ("register", "other"), "overload": ("overload",)}
    assert repeated(rows, goals, 2) == {"phones": ["register"]}


def test_a_peers_figure_stands_beside_ours_with_the_ratio() -> None:
    rows = {row: result(row, value) for row, value in (("kamailio/register", 0.02), ("lampfield/register", 0.01))}
    text = render(Targets("Peers.", (GOAL,)), rows)
    assert "| `register` | CPU-s per 1,000 | 0.02 | 0.01 | 0.5 | 2026-11-22 |" in text


def test_without_a_peer_nothing_stands_beside() -> None:
    assert "beside" not in render(Targets("Peers.", (GOAL,)), {"lampfield/register": result("lampfield/register", 1.0)})


def test_peers_are_measured_as_often_as_the_row_beside() -> None:
    rows = {"peers": ("kamailio/register", "kamailio/calls")}
    assert repeated(rows, {"register": GOAL, "calls": Target("calls", "", "", 1, runs=1)}, 2) == {
        "peers": ["kamailio/register"]
    }
