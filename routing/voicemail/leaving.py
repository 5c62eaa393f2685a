"""A caller leaves a message: greeting, tone, message, and who presses # may hear it or say it again."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from routing import spoken
from routing.caller_leg import answer, tell
from routing.events import BoxFull, MessageLost
from routing.model import Company, VoicemailBox
from routing.ports import Caller, CallerGone, Clock, Ended, EventSink, Recorded, RecordingFailed
from routing.prompts import BEEP, GOODBYE
from routing.voicemail.postbox import Draft, NotKept, Postbox

log = logging.getLogger(__name__)

SILENCE_SECONDS = 5.0
"""A message ends when nothing was said for so long."""
CHOICE_SECONDS = 5.0
"""Who has pressed # and then nothing for so long wants the message sent."""
MOST_CHOICES = 10
"""After which the message is sent: a telephone that was left to itself must not keep the call."""
MOST_TAKES = 10

_SENT = Ended("completed-message", "system")
_NOT_SENT = Ended("failed", "system", 500)
_STANDARD_GREETING = VoicemailBox("").greeting


class Leaving:
    """One caller at one box."""

    def __init__(
        self, company: Company, box: VoicemailBox, postbox: Postbox, caller: Caller, emit: EventSink, clock: Clock
    ) -> None:
        self._company = company
        self._box = box
        self._postbox = postbox
        self._caller = caller
        self._emit = emit
        self._clock = clock
        self._farewell: tuple[str, ...] = (GOODBYE,)

    async def run(self, *, stays: bool = False) -> Ended:
        """Take the message; who hangs up after having spoken has left one. Raises CallerGone where none was left.

        Goodbye is said to all but a caller who `stays`, and has a place in a queue to come back to.
        """
        self._farewell = () if stays else (GOODBYE,)
        await answer(self._caller, self._emit, self._clock)
        if self._postbox.is_full(self._box.name):
            self._emit(BoxFull(call=self._caller.call, at=self._clock(), box=self._box.name))
            await self._tell("voicemail/full", *self._farewell)
            return _SENT
        await self._greet()
        try:
            return await self._takes()
        except (NotKept, RecordingFailed) as fault:
            log.error("%s: the message for %s is not kept: %s", self._caller.call, self._box.name, fault)
            self._emit(MessageLost(call=self._caller.call, at=self._clock(), box=self._box.name, why=str(fault)))
            await self._tell("voicemail/not-kept", *self._farewell)
            return _NOT_SENT

    async def _greet(self) -> None:
        """A key goes straight to the tone."""
        own = self._postbox.greeting(self._box.name)
        if own is not None:
            await self._caller.play([own], until_key=True)
        else:
            await tell(self._caller, self._standard_greeting(), self._emit, self._clock, until_key=True)

    def _standard_greeting(self) -> Sequence[str]:
        person = self._company.people.get(self._box.name)
        if person is None or self._box.greeting != _STANDARD_GREETING:
            return [self._box.greeting]
        return ["voicemail/extension", *spoken.digits(person.extension), self._box.greeting]

    async def _takes(self) -> Ended:
        """Record until a take is sent."""
        for _ in range(MOST_TAKES):
            draft = await self._postbox.begin(
                self._box.name,
                call=self._caller.call,
                caller_number=self._caller.number,
                caller_name=self._caller.name,
            )
            try:
                ended = await self._take(draft)
            except CallerGone:
                if await self._postbox.keep(draft) is None:
                    raise
                return Ended("completed-message", "caller")
            except RecordingFailed:
                await self._postbox.keep(draft)  # what there is, for better than nothing
                raise
            if ended is not None:
                return ended
        return _SENT

    async def _take(self, draft: Draft) -> Ended | None:
        """One attempt; None for another one."""
        await self._tell(BEEP)
        self._caller.clear_keys()
        recorded = await self._caller.record(
            max_seconds=self._box.max_seconds, silence_seconds=SILENCE_SECONDS, path=draft.path
        )
        if recorded.ended_by == "key" and await self._review(recorded) == "again":
            await self._postbox.discard(draft)
            return None
        if await self._postbox.keep(draft) is not None:
            with suppress(CallerGone):
                await self._tell("voicemail/sent", *self._farewell)
            return _SENT
        if recorded.ended_by == "key":
            await self._tell("voicemail/too-short")
            return None
        await self._tell(*self._farewell)
        return _SENT

    async def _review(self, recorded: Recorded) -> Literal["send", "again"]:
        for _ in range(MOST_CHOICES):
            await tell(self._caller, ["voicemail/review"], self._emit, self._clock, until_key=True)
            match await self._caller.read_key(CHOICE_SECONDS):
                case "1":
                    await self._play(recorded.path)
                case "2":
                    return "again"
                case "#" | None:
                    break
        return "send"

    async def _play(self, path: Path) -> None:
        await self._caller.play([path], until_key=True)

    async def _tell(self, *prompts: str) -> None:
        await tell(self._caller, prompts, self._emit, self._clock)
