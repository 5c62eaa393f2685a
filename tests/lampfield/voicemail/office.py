"""A voicemail store on a real database, journal and disk, with its surroundings on record."""

import asyncio
import math
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from lampfield.journal import Journal
from lampfield.voicemail.folders import Folders
from lampfield.voicemail.message_log import MessageLog
from lampfield.voicemail.store import VoicemailStore
from presence_pidf.message_summary import MessageCounts
from routing.events import CallEvent
from routing.model import Company, VoicemailBox
from routing.voicemail.postbox import Draft, Message
from tests.routing.nordlys import company

RATE = 8000
ANNA = "sip:anna@nordlys.example"


def with_boxes(**changes: object) -> Company:
    """Nordlys, where anna has a box and the members of sales read theirs."""
    anna = VoicemailBox("anna", **changes)  # type: ignore[arg-type]
    return company(boxes={"anna": anna, "sales": VoicemailBox("sales")})


def write_sound(path: Path, *parts: float) -> None:
    """A WAV as the engine records it: seconds of tone, silence, tone and so on."""
    samples = array("h")
    for index, seconds in enumerate(parts):
        level = 0 if index % 2 else 8000
        samples.extend(round(level * math.sin(index_ * 0.35)) for index_ in range(round(seconds * RATE)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(15):
        while not await asyncio.to_thread(condition):
            pass


class Office:
    """The store of one run of the server in a state directory; make another one for the next run."""

    def __init__(
        self, state: Path, engine: Engine, house: Company | None = None, *, database_away: bool = False
    ) -> None:
        self.house = house or with_boxes()
        self.now = 1_800_000_000.0
        self.events: list[CallEvent] = []
        self.lamps: dict[str, MessageCounts] = {}
        self.forgotten: list[Path] = []
        self.on_forget: Callable[[Path], None] = lambda sound: None
        self.journal = Journal(state / "journal")
        self.journal.open()
        self.log = MessageLog(engine, self.journal)
        self._ids = 0
        self.store = VoicemailStore(
            self.log,
            Folders(state / "voicemail"),
            emit=self.events.append,
            clock=lambda: self.now,
            token=self._token,
            show_counts=self.lamps.__setitem__,
            forget_clips=self._forget,
        )
        self.log.load(database_away=database_away)
        self.begun = self.store.begun()
        self.store.configure([self.house])

    def _token(self) -> str:
        self._ids += 1
        return f"{round(self.now)}-{self._ids}"

    async def _forget(self, sound: Path) -> None:
        self.forgotten.append(sound)
        self.on_forget(sound)

    async def begin(self, box: str = "anna", call: str = "call-1") -> Draft:
        return await self.store.begin(
            self.store.new_message(self.house.id, box, call=call, caller_number="+4540404040", caller_name="Kim")
        )

    async def leave(self, box: str = "anna", *parts: float) -> Message:
        """A whole message, of three seconds unless told."""
        draft = await self.begin(box)
        write_sound(draft.path, *(parts or (3.0,)))
        message = await self.store.keep(draft)
        assert message is not None
        return message

    def told(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def killed(self) -> None:
        """The process is gone; only what is on disk is left."""
        self.journal.close()
