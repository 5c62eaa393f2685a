"""The reader of a box records what its callers hear."""

import logging
from pathlib import Path

from routing.caller_leg import tell
from routing.model import VoicemailBox
from routing.ports import Caller, Clock, EventSink, Recorded, RecordingFailed
from routing.prompts import BEEP
from routing.voicemail.postbox import NotKept, Postbox

log = logging.getLogger(__name__)

CHOICE_SECONDS = 6.0
LONGEST_SECONDS = 120.0
SHORTEST_SECONDS = 1.0
SILENCE_SECONDS = 5.0


class OwnGreeting:
    """Record, hear, keep, or go back to the standard greeting."""

    def __init__(self, box: VoicemailBox, postbox: Postbox, caller: Caller, emit: EventSink, clock: Clock) -> None:
        self._box = box.name
        self._postbox = postbox
        self._caller = caller
        self._emit = emit
        self._clock = clock

    async def run(self) -> None:
        """Serve until the caller is done with it, or presses nothing. Raises CallerGone."""
        while True:
            match await self._ask("voicemail/greeting"):
                case "1":
                    await self._record()
                case "2":
                    await self._hear()
                case "3":
                    await self._postbox.drop_greeting(self._box)
                    await self._tell("voicemail/greeting-standard")
                case "*" | None:
                    return

    async def _hear(self) -> None:
        recorded = self._postbox.greeting(self._box)
        if recorded is None:
            await self._tell("voicemail/greeting-standard")
        else:
            await self._caller.play([recorded], until_key=True)

    async def _record(self) -> None:
        try:
            recorded = await self._take()
            if recorded is not None:
                await self._postbox.use_greeting(self._box, recorded)
                await self._tell("voicemail/greeting-kept")
        except (RecordingFailed, NotKept) as fault:
            log.error("%s: the greeting of %s is not kept: %s", self._caller.call, self._box, fault)
            await self._tell("recording/failed")

    async def _take(self) -> Path | None:
        """A recording that the caller wants; None when they give it up."""
        while True:
            await self._tell("recording/begin", BEEP)
            self._caller.clear_keys()
            recorded = await self._caller.record(max_seconds=LONGEST_SECONDS, silence_seconds=SILENCE_SECONDS)
            if recorded.seconds < SHORTEST_SECONDS:
                await self._tell("recording/too-short")
            elif (choice := await self._review(recorded)) == "save":
                return recorded.path
            elif choice == "give up":
                recorded.path.unlink(missing_ok=True)
                return None
            recorded.path.unlink(missing_ok=True)

    async def _review(self, recorded: Recorded) -> str:
        while True:
            match await self._ask("recording/review"):
                case "1":
                    await self._caller.play([recorded.path], until_key=True)
                case "2":
                    return "again"
                case "3" | "#":
                    return "save"
                case "*" | None:
                    return "give up"

    async def _ask(self, prompt: str) -> str | None:
        await tell(self._caller, [prompt], self._emit, self._clock, until_key=True)
        return await self._caller.read_key(CHOICE_SECONDS)

    async def _tell(self, *prompts: str) -> None:
        await tell(self._caller, prompts, self._emit, self._clock)
