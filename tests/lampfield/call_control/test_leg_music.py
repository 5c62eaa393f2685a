"""Music on a leg: one file waits behind the one that plays; what fails or changes is followed by what can play."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

from lampfield.call_control.leg_music import MOST_FAILURES, LegMusic
from lampfield.sound_library.rotation import Rotation
from media.codec import Codec

FILES = tuple(Path(f"{name}.wav") for name in "abcd")


class Line:
    """A leg's end in the media engine that notes what it is told to play."""

    codec: Codec | None = "PCMA"

    def __init__(self) -> None:
        self.plays: list[tuple[str, bool]] = []

    def play_music(self, clip: Path, *, after: bool = False) -> int:
        self.plays.append((clip.stem, after))
        return len(self.plays)

    def stop_music(self) -> None:
        self.plays.append(("stop", False))


class Lists:
    """Music lists that a test may change, of files that are clips already; those in `broken` cannot be read."""

    def __init__(self) -> None:
        self.lists: dict[str, Sequence[Path]] = {"default": FILES}
        self.broken: set[Path] = set()
        self.codecs: list[Codec] = []
        """In which clips were asked for."""
        self.asked, self.ready = asyncio.Event(), asyncio.Event()
        self.ready.set()

    def music(self, name: str, domain: str) -> Sequence[Path]:
        return self.lists.get(name, ())

    async def clip(self, source: Path, codec: Codec) -> Path | None:
        self.asked.set()
        self.codecs.append(codec)
        await self.ready.wait()
        return None if source in self.broken else source

    def rotation(self) -> Rotation:
        return Rotation(random.Random(7))


class Leg:
    """What a leg is to its music: the tasks it spawns are run by `settle`."""

    def __init__(self) -> None:
        self.line, self.lists = Line(), Lists()
        self._tasks: list[asyncio.Future[object]] = []
        self.music = LegMusic(self.lists, self.line, "nordlys.example", self._spawn)

    def _spawn(self, work: Coroutine[Any, Any, object]) -> None:
        self._tasks.append(asyncio.ensure_future(work))

    async def settle(self) -> None:
        while self._tasks:
            await self._tasks.pop()

    async def ended(self, play: int, *, failed: bool = False) -> None:
        self.music.play_ended(play, failed=failed)
        await self.settle()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.line.plays]


def on_a_leg(scenario: Callable[[Leg], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        await scenario(Leg())

    asyncio.run(run())


def test_one_plays_one_waits_and_each_end_brings_another() -> None:
    async def scenario(leg: Leg) -> None:
        await leg.music.start("default")
        assert [after for _, after in leg.line.plays] == [False, True]
        await leg.ended(1)
        await leg.ended(2)
        assert set(leg.names) == {"a", "b", "c", "d"}
        assert [after for _, after in leg.line.plays] == [False, True, True, True]

    on_a_leg(scenario)


def test_music_that_begins_again_in_a_call_goes_on_with_what_was_not_heard() -> None:
    async def scenario(leg: Leg) -> None:
        await leg.music.start("default")
        leg.music.stop()
        await leg.ended(2)
        await leg.music.start("default")
        await leg.ended(1)
        assert len(leg.names) == 5, "ends of what was stopped bring nothing"
        assert set(leg.names) == {"a", "b", "c", "d", "stop"}

    on_a_leg(scenario)


def test_stopping_before_the_first_clip_is_ready_plays_nothing() -> None:
    async def scenario(leg: Leg) -> None:
        leg.lists.ready.clear()
        starting = asyncio.ensure_future(leg.music.start("default"))
        await leg.lists.asked.wait()
        leg.music.stop()
        leg.lists.ready.set()
        await starting
        assert leg.names == ["stop"]

    on_a_leg(scenario)


def test_a_changed_list_replaces_what_waits_and_an_unchanged_one_does_not() -> None:
    async def scenario(leg: Leg) -> None:
        await leg.music.start("default")
        leg.music.renew()
        await leg.settle()
        assert len(leg.line.plays) == 2
        leg.lists.lists["default"] = (Path("new.wav"),)
        leg.music.renew()
        await leg.settle()
        assert leg.line.plays[2:] == [("new", True)]

    on_a_leg(scenario)


def test_where_the_codec_changes_the_list_begins_anew_in_the_new_one() -> None:
    async def scenario(leg: Leg) -> None:
        await leg.music.start("default")
        leg.line.codec = "G722"
        leg.music.play_anew()
        await leg.settle()
        assert [after for _, after in leg.line.plays] == [False, True, False, True]
        assert leg.lists.codecs == ["PCMA", "PCMA", "G722", "G722"]
        leg.music.play_anew()
        leg.music.stop()
        await leg.settle()
        assert leg.names[-1] == "stop", "what was stopped meanwhile stays so"

    on_a_leg(scenario)


def test_files_that_cannot_be_read_are_passed_over_and_an_empty_list_is_silence() -> None:
    async def scenario(leg: Leg) -> None:
        leg.lists.broken = set(FILES[:3])
        await leg.music.start("default")
        assert leg.names == ["d", "d"]
        leg.lists.broken = set(FILES)
        await leg.music.start("default")
        await leg.music.start("no-such-list")
        assert leg.names == ["d", "d", "stop", "stop"]

    on_a_leg(scenario)


def test_an_engine_that_plays_nothing_is_left_in_peace() -> None:
    async def scenario(leg: Leg) -> None:
        await leg.music.start("default")
        for _ in range(3 * MOST_FAILURES):
            await leg.ended(len(leg.line.plays), failed=True)
        assert len(leg.line.plays) == MOST_FAILURES + 1

    on_a_leg(scenario)


def test_what_plays_since_another_run_is_gone_on_with_or_stopped() -> None:
    async def scenario() -> None:
        waits, elsewhere = Leg(), Leg()
        for leg in (waits, elsewhere):
            leg.music.take_up(41)
        await waits.music.start("default")
        assert [after for _, after in waits.line.plays] == [True], "behind what plays"
        elsewhere.music.stop()
        assert elsewhere.names == ["stop"]
        await elsewhere.music.start("default")
        assert [after for _, after in elsewhere.line.plays] == [False, False, True], "nothing plays any more"

    asyncio.run(scenario())
