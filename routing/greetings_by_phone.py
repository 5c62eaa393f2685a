"""An administrator records a greeting by telephone: PIN, number, record, listen, record again, save, put in use."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from routing import spoken
from routing.caller_leg import answer, tell
from routing.events import GreetingPutInUse, GreetingSaved
from routing.feature_codes import may_administer
from routing.greetings import GreetingRefused, GreetingStudio
from routing.hours import Slot
from routing.model import Company, Person
from routing.ports import Caller, Clock, Ended, EventSink, RecordingFailed
from routing.prompts import GOODBYE

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 3
"""Wrong PINs, silences and keys in a row before the call ends."""
MOST_RECORDINGS = 20
"""In one call."""
FIRST_KEY_SECONDS = 8.0
NEXT_KEY_SECONDS = 4.0
SILENCE_SECONDS = 5.0
"""Of silence that end a recording; they are cut off."""
LONGEST_NUMBER = 15
END_KEY, OTHER_KEY = "#", "*"

SLOTS: dict[str, Slot] = {"1": "open", "2": "closed", "3": "special-open", "4": "special-closed"}
"""By key."""
_INVALID = "invalid-choice"
_BEEP = "beep"

Reviewed = Literal["save", "again", "given-up"]


class _Done(Exception):
    """The caller does nothing more that makes sense: the call ends."""


class GreetingsByPhone:
    """One call to the recording number. `person` is whose phone calls, None from outside."""

    def __init__(
        self,
        company: Company,
        studio: GreetingStudio,
        caller: Caller,
        person: str | None,
        emit: EventSink,
        clock: Clock,
    ) -> None:
        self._company = company
        self._desk = studio.desk
        self._pins = studio.pins
        self._caller = caller
        self._person = person
        self._emit = emit
        self._clock = clock

    async def run(self) -> Ended:
        """Serve until the caller is done. Raises CallerGone; nothing that was not saved is left then."""
        await answer(self._caller, self._emit, self._clock)
        person = await self._admitted()
        if person is None:
            return Ended("rejected", "system", 403)
        try:
            for _ in range(MOST_RECORDINGS):
                await self._greeting(person, await self._number())
        except _Done:
            pass
        except GreetingRefused as refused:
            log.error("%s: the greeting was not kept: %s", self._caller.call, refused)
            await self._tell("recording/failed")
        await self._tell(GOODBYE)
        return Ended("completed-message", "system")

    # Who calls

    async def _admitted(self) -> Person | None:
        """The administrator whose PIN was entered; None, and it is told, for anybody else."""
        for attempt in range(MOST_ATTEMPTS):
            extension = self._own_extension() if attempt == 0 else None
            entered = await self._digits("pin/enter") if extension else None
            if not entered:
                extension = await self._digits("pin/extension")
                entered = await self._digits("pin/enter")
            person = self._of_extension(extension or "")
            # Looked at for nobody as well, so that guessing extensions is as slow as guessing PINs.
            match await self._pins.check(person.id if person is not None else "", entered or "", self._caller.number):
                case "right" if person is not None and may_administer(self._company, person):
                    return person
                case "right":
                    await self._tell("pin/not-allowed")
                    return None
                case "locked" | "away" as shut:
                    await self._tell(f"pin/{shut}")
                    return None
            log.info("%s: a wrong PIN for extension %s", self._caller.call, extension)
            await self._tell("pin/wrong")
        return None

    def _own_extension(self) -> str | None:
        """Of the phone that calls, where it is an administrator's; pressing # alone asks for another."""
        person = self._company.people.get(self._person or "")
        return person.extension if person is not None and may_administer(self._company, person) else None

    def _of_extension(self, extension: str) -> Person | None:
        return next((person for person in self._company.people.values() if person.extension == extension), None)

    # One greeting

    async def _number(self) -> int:
        for _ in range(MOST_ATTEMPTS):
            typed = await self._digits("recording/number")
            # Some telephones have keys A to D as well.
            if typed and typed.isdecimal() and 1 <= int(typed) <= spoken.HIGHEST:
                return int(typed)
            if typed:
                await self._tell(_INVALID)
        raise _Done

    async def _greeting(self, person: Person, number: int) -> None:
        """Record or replace one, and put it in use."""
        prompt = self._desk.of_number(number)
        named = ["recording/numbered", *spoken.number(number)]
        while prompt is not None:
            key = await self._key([*named, "recording/exists"], "123*")
            if key == OTHER_KEY:
                return
            if key == "1":
                break
            if key == "3":
                await self._use(person, prompt)
                return
            await self._tell(prompt)
        if prompt is None:
            await self._tell(*named)
        saved = await self._recorded(person, number)
        if saved is not None:
            await self._tell("recording/saved")
            await self._use(person, saved)

    async def _recorded(self, person: Person, number: int) -> str | None:
        """Record until one is saved, and return its prompt; None when the caller gave it up. Raises GreetingRefused."""
        for _ in range(MOST_RECORDINGS):
            recording = self._desk.new_recording(self._caller.call)
            try:
                reviewed, seconds = await self._take(recording)
                if reviewed == "given-up":
                    await self._tell("recording/given-up")
                    return None
                if reviewed == "save":
                    prompt = await self._desk.save(recording, number, person.id)
                    self._emit(
                        GreetingSaved(
                            call=self._caller.call,
                            at=self._clock(),
                            person=person.id,
                            greeting=prompt,
                            number=number,
                            seconds=seconds,
                        )
                    )
                    return prompt
            finally:
                await self._desk.discard(recording)
        raise _Done

    async def _take(self, recording: Path) -> tuple[Reviewed, float]:
        """Record once and let the caller judge it; also how long it is."""
        await self._tell("recording/begin", _BEEP)
        self._caller.clear_keys()
        try:
            recorded = await self._caller.record(
                max_seconds=self._desk.longest_seconds, silence_seconds=SILENCE_SECONDS, path=recording
            )
            draft = await self._desk.draft(recording)
        except RecordingFailed as failed:
            raise GreetingRefused(str(failed), caused_by_us=True) from failed
        except GreetingRefused as refused:
            if refused.caused_by_us:
                raise
            await self._tell("recording/too-short")
            return "again", 0.0
        while True:
            match await self._key(["recording/review"], "123*"):
                case "1":
                    await self._caller.play([draft], until_key=True)
                case "2":
                    return "again", recorded.seconds
                case "3":
                    return "save", recorded.seconds
                case _:
                    return "given-up", recorded.seconds

    async def _use(self, person: Person, prompt: str) -> None:
        key = await self._key(["recording/use"], "1234#")
        if key == END_KEY:
            return
        slot = SLOTS[key]
        for number in await self._main_numbers():
            await self._desk.use(prompt, number, slot)
            self._emit(
                GreetingPutInUse(
                    call=self._caller.call,
                    at=self._clock(),
                    person=person.id,
                    greeting=prompt,
                    main_number=number,
                    slot=slot,
                )
            )
        await self._tell("recording/in-use")

    async def _main_numbers(self) -> list[str]:
        """Those that the greeting is for: the only one, all, or the one whose last digits are typed."""
        numbers = list(self._company.main_numbers)
        if len(numbers) < 2:
            return numbers
        for _ in range(MOST_ATTEMPTS):
            typed = await self._digits("recording/main-number")
            if typed is None:
                continue
            found = [number for number in numbers if number.endswith(typed)]
            if not typed or len(found) == 1:
                return found
            await self._tell("recording/no-such-number")
        raise _Done

    # Asking

    async def _digits(self, prompt: str) -> str | None:
        """What is typed up to # or a pause; empty for # alone, None for nothing."""
        await tell(self._caller, [prompt], self._emit, self._clock, until_key=True)
        typed = ""
        while len(typed) < LONGEST_NUMBER:
            key = await self._caller.read_key(NEXT_KEY_SECONDS if typed else FIRST_KEY_SECONDS)
            if key is None:
                return typed or None
            if key in (END_KEY, OTHER_KEY):
                break
            typed += key
        return typed

    async def _key(self, prompts: Sequence[str], allowed: str) -> str:
        """One of the keys; raises _Done after too many others, or silences."""
        for _ in range(MOST_ATTEMPTS):
            await tell(self._caller, prompts, self._emit, self._clock, until_key=True)
            key = await self._caller.read_key(FIRST_KEY_SECONDS)
            if key is not None and key in allowed:
                return key
            if key is not None:
                self._caller.clear_keys()
                await self._tell(_INVALID)
        raise _Done

    async def _tell(self, *prompts: str) -> None:
        await tell(self._caller, prompts, self._emit, self._clock)
