"""What a waiting caller hears: welcome, music, and every so often the position, the expected wait and what keys do."""

import asyncio
import math
from collections.abc import Sequence
from typing import Literal

from routing import spoken
from routing.beat import beat_from
from routing.caller_leg import play, start_music
from routing.events import PositionAnnounced
from routing.prompts import position_prompts
from routing.queue.in_line import InLine

Opening = Literal["welcome", "position", "connecting", "nothing"]
"""What is told first: to who comes, who comes back, who was called back, and who has heard it before a restart."""

LONGEST_TOLD_MINUTES = 90
"""Nobody is told of a longer wait: it is not known so well."""


class Entertainment:
    """For one wait."""

    def __init__(self, line: InLine, opening: Opening) -> None:
        self._line = line
        self._opening = opening
        self._plays_music = False

    async def run(self) -> None:
        """Until it is cancelled; begun again, the music has gone on and nothing is told twice. Raises CallerGone."""
        line = self._line
        opening, self._opening = self._opening, "nothing"
        await self._open(opening)
        if not self._plays_music:
            self._plays_music = True
            await start_music(line.caller, line.queue.music)
        joined, every, times = line.runner.joined_at(line.place), line.queue.position_every_seconds, 0
        while every and joined is not None:
            # After whole multiples of the interval since joining, whatever the prompts last; then at the next beat,
            # when all others are told as well whose time has come.
            now = line.clock()
            times = max(times, math.floor((now - joined) / every)) + 1
            await asyncio.sleep(beat_from(joined + times * every) - now)
            await self._tell_position()

    async def _open(self, opening: Opening) -> None:
        match opening:
            case "welcome":
                welcome = self._line.queue.welcome_prompt
                prompts = [*([welcome] if welcome else []), *offered_callback(self._line.queue.callback_key)]
                if prompts:
                    await self._line.tell(*prompts)
            case "position":
                await self._tell_position()
            case "connecting":
                await self._line.tell("connecting")

    async def _tell_position(self) -> None:
        line, queue = self._line, self._line.queue
        position = line.runner.position(line.place)
        if position is None:
            return
        minutes = self._minutes_to_tell()
        line.emit(
            PositionAnnounced(
                call=line.caller.call,
                at=line.clock(),
                queue=queue.name,
                position=position,
                expected_minutes=minutes,
            )
        )
        prompts = [*position_prompts(position), *told_minutes(minutes), *offered_callback(queue.callback_key)]
        await play(line.caller, prompts, unhurried=True)

    def _minutes_to_tell(self) -> int | None:
        runner, call = self._line.runner, self._line.place
        if not self._line.queue.tell_expected_wait:
            return None
        place = runner.place(call)
        minutes = minutes_to_tell(runner.expected_wait(call), place.told_minutes)
        if minutes is not None:
            place.told_minutes = minutes
        return minutes


def minutes_to_tell(expected: float | None, told: int | None) -> int | None:
    """The whole minutes of an expected wait, seconds, to tell somebody who was told `told` of them before.

    None where it is unknown, rounds to less than a minute, is too long to be known well, or has not grown shorter.
    """
    if expected is None:
        return None
    minutes = math.floor(expected / 60 + 0.5)
    if not 1 <= minutes <= LONGEST_TOLD_MINUTES:
        return None
    return minutes if told is None or minutes < told else None


def told_minutes(minutes: int | None) -> Sequence[str]:
    """The clips that tell an expected wait; none for None."""
    match minutes:
        case None:
            return ()
        case 1:
            return ("wait/one-minute",)
        case _:
            return ("wait/about", *spoken.number(minutes), "wait/minutes")


def offered_callback(key: str | None) -> Sequence[str]:
    """The clips that tell with which key one is called back; none where it is not offered."""
    return () if key is None else ("callback/offer", "word/press", *spoken.key(key))
