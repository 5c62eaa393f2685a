"""The session's tables are whole."""

import pytest

from sipcore.session_machine import CALLEE, CALLER, Act, SessionState, SessionTable

TABLES = [(CALLER, SessionState.CALLING), (CALLEE, SessionState.INVITED)]


@pytest.mark.parametrize(("table", "start"), TABLES, ids=["caller", "callee"])
def test_every_state_is_reached_and_can_end(table: SessionTable, start: SessionState) -> None:
    reached = {start}
    while True:
        more = {step.state for (state, _), step in table.items() if state in reached} | reached
        if more == reached:
            break
        reached = more
    assert reached == {start} | {step.state for step in table.values()}
    can_end = {SessionState.ENDED}
    for _ in SessionState:
        can_end |= {state for (state, _), step in table.items() if step.state in can_end}
    assert reached <= can_end


@pytest.mark.parametrize(("table", "start"), TABLES, ids=["caller", "callee"])
def test_nothing_leaves_the_end(table: SessionTable, start: SessionState) -> None:
    assert {step.state for (state, _), step in table.items() if state is SessionState.ENDED} <= {SessionState.ENDED}


@pytest.mark.parametrize(("table", "start"), TABLES, ids=["caller", "callee"])
def test_only_a_call_that_was_up_or_answered_is_ended_with_bye(table: SessionTable, start: SessionState) -> None:
    ended_by_bye = {state for (state, _), step in table.items() if Act.SEND_BYE in step.acts}
    assert ended_by_bye <= {SessionState.UP, SessionState.ANSWERED, SessionState.LEAVING}


def test_every_act_is_in_a_table() -> None:
    used = {act for table, _ in TABLES for step in table.values() for act in step.acts}
    assert used == set(Act)
