"""Somebody of the company listens to messages by phone."""

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from routing import dialplan, spoken
from routing.caller_leg import answer, tell
from routing.model import Company, Destination, VoicemailBox
from routing.ports import Caller, Clock, Ended, EventSink
from routing.prompts import GOODBYE
from routing.voicemail.entrance import Entrance
from routing.voicemail.own_greeting import OwnGreeting
from routing.voicemail.postbox import Message, Postbox

REPEAT = "1"
CHOICE_SECONDS = 6.0
MOST_SILENCES = 3
"""Times that the keys are told to somebody who presses none, before the call ends."""
SAME_WEEK_SECONDS = 6 * 86_400.0
"""Messages older than this are told with their date."""

_DONE = Ended("completed-message", "system")

Step = Literal["tell", "choose"] | Destination | Ended
"""What follows a key: the message is told, another key awaited, or the mailbox left."""


class Mailbox:
    """One call to a mailbox. `person` is whose phone calls, None from outside."""

    def __init__(
        self,
        company: Company,
        postbox: Postbox,
        entrance: Entrance,
        caller: Caller,
        person: str | None,
        emit: EventSink,
        clock: Clock,
    ) -> None:
        self._company = company
        self._postbox = postbox
        self._entrance = entrance
        self._caller = caller
        self._person = person
        self._emit = emit
        self._clock = clock
        self._messages: list[Message] = []
        self._place = 0

    async def run(self, extension: str = "") -> Destination | Ended:
        """Let the caller in, to the box of an extension or their own, and serve until they are done.

        A destination is somebody to call back. Raises CallerGone.
        """
        await answer(self._caller, self._emit, self._clock)
        box = await self._entrance.box(extension)
        if box is None:
            return Ended("rejected", "system", 403)
        self._messages = list(self._postbox.messages(box.name))
        await self._tell_counts()
        return await self._serve(box)

    async def _tell_counts(self) -> None:
        if not self._messages:
            await self._tell("voicemail/no-messages")
            return
        new = sum(message.is_new for message in self._messages)
        counts = (("voicemail/new-messages", new), ("voicemail/old-messages", len(self._messages) - new))
        said = [
            clip
            for sentence, count in counts
            if count
            for clip in (sentence, *spoken.number(min(count, spoken.HIGHEST)))
        ]
        await self._caller.play(said, until_key=True)

    async def _serve(self, box: VoicemailBox) -> Destination | Ended:
        step: Step = "tell" if self._messages else "choose"
        while isinstance(step, str):
            key = await self._tell_message() if step == "tell" else None
            key = key or await self._choice()
            step = await self._follow(key, box) if key is not None else _DONE
        if step == _DONE:
            await self._tell(GOODBYE)
        return step

    async def _choice(self) -> str | None:
        """The next key; None for who presses none."""
        keys = "voicemail/keys" if self._messages else "voicemail/keys-empty"
        for _ in range(MOST_SILENCES):
            await tell(self._caller, [keys], self._emit, self._clock, until_key=True)
            if (key := await self._caller.read_key(CHOICE_SECONDS)) is not None:
                return key
        return None

    async def _follow(self, key: str, box: VoicemailBox) -> Step:
        match key:
            case "*":
                return _DONE
            case "0":
                await OwnGreeting(box, self._postbox, self._caller, self._emit, self._clock).run()
                return "choose"
            case _ if self._messages:
                return await self._with_message(key)
        return "choose"

    async def _with_message(self, key: str) -> Step:
        message = self._messages[self._place]
        match key:
            case _ if key == REPEAT:
                return "tell"
            case "2":
                self._now(self._postbox.save(message))
                await self._tell("voicemail/saved")
                return await self._move(1)
            case "3":
                return await self._delete_or_restore(message)
            case "4":
                return await self._move(-1)
            case "5":
                return await self._call_back(message)
            case "6" | "#":
                return await self._move(1)
        await self._tell("invalid-choice")
        return "choose"

    async def _move(self, by: int) -> Step:
        if 0 <= self._place + by < len(self._messages):
            self._place += by
            return "tell"
        await self._tell("voicemail/no-more")
        return "choose"

    async def _delete_or_restore(self, message: Message) -> Step:
        if message.deleted_at is None:
            self._now(self._postbox.delete(message, call=self._caller.call, person=self._person))
            await self._tell("voicemail/deleted")
        else:
            self._now(self._postbox.restore(message))
            await self._tell("voicemail/restored")
        return "choose"

    async def _call_back(self, message: Message) -> Step:
        """Only from the company's phones: who has got hold of a PIN outside shall not telephone at its expense."""
        if self._person is not None:
            found = dialplan.find(self._company, message.caller_number, "phone")
            if isinstance(found, Destination) and found.kind in ("person", "queue", "menu", "number"):
                return found
        await self._tell("voicemail/no-calling-back")
        return "choose"

    async def _tell_message(self) -> str | None:
        """When it came, from whom, and the message; the key that cut it.

        A key during the stamp leaves the message unheard, but for the one that repeats it: that goes straight to it.
        """
        message = self._messages[self._place]
        await self._caller.play(self._stamp(message), until_key=True)
        key = await self._caller.read_key(0.0)
        if key in (None, REPEAT):
            await self._caller.play([self._postbox.file(message)], until_key=True)
            self._now(self._postbox.heard(message, call=self._caller.call, person=self._person))
            key = await self._caller.read_key(0.0)
        return key

    def _stamp(self, message: Message) -> list[str]:
        at = datetime.fromtimestamp(message.at, ZoneInfo(self._company.time_zone))
        date = spoken.calendar_day(at.date()) if self._clock() - message.at > SAME_WEEK_SECONDS else []
        number = spoken.digits(message.caller_number)
        return [
            *spoken.weekday(at.date()),
            *date,
            *spoken.clock(at.time(), self._caller.language),
            *(["voicemail/from", *number] if number else ["voicemail/from-unknown"]),
        ]

    def _now(self, message: Message) -> None:
        self._messages[self._place] = message

    async def _tell(self, *prompts: str) -> None:
        await tell(self._caller, prompts, self._emit, self._clock)
