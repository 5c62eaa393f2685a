"""New calls are refused by three limits, and taken again when there is room."""

from lampfield.admission import LEAST, RETRY_AFTER, TICK, Admission


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
    assert [admission.refusal(0) for _ in range(4)] == [None, None, None, RETRY_AFTER]
    clock.now += 1 / 3 + 0.001
    assert admission.refusal(0) is None


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


def test_a_loop_that_falls_behind_takes_fewer_calls_until_it_has_caught_up() -> None:
    clock = Hand()
    admission = Admission(10_000, 1000, clock, nobody)
    for _ in range(60):
        look(admission, clock, late=0.3)
        taken_at_once(admission)
    clock.now += 10
    assert taken_at_once(admission) == LEAST
    for _ in range(120):
        look(admission, clock)
    clock.now += 10
    assert taken_at_once(admission) == 1000


def test_a_loop_that_is_in_time_while_callers_queue_before_its_socket_takes_fewer_calls() -> None:
    clock = Hand()
    admission = Admission(10_000, 1000, clock, nobody)
    for _ in range(60):
        look(admission, clock, queued=0.4)
        taken_at_once(admission)
    clock.now += 10
    assert taken_at_once(admission) == LEAST


def test_one_slow_moment_of_the_machine_refuses_nobody() -> None:
    clock = Hand()
    admission = Admission(10_000, 100, clock, nobody)
    look(admission, clock, late=0.35)
    assert taken_at_once(admission) == 100


def test_a_late_loop_goes_on_with_most_of_what_it_did() -> None:
    clock = Hand()
    admission = Admission(10_000, 10_000, clock, nobody)
    for _ in range(20):  # 400 calls a second are taken, though many more are allowed
        for _ in range(40):
            admission.refusal(0)
        look(admission, clock)
    for _ in range(6):
        for _ in range(40):
            admission.refusal(0)
        look(admission, clock, late=0.15)
    clock.now += 10
    assert 150 < taken_at_once(admission) < 1000


def look(admission: Admission, clock: Hand, *, late: float = 0.0, queued: float = 0.0, calls: int = 0) -> None:
    clock.now += TICK + late
    admission.look(late, queued, calls)


def taken_at_once(admission: Admission) -> int:
    """How many calls are taken before the first is refused."""
    return next(number for number in range(20_000) if admission.refusal(0) is not None)
