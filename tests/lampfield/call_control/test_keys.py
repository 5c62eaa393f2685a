"""Keys that were pressed and not read yet."""

import asyncio

from lampfield.call_control.keys import Keys
from tests.support.virtual_time import START, now, run


def read(timeout: float | None, *happenings: tuple[float, str]) -> tuple[str | None, float]:
    """What a reader gets, and after how many seconds; at each given second a key is pressed, or `#woken`."""

    async def scenario() -> tuple[str | None, float]:
        keys, loop = Keys(), asyncio.get_running_loop()
        for after, what in happenings:
            if not after:
                keys.press(what)
            elif what == "#woken":
                loop.call_later(after, keys.wake)
            else:
                loop.call_later(after, keys.press, what)
        return await keys.read(timeout), now() - START

    return run(scenario())


def test_a_key_pressed_before_is_read_at_once() -> None:
    assert read(5.0, (0, "1"), (0, "2")) == ("1", 0.0)


def test_the_reader_waits_for_the_next_key() -> None:
    assert read(None, (3600, "#")) == ("#", 3600.0)


def test_no_key_is_none_after_the_time() -> None:
    assert read(5.0, (6, "1")) == (None, 5.0)


def test_a_key_in_the_instant_the_time_ends_is_not_lost() -> None:
    assert read(5.0, (5, "1")) == ("1", 5.0)


def test_a_woken_reader_goes_on_without_a_key() -> None:
    assert read(None, (2, "#woken")) == (None, 2.0)


def test_keys_are_read_in_their_order_and_those_forgotten_never() -> None:
    async def scenario() -> list[str | None]:
        keys = Keys()
        keys.press("7")
        keys.clear()
        keys.press("1")
        keys.press("2")
        return [await keys.read(0.0) for _ in range(3)]

    assert run(scenario()) == ["1", "2", None]


def test_a_reader_that_was_cancelled_leaves_the_key_to_the_next() -> None:
    async def scenario() -> str | None:
        keys = Keys()
        reading = asyncio.create_task(keys.read(None))
        await asyncio.sleep(1)
        reading.cancel()
        keys.press("4")
        await asyncio.wait({reading})
        return await keys.read(0.0)

    assert run(scenario()) == "4"
