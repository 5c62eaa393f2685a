"""What every treatment does to the caller's leg, with its event on record.

Sound that cannot be played, because a file is missing or broken, is told to the log and passed over: no caller is lost
for it.
"""

import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from routing.events import CallAnswered, PromptPlayed
from routing.ports import Caller, CallerGone, Clock, EventSink

log = logging.getLogger(__name__)


async def answer(caller: Caller, emit: EventSink, clock: Clock) -> None:
    """Answer the call, unless it is answered. Raises CallerGone."""
    if not caller.answered:
        await caller.answer()
        emit(CallAnswered(call=caller.call, at=clock()))


async def tell(
    caller: Caller, prompts: Sequence[str], emit: EventSink, clock: Clock, *, until_key: bool = False
) -> None:
    """Play prompts without a gap, all or `until_key`; where that fails, those that can be played. Raises CallerGone."""
    for prompt in prompts:
        emit(PromptPlayed(call=caller.call, at=clock(), prompt=prompt))
    await play(caller, prompts, until_key=until_key)


async def play(caller: Caller, prompts: Sequence[str], *, until_key: bool = False, unhurried: bool = False) -> None:
    """As `tell`, of what another event tells already."""
    playing = caller.play(prompts, until_key=until_key, unhurried=unhurried)
    if await _sounds(caller, playing, prompts) or len(prompts) == 1:
        return
    for prompt in prompts:
        await _sounds(caller, caller.play([prompt], until_key=until_key, unhurried=unhurried), [prompt])


async def start_music(caller: Caller, music: str) -> None:
    """Play a music list from now on. Raises CallerGone."""
    await _sounds(caller, caller.start_music(music), [music])


async def _sounds(caller: Caller, sound: Coroutine[Any, Any, None], names: Sequence[str]) -> bool:
    try:
        await sound
    except CallerGone:
        raise
    except Exception:
        log.exception("%s: could not play %s", caller.call, ", ".join(names))
        return False
    return True
