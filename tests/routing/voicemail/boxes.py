"""Voicemail boxes in memory, and their PINs: they stand in for disk and database."""

import itertools
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from routing.events import MessageLeft
from routing.model import Company
from routing.pins import PinVerdict
from routing.ports import EventSink
from routing.voicemail.postbox import Draft, Message, NotKept
from routing.voicemail.service import Voicemail
from tests.support.virtual_time import now

MOST_WRONG = 3


@dataclass
class FakePostbox:
    """Keeps what lasts a second or more, and tells it. `disk_full` lets nothing be kept."""

    company: Company
    folder: Path
    kept: dict[str, Message] = field(default_factory=dict)
    greetings: dict[str, Path] = field(default_factory=dict)
    disk_full: bool = False
    tell: EventSink = lambda event: None
    ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def is_full(self, box: str) -> bool:
        return len(self.messages(box)) >= self.company.boxes[box].max_messages

    def greeting(self, box: str) -> Path | None:
        return self.greetings.get(box)

    async def begin(self, box: str, *, call: str, caller_number: str, caller_name: str) -> Draft:
        id_ = f"message-{next(self.ids)}"
        message = Message(id_, self.company.id, box, call, now(), caller_number, caller_name)
        return Draft(message, self.folder / f"{id_}.wav")

    async def keep(self, draft: Draft) -> Message | None:
        if self.disk_full:
            raise NotKept("No space left on device")
        seconds = length(draft.path) if draft.path.exists() else 0.0
        if seconds < 1:
            await self.discard(draft)
            return None
        left = self._put(draft.message, seconds=seconds)
        self.tell(MessageLeft(call=left.call, at=now(), message=left.id, box=left.box, seconds=seconds))
        return left

    async def discard(self, draft: Draft) -> None:
        draft.path.unlink(missing_ok=True)

    def messages(self, box: str) -> Sequence[Message]:
        there = [each for each in self.kept.values() if each.box == box and each.deleted_at is None]
        return sorted(there, key=lambda message: (not message.is_new, message.at))

    def file(self, message: Message) -> Path:
        return self.folder / f"{message.id}.wav"

    def heard(self, message: Message, *, call: str, person: str | None) -> Message:
        return self._put(message, heard_at=now())

    def save(self, message: Message) -> Message:
        return self._put(message, saved=True)

    def delete(self, message: Message, *, call: str, person: str | None) -> Message:
        return self._put(message, deleted_at=now())

    def restore(self, message: Message) -> Message:
        return self._put(message, deleted_at=None)

    async def use_greeting(self, box: str, recording: Path) -> None:
        if self.disk_full:
            raise NotKept("No space left on device")
        self.greetings[box] = recording

    async def drop_greeting(self, box: str) -> None:
        self.greetings.pop(box, None)

    def _put(self, message: Message, **changes: object) -> Message:
        self.kept[message.id] = msgspec.structs.replace(message, **changes)
        return self.kept[message.id]

    def leave(self, box: str, id_: str, *, number: str = "+4540404040", hours_ago: float = 1.0) -> Message:
        """A message that was left before the test begins."""
        return self._put(Message(id_, self.company.id, box, "earlier", now() - 3600 * hours_ago, number, seconds=3.0))


@dataclass
class FakePins:
    """PINs by owner; locked after three wrong ones."""

    pins: dict[str, str] = field(default_factory=dict)
    wrong: int = 0
    asked: list[str] = field(default_factory=list)

    async def is_set(self, owner: str) -> bool:
        return owner in self.pins

    async def check(self, owner: str, pin: str, caller: str = "") -> PinVerdict:
        self.asked.append(owner)
        if self.wrong >= MOST_WRONG:
            return "locked"
        if self.pins.get(owner) == pin:
            return "right"
        self.wrong += 1
        return "wrong"


def service(postbox: FakePostbox, pins: FakePins | None = None) -> dict[str, Voicemail]:
    """What a world's house needs to have voicemail."""
    return {"voicemail": Voicemail(postbox, pins or FakePins())}


def length(path: Path) -> float:
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate())
