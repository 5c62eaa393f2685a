"""Wrong PINs are counted, and cost a growing time."""

from lampfield.pin_attempts import CAPACITY, FIRST_WAIT, FORGOTTEN_AFTER, FREE_ATTEMPTS, LONGEST_WAIT, PinAttempts

NAME = ("owner", "nordlys", "ingrid")


def test_the_first_wrong_ones_cost_nothing_and_each_further_one_twice_the_time() -> None:
    attempts, now = PinAttempts(), 0.0
    for _ in range(FREE_ATTEMPTS):
        assert attempts.seconds_to_wait(NAME, now) == 0
        attempts.tried(NAME, now)
    wait = FIRST_WAIT
    while wait < LONGEST_WAIT:
        assert attempts.seconds_to_wait(NAME, now) == wait
        assert attempts.seconds_to_wait(NAME, now + wait) == 0
        now += wait
        attempts.tried(NAME, now)
        wait *= 2
    assert attempts.seconds_to_wait(NAME, now) == LONGEST_WAIT
    assert attempts.seconds_to_wait(NAME, now + LONGEST_WAIT) == 0


def test_a_right_one_begins_anew_and_another_name_is_not_affected() -> None:
    attempts = PinAttempts()
    for _ in range(FREE_ATTEMPTS + 1):
        attempts.tried(NAME, 0.0)
    assert attempts.seconds_to_wait(NAME, 1.0) > 0
    assert attempts.seconds_to_wait(("caller", "nordlys", "+4540404040"), 1.0) == 0
    attempts.right(NAME)
    assert attempts.seconds_to_wait(NAME, 1.0) == 0


def test_wrong_ones_are_forgotten_after_a_day_and_the_oldest_when_there_are_too_many() -> None:
    attempts = PinAttempts()
    for _ in range(FREE_ATTEMPTS):
        attempts.tried(NAME, 0.0)
    attempts.tried(NAME, FORGOTTEN_AFTER + 1.0)
    assert attempts.seconds_to_wait(NAME, FORGOTTEN_AFTER + 2.0) == 0
    for _ in range(FREE_ATTEMPTS):
        attempts.tried(NAME, FORGOTTEN_AFTER + 2.0)
    for number in range(CAPACITY):
        attempts.tried(("caller", "nordlys", str(number)), FORGOTTEN_AFTER + 3.0)
    assert attempts.seconds_to_wait(NAME, FORGOTTEN_AFTER + 4.0) == 0
