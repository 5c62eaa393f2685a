"""Reports on their way: the last of each person and source arrives, whatever order, flood or restart comes between."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.status_report import Activity, Location, StatusReport
from status_adapters.outlet import MOST_SOURCES, Outlet

NOW = 1_700_000_000.0


class Shelf:
    """Fulfils `status_adapters.outlet.Shelf`."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def put(self, key: str, value: bytes) -> None:
        self.values[key] = value

    def delete(self, key: str) -> None:
        self.values.pop(key, None)


def outlet(shelf: Shelf | None = None) -> Outlet:
    return Outlet(shelf or Shelf(), lambda: NOW, lambda: None)


def report(
    person: int = 1,
    activity: Activity = "busy",
    at: float = NOW - 100,
    sequence: int = 0,
    source: str = "mobile:op",
    expires_at: float | None = None,
) -> StatusReport:
    return StatusReport(
        presentity=f"sip:p{person}@a.example",
        source=source,
        activity=activity,
        at=at,
        sequence=sequence,
        expires_at=expires_at,
    )


def sent(out: Outlet, most: int = 1000) -> list[StatusReport]:
    return [each for _, each in out.take(most)]


def test_an_older_report_changes_nothing_by_time_or_sequence() -> None:
    out = outlet()
    lane = out.lane("op")
    assert lane.put(report(at=NOW - 10, sequence=5)) == "sent"
    assert lane.put(report(activity="away", at=NOW - 20)) == "older"
    assert lane.put(report(activity="away", at=NOW - 10, sequence=4)) == "older"
    assert [each.activity for each in sent(out)] == ["busy"]


def test_what_says_the_same_is_not_sent_again_unless_its_end_is_another() -> None:
    out = outlet()
    lane = out.lane("op")
    lane.put(report(at=NOW - 20))
    assert len(sent(out)) == 1
    assert lane.put(report(at=NOW - 10)) == "unchanged"
    assert sent(out) == []
    assert lane.put(report(at=NOW - 5, expires_at=NOW + 60)) == "sent"


def test_a_flood_of_one_person_waits_as_one_report() -> None:
    out = outlet()
    lane = out.lane("op")
    activities: tuple[Activity, ...] = ("busy", "away")
    became = [lane.put(report(activity=activities[turn % 2], sequence=turn)) for turn in range(1000)]
    assert became.count("merged") == 999
    assert [each.sequence for each in sent(out)] == [999]


def test_each_adapter_has_its_share_of_a_batch_however_much_another_has() -> None:
    out = outlet()
    flood, calm = out.lane("flood"), out.lane("calm")
    for person in range(1000):
        flood.put(report(person))
    for person in range(3):
        calm.put(report(person, source="mobile:calm"))
    sources = [each.source for each in sent(out, 10)]
    assert sources.count("mobile:calm") == 3
    assert len(sources) == 10


def test_a_report_from_the_future_does_not_keep_out_those_that_follow() -> None:
    out = outlet()
    lane = out.lane("op")
    lane.put(report(at=NOW + 86_400))
    assert sent(out)[0].at == NOW
    assert lane.put(report(activity="away", at=NOW + 1)) == "sent"


def test_what_did_not_arrive_is_sent_again_but_never_over_something_newer() -> None:
    out = outlet()
    lane = out.lane("op")
    lane.put(report(1, sequence=1))
    lane.put(report(2, sequence=1))
    taken = out.take(10)
    lane.put(report(1, "away", sequence=2))
    out.put_back(taken)
    assert sorted((each.presentity, each.sequence) for each in sent(out)) == [
        ("sip:p1@a.example", 2),
        ("sip:p2@a.example", 1),
    ]


def test_all_is_told_again_after_either_side_begins_anew_but_for_what_is_over() -> None:
    shelf = Shelf()
    first = outlet(shelf)
    first.lane("op").put(report(1))
    first.lane("op").put(report(2, expires_at=NOW - 1))
    first.lane("gone").put(report(3, source="mobile:gone"))
    second = outlet(shelf)
    lane = second.lane("op")
    second.restore(dict(shelf.values) | {"op\nx\ny": b"damaged"})
    second.take(10)
    second.tell_all_again()
    assert [each.presentity for each in sent(second)] == ["sip:p1@a.example"]
    assert lane.put(report(1)) == "unchanged"
    assert not any(key.startswith("gone") for key in shelf.values)


def test_where_somebody_was_is_neither_kept_in_memory_nor_on_disk() -> None:
    shelf = Shelf()
    out = outlet(shelf)
    out.lane("op").put(msgspec.structs.replace(report(), location=Location(59.0, 10.0)))
    assert sent(out)[0].location is not None
    out.tell_all_again()
    assert sent(out)[0].location is None
    assert all(msgspec.msgpack.decode(value, type=StatusReport).location is None for value in shelf.values.values())


def test_people_who_have_left_are_forgotten() -> None:
    shelf = Shelf()
    out = outlet(shelf)
    out.lane("op").put(report(1))
    out.retain(lambda presentity: False)
    assert sent(out) == []
    assert not shelf.values


def test_an_adapter_that_invents_sources_is_stopped() -> None:
    lane = outlet().lane("op")
    became = [lane.put(report(source=f"mobile:{number}")) for number in range(MOST_SOURCES + 1)]
    assert became[-1] == "too many sources"


REPORTS = st.lists(
    st.builds(
        report,
        person=st.integers(1, 3),
        activity=st.sampled_from(["busy", "away", "available"]),
        at=st.integers(0, 5).map(lambda step: NOW - 50 + step),
        sequence=st.integers(0, 3),
        source=st.sampled_from(["mobile:op", "pbx:op"]),
    )
)


@given(REPORTS, st.lists(st.sampled_from(["take", "lose", "again"])))
def test_whatever_the_order_the_newest_of_each_is_what_arrives_last(
    reports: list[StatusReport], happenings: list[str]
) -> None:
    out = outlet()
    lane = out.lane("op")
    arrived: dict[tuple[str, str], StatusReport] = {}
    steps = iter(happenings)
    for each in reports:
        lane.put(each)
        match next(steps, ""):
            case "take":
                arrived |= {(got.source, got.presentity): got for got in sent(out, 1)}
            case "lose":
                out.put_back(out.take(2))
            case "again":
                out.tell_all_again()
    arrived |= {(got.source, got.presentity): got for got in sent(out)}
    for key, got in arrived.items():
        same = [each for each in reports if (each.source, each.presentity) == key]
        newest = max((each.at, each.sequence) for each in same)
        assert got.activity in {each.activity for each in same if (each.at, each.sequence) == newest}
    assert len(arrived) == len({(each.source, each.presentity) for each in reports})
