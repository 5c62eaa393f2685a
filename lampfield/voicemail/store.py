"""The voicemail boxes of all companies: what is accepted, heard, deleted; what their readers' lamps show."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

import msgspec

from lampfield.voicemail.folders import Folders
from lampfield.voicemail.message_log import MessageLog
from lampfield.voicemail.sound_file import NoRecording, tidy
from media.on_disk import put_in_place
from presence_pidf.message_summary import MessageCounts
from routing.events import MessageDeleted, MessageHeard, MessageLeft
from routing.model import Company, VoicemailBox
from routing.ports import Clock, EventSink
from routing.voicemail.postbox import Draft, Message, NotKept
from routing.voicemail.readers import readers

log = logging.getLogger(__name__)

SHORTEST_SECONDS = 1.0
"""Nothing shorter is a message; half a second of it is the silence at its end."""
RESTORE_SECONDS = 3600.0
"""How long a deleted message can be restored."""

ShowCounts = Callable[[str, MessageCounts], None]
"""Shows the counts on the lamps of who watches this AOR."""
ForgetClips = Callable[[Path], Awaitable[None]]
"""Removes what was kept of a sound file for playing."""


class VoicemailStore:
    """One for the server: memory, journal, database and files of all messages."""

    def __init__(
        self,
        messages: MessageLog,
        folders: Folders,
        *,
        emit: EventSink,
        clock: Clock,
        token: Callable[[], str],
        show_counts: ShowCounts,
        forget_clips: ForgetClips,
    ) -> None:
        self._messages = messages
        self._folders = folders
        self._emit = emit
        self._clock = clock
        self._token = token
        self._show_counts = show_counts
        self._forget_clips = forget_clips
        self._companies: dict[str, Company] = {}
        self._boxes_of: dict[str, list[tuple[str, str]]] = {}
        """By AOR the company and name of each box that the person reads."""
        self.on_accepted: Callable[[Message], None] = lambda _: None
        """Told of each new message, for what is to be done with it."""

    # What there is

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now, and set all lamps."""
        self._companies = {company.id: company for company in companies}
        before, self._boxes_of = self._boxes_of, {}
        for company in self._companies.values():
            for box in company.boxes.values():
                for aor in self._watched(company, box):
                    self._boxes_of.setdefault(aor, []).append((company.id, box.name))
        for aor in before.keys() - self._boxes_of.keys():
            self._show_counts(aor, self.counts(aor))
        self.show_all()

    def show_all(self) -> None:
        """Set the lamps of all who read a box."""
        for aor in self._boxes_of:
            self._show_counts(aor, self.counts(aor))

    def company(self, message: Message) -> Company | None:
        """The company of a message, None where it is served no more."""
        return self._companies.get(message.company)

    def messages(self, company: str, box: str) -> list[Message]:
        """New ones first, then those that were heard, each oldest first; without deleted ones."""
        there = [message for message in self._messages.of_box(company, box) if message.deleted_at is None]
        return sorted(there, key=lambda message: not message.is_new)

    def has_new(self, company: str, box: str) -> bool:
        """Whether there are messages that nobody has heard."""
        return any(message.is_new and message.deleted_at is None for message in self._messages.of_box(company, box))

    def get(self, message: str) -> Message | None:
        return self._messages.get(message)

    def sound(self, message: Message) -> Path:
        return self._folders.sound(message)

    def greeting(self, company: str, box: str) -> Path | None:
        path = self._folders.greeting(company, box)
        return path if path.exists() else None

    def counts(self, aor: str) -> MessageCounts:
        """What the lamp of a person shows: the messages of all boxes that the person reads."""
        read = [message for box in self._boxes_of.get(aor, ()) for message in self.messages(*box)]
        new = sum(message.is_new for message in read)
        return MessageCounts(new, len(read) - new)

    # A new message

    async def begin(self, message: Message) -> Draft:
        """Prepare for the message. Raises NotKept."""
        try:
            return Draft(message, await asyncio.to_thread(self._folders.begin, message))
        except OSError as fault:
            raise NotKept(str(fault)) from fault

    def new_message(self, company: str, box: str, *, call: str, caller_number: str, caller_name: str) -> Message:
        return Message(self._token(), company, box, call, self._clock(), caller_number, caller_name)

    async def keep(self, draft: Draft) -> Message | None:
        """Accept what was recorded: on disk when this returns, and the lamps lit. None when it is too short.

        Raises NotKept; the recording stays where it is, and the next start tries again.
        """
        await self._forget_played(draft)
        try:
            seconds = await asyncio.to_thread(tidy, draft.path)
        except (NoRecording, FileNotFoundError):
            seconds = 0.0
        except OSError as fault:
            raise NotKept(str(fault)) from fault
        if seconds < SHORTEST_SECONDS:
            await self.discard(draft)
            return None
        message = self._messages.put(msgspec.structs.replace(draft.message, seconds=seconds))
        self.on_accepted(message)
        if await self._messages.on_disk():
            await asyncio.to_thread(self._folders.accepted, message)
        self._emit(
            MessageLeft(call=message.call, at=self._clock(), message=message.id, box=message.box, seconds=seconds)
        )
        self._changed(message)
        log.info("%s: a message of %.0f s for %s", message.call, seconds, message.box)
        return message

    async def discard(self, draft: Draft) -> None:
        """Forget what was recorded."""
        await self._forget_played(draft)
        await asyncio.to_thread(self._folders.remove, draft.message)

    async def _forget_played(self, draft: Draft) -> None:
        """Its caller may have heard it as it was recorded, which nobody shall any more."""
        try:
            await self._forget_clips(draft.path)
        except OSError as fault:
            log.error("%s: what was kept of it for playing cannot be removed: %s", draft.path, fault)

    def begun(self) -> list[Message]:
        """Messages that an earlier run was cut off from: to be asked before this one has begun any. Raises OSError."""
        return list(self._folders.begun())

    async def deliver(self, begun: Iterable[Message]) -> int:
        """Deliver the messages that an earlier run was cut off from, whose files are complete; returns how many."""
        delivered = 0
        for message in begun:
            if self._messages.get(message.id) is not None:
                await asyncio.to_thread(self._folders.accepted, message)
                continue
            try:
                delivered += await self.keep(Draft(message, self._folders.sound(message))) is not None
            except NotKept as fault:
                log.error("%s: the message for %s is not delivered yet: %s", message.call, message.box, fault)
        return delivered

    # What becomes of it

    def heard(self, message: Message, *, call: str, person: str | None) -> Message:
        """It was listened to; as the functions below it returns the message as it is now."""
        current = self._messages.get(message.id)
        if current is None or not current.is_new:
            return current or message
        now = self._clock()
        self._emit(MessageHeard(call=call, at=now, message=message.id, box=message.box, person=person))
        return self._put(current, heard_at=now)

    def save(self, message: Message) -> Message:
        """Keep it for longer than messages that were only heard."""
        return self._put(message, saved=True)

    def delete(self, message: Message, *, call: str, person: str | None) -> Message:
        """It is gone, but for `restore`, which is possible for an hour."""
        now = self._clock()
        self._emit(MessageDeleted(call=call, at=now, message=message.id, box=message.box, person=person))
        return self._put(message, deleted_at=now)

    def restore(self, message: Message) -> Message:
        """Take a deletion back."""
        return self._put(message, deleted_at=None)

    def transcribed(self, message: Message, text: str) -> Message:
        return self._put(message, text=text)

    def _put(self, message: Message, **changes: object) -> Message:
        """The message as it is known now, changed; one that is gone stays gone."""
        current = self._messages.get(message.id)
        if current is None:
            return message
        changed = self._messages.put(msgspec.structs.replace(current, **changes))
        self._changed(changed)
        return changed

    # Greetings

    async def use_greeting(self, company: str, box: str, recording: Path) -> None:
        """Take a recording as the box's greeting from now on; the file is moved. Raises NotKept."""
        target = self._folders.greeting(company, box)

        def take() -> None:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            tidy(recording)
            put_in_place({recording: target})

        try:
            await asyncio.to_thread(take)
        except (OSError, NoRecording) as fault:
            raise NotKept(str(fault)) from fault

    async def drop_greeting(self, company: str, box: str) -> None:
        """Back to the standard greeting."""
        await asyncio.to_thread(self._folders.greeting(company, box).unlink, missing_ok=True)

    # Housekeeping

    async def tidy_up(self, busy: Callable[[str], bool]) -> None:
        """Remove what was deleted an hour ago, and what was heard longer ago than its box keeps messages.

        A message that is `busy`, for it waits to be mailed, is kept.
        """
        now = self._clock()
        for message in self._messages:
            if self._is_over(message, now) and message.deleted_at is None and not busy(message.id):
                message = self.delete(message, call=message.call, person=None)
            if message.deleted_at is not None and message.deleted_at + RESTORE_SECONDS <= now:
                await self._purge(message)

    def _is_over(self, message: Message, now: float) -> bool:
        company = self.company(message)
        box = company.boxes.get(message.box) if company is not None else None
        if box is None or not box.keep_days or message.heard_at is None or message.saved:
            return False
        return message.heard_at + box.keep_days * 86_400 <= now

    async def _purge(self, message: Message) -> None:
        sound = self._folders.sound(message)
        self._messages.remove(message)
        try:
            await self._forget_clips(sound)
            await asyncio.to_thread(self._folders.remove, message)
        except OSError as fault:
            log.error("%s: a deleted message cannot be removed: %s", sound, fault)

    # Lamps

    def _changed(self, message: Message) -> None:
        company = self.company(message)
        box = company.boxes.get(message.box) if company is not None else None
        if company is not None and box is not None:
            for aor in self._watched(company, box):
                self._show_counts(aor, self.counts(aor))

    @staticmethod
    def _watched(company: Company, box: VoicemailBox) -> list[str]:
        return [f"sip:{person}@{company.domain.lower()}" for person in readers(company, box)]
