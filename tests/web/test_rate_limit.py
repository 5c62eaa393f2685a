"""How often one client may ask."""

from web.rate_limit import RateLimit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_is_told_how_long_to_wait_and_may_ask_again_then() -> None:
    clock = Clock()
    limit = RateLimit(3, clock)
    assert [limit.seconds_to_wait("a") for _ in range(4)] == [0, 0, 0, 20]
    clock.now = 10.0
    assert limit.seconds_to_wait("a") == 10
    clock.now = 20.0
    assert limit.seconds_to_wait("a") == 0


def test_clients_do_not_take_from_each_other() -> None:
    limit = RateLimit(1, Clock())
    assert [limit.seconds_to_wait(client) for client in ("a", "b", "a")] == [0, 0, 60]


def test_who_was_silent_for_long_may_not_ask_more_than_in_one_minute() -> None:
    clock = Clock()
    limit = RateLimit(2, clock)
    limit.seconds_to_wait("a")
    clock.now = 3600.0
    assert [limit.seconds_to_wait("a") for _ in range(3)] == [0, 0, 30]
