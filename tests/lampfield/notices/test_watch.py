"""What becomes a notice, and what does not."""

import re
from itertools import count

import msgspec
import pytest

from lampfield.notices.notice import Notice
from lampfield.notices.watch import NoticeWatch
from lampfield.notices.wording import LABELS, OVER, SENTENCES
from media.prompts.library import LANGUAGES
from routing.events import (
    BoxFull,
    CallArrived,
    CallBridged,
    CalledBack,
    CallEnded,
    CallEvent,
    CallTakenUp,
    MessageLost,
    QueueLeft,
)
from routing.queue.events import LastMemberPassive, MemberPaused
from tests.routing.nordlys import company

ARRIVED = CallArrived(
    call="c1", at=1.0, company="nordlys", origin="trunk", caller_number="+4520304050", dialled="+4533221100"
)
BRIDGED = CallBridged(call="c1", at=9.0, leg="l1", person="ingrid", number="208")
ENDED = CallEnded(call="c1", at=10.0, cause="abandoned", by="caller")
ELSEWHERE = CallEnded(call="c1", at=10.0, cause="elsewhere", by="caller", status=487)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """A watch of one company, and what it posts."""

    def __init__(self, language: str = "en") -> None:
        self.notices: list[Notice] = []
        self.clock = Clock()
        numbers = count(1)
        self.watch = NoticeWatch(self.notices.append, self.clock, lambda: f"n{next(numbers)}")
        self.watch.configure([company(queues={}, language=language)])

    def told_of(self, *events: CallEvent) -> list[str]:
        takers = self.watch.takers()
        for event in events:
            if type(event) in takers:
                takers[type(event)](event)
        return [notice.kind for notice in self.notices]


def left(outcome: str, at: float = 8.0) -> QueueLeft:
    return QueueLeft(call="c1", at=at, queue="sales", outcome=outcome, waited=7.0)  # type: ignore[arg-type]


def test_a_caller_whom_the_queue_and_everybody_after_it_missed_is_told_of_once() -> None:
    watched = Watched()
    assert watched.told_of(ARRIVED, left("unanswered"), ENDED, ENDED) == ["missed-call"]
    (notice,) = watched.notices
    assert (notice.company, notice.queue, notice.caller, notice.call) == ("nordlys", "sales", "+4520304050", "c1")
    assert notice.text == "sales has missed a call of +4520304050"


@pytest.mark.parametrize(
    "events",
    [
        [ARRIVED, left("answered"), BRIDGED, ENDED],
        [ARRIVED, left("timeout"), BRIDGED, ENDED],
        [ARRIVED, BRIDGED, left("abandoned"), ENDED],
        [ARRIVED, left("timeout"), left("answered"), BRIDGED, ENDED],
        [ARRIVED, left("full"), ELSEWHERE],
        [ARRIVED, left("elsewhere"), ELSEWHERE],
        [ARRIVED, ENDED],
    ],
    ids=[
        "by a member",
        "by who came after the queue",
        "before the queue",
        "in a second queue",
        "in the network, after the queue",
        "in the network, before the queue answered",
        "no queue",
    ],
)
def test_no_notice_is_sent_for_a_call_that_somebody_answered_or_no_queue_had(events: list[CallEvent]) -> None:
    assert Watched().told_of(*events) == []


def test_a_place_that_is_kept_for_calling_back_is_missed_only_when_it_was_not_reached() -> None:
    hung_up = CallEnded(call="c1", at=5.0, cause="callback", by="caller")
    assert Watched().told_of(ARRIVED, hung_up) == []
    assert Watched().told_of(ARRIVED, hung_up, left("called-back")) == []
    assert Watched().told_of(ARRIVED, hung_up, left("not-reached")) == ["missed-call"]


def test_who_was_called_back_and_reached_nobody_then_is_told_of_once() -> None:
    back = msgspec.structs.replace(ARRIVED, call="back-1", origin="callback")
    ordered = CallEnded(call="c1", at=5.0, cause="callback", by="system")
    called = [ARRIVED, ordered, back, CalledBack(call="back-1", at=6.0, queue="sales", place="c1", attempt=1)]
    bridged, over = msgspec.structs.replace(BRIDGED, call="back-1"), msgspec.structs.replace(ENDED, call="back-1")
    assert Watched().told_of(*called, left("abandoned"), over) == ["missed-call"]
    assert Watched().told_of(*called, left("unanswered"), bridged, over) == [], "answered after the queue"
    assert Watched().told_of(*called, left("called-back"), bridged, over) == []
    assert Watched().told_of(*called, left("not-reached"), over) == ["missed-call"]
    again = msgspec.structs.replace(over, cause="callback")
    assert Watched().told_of(*called, again, left("not-reached")) == ["missed-call"], "and ordered it anew"
    tried = msgspec.structs.replace(over, cause="busy")
    assert Watched().told_of(*called, tried, *called[2:], left("called-back"), bridged, over) == []
    elsewhere = [ARRIVED, left("timeout"), *called[1:]]
    assert Watched().told_of(*elsewhere, tried) == [], "to be tried again"


