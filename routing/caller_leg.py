"""What every treatment does to the caller's leg, with its event on record."""

from collections.abc import Sequence

from routing.events import CallAnswered, PromptPlayed
from routing.ports import Caller, Clock, EventSink


async def answer(caller: Caller, emit: EventSink, clock: Clock) -> None:
    """Answer the call, unless it is answered. Raises CallerGone."""
    if not caller.answered:
        await caller.answer()
        emit(CallAnswered(call=caller.call, at=clock()))


async def tell(caller: Caller, prompts: Sequence[str], emit: EventSink, clock: Clock) -> None:
    """Play prompts without a gap. Raises CallerGone."""
    for prompt in prompts:
        emit(PromptPlayed(call=caller.call, at=clock(), prompt=prompt))
    await caller.play(prompts)
