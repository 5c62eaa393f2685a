"""Who waits for a moment is no backlog; who goes on waiting is one, until nobody waits any more."""

from sipcore.io.backlog import CAUGHT_UP, FILLED, MOMENT, TURN, WAITED, Backlog

LONG, SHORT = WAITED + 0.01, CAUGHT_UP - 0.01


def test_who_waits_longer_than_allowed_for_more_than_a_moment_makes_it_behind() -> None:
    backlog = Backlog()
    backlog.look(0.0, 10.0)
    looks = [behind_at(backlog, LONG, 10.0 + 2 * number * TURN) for number in range(1, 10)]
    assert looks.index(True) + 1 == round(MOMENT / TURN)
    assert all(looks[looks.index(True) :])


def test_one_slow_moment_is_no_backlog_however_long_the_machine_stood_still() -> None:
    backlog = Backlog()
    backlog.look(0.0, 10.0)
    assert not behind_at(backlog, 5.0, 15.0)
    assert not behind_at(backlog, 4.9, 15.1)
    assert not behind_at(backlog, 0.0, 15.2)
    assert not behind_at(backlog, 5.0, 20.2)


def test_it_stays_behind_until_nothing_waits_for_long_any_more() -> None:
    backlog = Backlog()
    for number in range(10):
        backlog.look(LONG, 10.0 + number * TURN)
    assert behind_at(backlog, WAITED / 2, 11.0)
    assert not behind_at(backlog, SHORT, 11.1)
    assert not behind_at(backlog, LONG, 11.2)


def test_waiting_as_long_as_allowed_is_no_backlog() -> None:
    backlog = Backlog(allowed=0.5)
    assert not any(behind_at(backlog, 0.5, 10.0 + number) for number in range(50))


def test_a_buffer_that_fills_is_a_backlog_at_once_for_the_next_may_be_lost() -> None:
    backlog = Backlog()
    backlog.look(0.0, 10.0, FILLED)
    assert not backlog.is_behind
    backlog.look(0.0, 10.001, FILLED + 0.01)
    assert backlog.is_behind
    backlog.look(WAITED / 2, 10.002, FILLED)
    assert backlog.is_behind
    backlog.look(SHORT, 10.003, FILLED)
    assert not backlog.is_behind


def behind_at(backlog: Backlog, waited: float, now: float) -> bool:
    backlog.look(waited, now)
    return backlog.is_behind