def test_who_ordered_it_already_is_told_of_by_the_place_that_is_kept_alone() -> None:
    ordered = CallEnded(call="c1", at=9.0, cause="callback", by="system")
    watched = Watched()
    assert watched.told_of(ARRIVED, left("already-ordered"), ordered) == []
    assert watched.told_of(left("not-reached", 20.0)) == [], "nothing is known of the call any more"
    back = msgspec.structs.replace(ARRIVED, call="back-1", origin="callback")
    called = [ARRIVED, ordered, back, CalledBack(call="back-1", at=6.0, queue="sales", place="c1", attempt=1)]
    busy = msgspec.structs.replace(ENDED, call="back-1", cause="busy")
    assert Watched().told_of(*called, busy, left("answered-meanwhile")) == []
    assert Watched().told_of(*called, left("answered-meanwhile"), busy) == [], "while it rang"
    timed_out = [ARRIVED, left("timeout"), ordered]
    assert Watched().told_of(*timed_out, left("not-reached")) == ["missed-call"], "kept in the queue after"


def test_full_boxes_and_lost_messages_are_told_of() -> None:
    full = BoxFull(call="c1", at=5.0, box="anna")
    lost = MessageLost(call="c1", at=6.0, box="anna", why="no space left on device")
    assert Watched().told_of(ARRIVED, full, lost) == ["box-full", "message-lost"]


def test_the_last_active_member_and_who_was_paused_for_missing_too_much_are_told_of() -> None:
    watched = Watched()
    watched.watch.member("nordlys", MemberPaused(queue="sales", member="anna", at=1.0, reason="lunch"))
    watched.watch.member("nordlys", MemberPaused(queue="sales", member="anna", at=2.0, reason="missed"))
    watched.watch.member("nordlys", LastMemberPassive(queue="sales", member="anna", at=3.0))
    assert [(notice.kind, notice.member) for notice in watched.notices] == [
        ("auto-pause", "anna"),
        ("last-passive", "anna"),
    ]


def test_what_is_away_for_a_while_is_told_of_once_and_again_when_it_is_back() -> None:
    watched = Watched()
    faults = {0: "", 5: "refused", 10: "", 15: "refused", 20: "refused", 25: "refused", 30: "refused", 35: "", 50: ""}
    for now, fault in faults.items():
        watched.clock.now = float(now)
        watched.watch.health("trunk-down", "provider", fault)
    assert [(notice.at, notice.text, notice.over) for notice in watched.notices] == [
        (15.0, "The trunk provider is down: refused", False),
        (35.0, "The trunk provider is up again", True),
    ]


def test_a_place_from_before_a_restart_that_was_not_reached_is_told_of() -> None:
    again = msgspec.structs.replace(ARRIVED, call="back-1", origin="callback")
    called_back = CalledBack(call="back-1", at=2.0, queue="sales", place="c1", attempt=3)
    watched = Watched()
    assert watched.told_of(again, called_back, left("not-reached")) == ["missed-call"]
    assert watched.notices[0].caller == "+4520304050"


def test_every_notice_is_worded_in_every_language_with_the_same_facts() -> None:
    for sentences in (*SENTENCES.values(), *OVER.values()):
        assert sentences.keys() == set(LANGUAGES)
        facts = {language: set(re.findall(r"{\w+}", said)) for language, said in sentences.items()}
        assert all(named == facts["en"] for named in facts.values()), facts
    assert LABELS.keys() == set(LANGUAGES)
    assert OVER.keys() == {"trunk-down", "database-away"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Nobody is active in sales any more: Anna Holm was the last"),
        ("da", "Ingen er længere aktiv i sales: Anna Holm var den sidste"),
        ("nb", "Ingen er lenger aktiv i sales: Anna Holm var den siste"),
        ("sv", "Ingen är längre aktiv i sales: Anna Holm var den sista"),
        ("de", "Niemand ist mehr aktiv in sales: zuletzt war es Anna Holm"),
    ],
)
def test_people_are_told_in_the_language_of_their_company(language: str, text: str) -> None:
    watched = Watched(language)
    watched.watch.member("nordlys", LastMemberPassive(queue="sales", member="anna", at=3.0))
    assert [(notice.text, notice.member) for notice in watched.notices] == [(text, "anna")]


def test_who_talks_on_after_a_restart_is_missed_by_nobody() -> None:
    first = msgspec.structs.asdict(ARRIVED)
    talks = CallTakenUp(**first, arrived=1.0, queue="", talks_to="ingrid")
    waits = CallTakenUp(**first, arrived=1.0, queue="sales")
    assert Watched().told_of(talks, left("abandoned"), ENDED) == []
    assert Watched().told_of(waits, left("abandoned"), ENDED) == ["missed-call"]


def test_who_was_called_back_and_hangs_up_after_a_restart_is_missed_by_the_queue_that_called() -> None:
    first = msgspec.structs.asdict(msgspec.structs.replace(ARRIVED, call="back-1"))
    taken_up = CallTakenUp(**first, arrived=1.0, queue="sales", place="c1")
    over = msgspec.structs.replace(ENDED, call="back-1")
    watched = Watched()
    assert watched.told_of(taken_up, left("abandoned"), over) == ["missed-call"]
    (notice,) = watched.notices
    assert (notice.queue, notice.caller, notice.call) == ("sales", "+4520304050", "back-1")
    bridged = msgspec.structs.replace(BRIDGED, call="back-1")
    assert Watched().told_of(taken_up, left("called-back"), bridged, over) == []
    again = Watched()
    assert again.told_of(taken_up, over) == [], "cut off, and to be called again"
    assert again.told_of(left("not-reached")) == ["missed-call"]
