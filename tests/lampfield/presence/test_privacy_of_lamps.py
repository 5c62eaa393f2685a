"""What phones see by the company's rules, also when these change."""

import msgspec
import pytest

from presence_pidf.status_report import StatusReport
from routing.model import Company, Privacy, Role, VoicemailBox
from tests.routing.nordlys import company
from tests.support.watched_house import WatchedHouse

NORDLYS = company()


def house(privacy: Privacy = Privacy(), **people: object) -> Company:  # noqa: B008  immutable
    """Nordlys, whose queue has anna, bo and carl but not dora, with fields of anna changed."""
    anna = msgspec.structs.replace(NORDLYS.people["anna"], **people)
    return msgspec.structs.replace(NORDLYS, privacy=privacy, people=NORDLYS.people | {"anna": anna})


def test_a_ringing_lamp_shows_the_caller_to_the_own_group_and_not_to_others() -> None:
    lamps = WatchedHouse(house())
    colleague, other = lamps.watch("bo", "201"), lamps.watch("dora", "201")
    lamps.ring("anna")
    assert colleague.received[-1].dialogs == other.received[-1].dialogs == [("early", "recipient")]
    assert b"Karen Blixen" in colleague.received[-1].body
    assert b"+4520304050" in colleague.received[-1].body
    assert b"Karen" not in other.received[-1].body
    assert b"+4520304050" not in other.received[-1].body


def test_notes_are_seen_by_who_may_see_them_in_every_document() -> None:
    lamps = WatchedHouse(house())
    colleague, other = lamps.watch("bo", "anna", "presence"), lamps.watch("dora", "anna", "presence")
    note = StatusReport(
        presentity=lamps.aor("anna"), source="calendar", activity="meeting", at=900.0, note="at the dentist"
    )
    lamps.lamps.reported(note, lamps.now)
    lamps.deliver()
    assert b"at the dentist" in colleague.received[-1].body
    assert b"dentist" not in other.received[-1].body
    assert "meeting" in other.received[-1].activities


def test_who_sees_busy_or_free_sees_no_ringing() -> None:
    lamps = WatchedHouse(house(shows=("busy",)))
    watcher = lamps.watch("bo", "201")
    lamps.ring("anna")
    assert watcher.received[-1].dialogs == [("confirmed", "initiator")]
    assert b"Karen" not in watcher.received[-1].body


def test_whoever_is_hidden_is_answered_like_everybody_and_stays_gone() -> None:
    lamps = WatchedHouse(house(hidden_from=("bo",)))
    bo, presence = lamps.watch("bo", "201"), lamps.watch("bo", "anna", "presence")
    carl = lamps.watch("carl", "201")
    lamps.lamps.bindings_changed(lamps.aor("anna"), 1, lamps.now)
    lamps.ring("anna")
    lamps.ring("anna", "confirmed")
    lamps.ring("anna", "terminated")
    assert [notification.dialogs for notification in carl.received][-3:] == [
        [("early", "recipient")],
        [("confirmed", "recipient")],
        [],
    ]
    assert {tuple(notification.dialogs) for notification in bo.received} == {()}
    assert {notification.basic for notification in presence.received} == {"closed"}
    assert not any(notification.terminated for notification in (*bo.received, *presence.received))


def test_who_may_see_nothing_is_refused() -> None:
    lamps = WatchedHouse(house(Privacy(company=())))
    assert lamps.try_to_watch("dora", "201")[1].status == 403
    assert lamps.try_to_watch("bo", "201")[1].status == 200


def test_other_rules_take_effect_for_who_watches_already() -> None:
    lamps = WatchedHouse(house())
    dora = lamps.watch("dora", "201")
    lamps.ring("anna")
    assert b"Karen" not in dora.received[-1].body
    lamps.configure(house(Privacy(company=("state", "callers"))))
    assert b"Karen Blixen" in dora.received[-1].body
    lamps.configure(house(Privacy(roles={"guest": Role(("dora",), company=("busy",))})))
    assert dora.received[-1].dialogs == [("confirmed", "initiator")]
    lamps.configure(house(hidden_from=("dora",)))
    assert dora.received[-1].dialogs == []
    lamps.configure(house(Privacy(company=())))
    assert dora.received[-1].subscription_state == "terminated;reason=rejected"


def test_rules_that_change_nothing_for_a_watcher_tell_nothing() -> None:
    lamps = WatchedHouse(house())
    bo = lamps.watch("bo", "201")
    before = len(bo.received)
    lamps.configure(house(Privacy(company=("busy",))))
    assert len(bo.received) == before


def test_rules_that_changed_while_the_server_was_down_hold_when_it_is_back() -> None:
    before = WatchedHouse(house(Privacy(company=("state", "callers"))))
    dora = before.watch("dora", "201")
    after = WatchedHouse(house(), first_token=100)
    after.watchers = before.watchers
    after.ring("anna")
    after.lamps.restore(before.records.values(), after.now)
    after.lamps.notifier.advance(after.now)
    after.deliver()
    assert dora.received[-1].dialogs == [("early", "recipient")]
    assert b"Karen" not in dora.received[-1].body


def test_documents_are_made_once_for_all_who_see_alike() -> None:
    lamps = WatchedHouse(company(privacy=Privacy(company=("state", "callers"))))
    watchers = [lamps.watch(person, "201") for person in ("bo", "carl", "dora", "dora")]
    lamps.ring("anna")
    record = {record.form for record in lamps.records.values()}
    assert record == {"plain~state+callers+notes", "plain~state+callers"}
    assert all(b"Karen" in watcher.received[-1].body for watcher in watchers)


def test_nobody_counts_the_messages_of_others() -> None:
    lamps = WatchedHouse(company(boxes={"anna": VoicemailBox("anna")}))
    assert lamps.try_to_watch("anna", "anna", "message-summary")[1].status == 200
    assert lamps.try_to_watch("bo", "anna", "message-summary")[1].status == 403


@pytest.mark.parametrize("number", ["anna", "201", "*98"])
def test_phones_ask_for_their_messages_by_name_by_extension_or_by_what_they_dial(number: str) -> None:
    lamps = WatchedHouse(company(boxes={"anna": VoicemailBox("anna")}))
    assert lamps.try_to_watch("anna", number, "message-summary")[1].status == 200
