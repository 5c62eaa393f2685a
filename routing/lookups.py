"""Asking the company's own server where a call goes."""

import asyncio
from typing import Annotated, Protocol

import msgspec

from routing.caller_leg import start_music, tell
from routing.events import LookupEnded
from routing.model import Lookup
from routing.ports import Caller, Clock, EventSink
from routing.tasks import stop, while_there

PATIENCE = 0.5
"""Seconds that a caller waits without hearing why."""


class Question(msgspec.Struct, frozen=True):
    """What the server is told, as JSON."""

    call: str
    caller: str
    """Number, E.164 where it is known."""
    dialled: str
    customer_number: str = ""
    """What the caller typed, empty for none."""


class Answer(msgspec.Struct, frozen=True):
    """What the server says, as JSON; what it says beside is passed over."""

    destination: str
    """One of the words of `Lookup.destinations`."""
    priority: Annotated[int, msgspec.Meta(ge=-100, le=100)] = 0
    """In queues; a higher one is served before."""
    name: Annotated[str, msgspec.Meta(max_length=100)] = ""
    """Shown to who is called, in place of the caller's name."""


class NoAnswer(Exception):
    """The server has no usable answer; the text says why."""


class Inquiry(Protocol):
    """Asks servers."""

    async def ask(self, lookup: Lookup, question: Question) -> Answer:
        """The server's answer, within `lookup.timeout_seconds`. Raises NoAnswer, nothing else."""
        ...


class NobodyAsked:
    """The Inquiry of who asks no servers."""

    async def ask(self, lookup: Lookup, question: Question) -> Answer:
        raise NoAnswer("servers are not asked here")


async def look_up(
    lookup: Lookup, question: Question, inquiry: Inquiry, caller: Caller, emit: EventSink, clock: Clock
) -> Answer | None:
    """The answer, which is one of the words that the company knows; None where there is none. Raises CallerGone."""
    began = clock()
    waiting = asyncio.ensure_future(_entertain(lookup, caller, emit, clock))
    answer: Answer | None = None
    fault = ""
    try:
        said = await while_there(caller, inquiry.ask(lookup, question))
        if said.destination in lookup.destinations:
            answer = said
        else:
            fault = f"unknown word {said.destination!r}"
    except NoAnswer as reason:
        fault = str(reason)
    finally:
        await stop(waiting)
        if lookup.wait_music and caller.answered:
            caller.stop_music()
    word = answer.destination if answer is not None else ""
    emit(
        LookupEnded(call=caller.call, at=clock(), lookup=lookup.name, seconds=clock() - began, answer=word, fault=fault)
    )
    return answer


async def _entertain(lookup: Lookup, caller: Caller, emit: EventSink, clock: Clock) -> None:
    """What who has been answered hears while the server thinks."""
    await asyncio.sleep(PATIENCE)
    if not caller.answered:
        return
    if lookup.wait_music:
        await start_music(caller, lookup.wait_music)
    if lookup.wait_prompt:
        await tell(caller, [lookup.wait_prompt], emit, clock)
