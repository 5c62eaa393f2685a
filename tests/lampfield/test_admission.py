"""New calls are refused by three limits, and taken again when there is room."""

from lampfield.admission import LATE, RETRY_AFTER, TICK, Admission


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def nobody(retry_after: int | None) -> None:
    """Nobody is told."""


def test_calls_beyond_the_most_at_a_time_are_refused_with_retry_after() -> None:
    admission = Admission(2, 100, Hand(), nobody)
    assert [admission.refusal(calls) for calls in (0, 1, 2)] == [None, None, RETRY_AFTER]


def test_calls_beyond_the_rate_are_refused_until_time_has_passed() -> None:
    clock = Hand()
    admission = Admission(100, 3, clock, nobody)
    assert [offered(admission) for _ in range(4)] == [None, None, None, RETRY_AFTER]
    clock.now += 1 / 3 + 0.001
    assert admission.refusal(0) is None


def test_who_is_not_taken_does_not_count() -> None:
    admission = Admission(100, 3, Hand(), nobody)
    assert [admission.refusal(0) for _ in range(10)] == [None] * 10
    assert [offered(admission) for _ in range(4)] == [None, None, None, RETRY_AFTER]


def test_a_closed_door_refuses_everybody() -> None:
    told: list[int | None] = []
    admission = Admission(100, 100, Hand(), told.append)
    admission.close()
    assert admission.refusal(0) == RETRY_AFTER
    assert told == [RETRY_AFTER]


def test_after_a_refusal_the_stack_refuses_by_itself_until_there_is_room() -> None:
    told: list[int | None] = []
    clock = Hand()
    admission = Admission(1, 100, clock, told.append)
    assert [admission.refusal(1) for _ in range(3)] == [RETRY_AFTER] * 3
    look(admission, clock, calls=1)
    assert told == [RETRY_AFTER]
    look(admission, clock, calls=0)
    assert told == [RETRY_AFTER, None]


def test_while_callers_wait_before_the_sockets_new_ones_are_refused() -> None:
    told: list[int | None] = []
    admission = Admission(100, 100, Hand(), told.append)
    admission.waiting(True)
    assert admission.refusal(0) == RETRY_AFTER
    admission.waiting(False)
    assert admission.refusal(0) is None
    assert told == [RETRY_AFTER, None]


def test_nobody_is_let_in_beyond_the_other_limits_when_nobody_waits_any_more() -> None:
    admission = Admission(1, 100, Hand(), nobody)
    admission.waiting(True)
    admission.waiting(False)
    assert admission.refusal(1) == RETRY_AFTER


def test_a_loop_that_comes_late_to_its_timers_for_more_than_a_moment_refuses_until_it_is_in_time() -> None:
    clock = Hand()
    admission = Admission(100, 100, clock, nobody)
    for _ in range(10):
        look(admission, clock, late=LATE + 0.1)
    assert admission.refusal(0) == RETRY_AFTER
    look(admission, clock)
    assert admission.refusal(0) is None


def test_one_slow_moment_of_the_machine_refuses_nobody() -> None:
    clock = Hand()
    admission = Admission(10_000, 100, clock, nobody)
    look(admission, clock)
    look(admission, clock, late=3.0)
    assert all(offered(admission) is None for _ in range(100))


def offered(admission: Admission) -> int | None:
    """A call of somebody who is known."""
    refusal = admission.refusal(0)
    if refusal is None:
        admission.taken()
    return refusal


def look(admission: Admission, clock: Hand, *, late: float = 0.0, calls: int = 0) -> None:
    clock.now += TICK + late
    admission.look(late, calls)
