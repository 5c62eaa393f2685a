"""All messages of the server in memory, written behind: at once to the journal, and from there to the database.

The database may be away for as long as it likes: what changed meanwhile is in the journal, also after a kill.
"""

import asyncio
import logging
from collections.abc import Iterator

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.voicemail.table import read_messages, write_messages
from routing.voicemail.postbox import Message

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 30.0
FLUSH_SECONDS = 5.0
"""How long a disk may take before the journal counts as not written."""

_KIND = "voicemail"


class _Unwritten(msgspec.Struct, frozen=True):
    """What the database does not know yet."""

    message: Message
    gone: bool = False


class MessageLog:
    """Messages by id. Changes are taken at once; `run` brings them into the database."""

    def __init__(self, engine: Engine, journal: Journal) -> None:
        self._engine = engine
        self._journal = journal
        self._messages: dict[str, Message] = {}
        self._of_box: dict[tuple[str, str], dict[str, Message]] = {}
        self._unwritten: dict[str, _Unwritten] = {}
        self._changed = asyncio.Event()
        self._fault: str | None = None
        self.whole = asyncio.Event()
        """Set once all messages are known."""

    @property
    def fault(self) -> str | None:
        """Why the database takes nothing at the moment; None when all is well."""
        return self._fault

    def load(self, *, database_away: bool = False) -> int:
        """Take up what database and journal know, and return how many messages. Raises SQLAlchemyError.

        A database that is away is left to `run`.
        """
        if not database_away:
            for message in read_messages(self._engine):
                self._remember(message)
            self.whole.set()
        for change in decoded(self._journal, _KIND, _Unwritten):
            self._unwritten[change.message.id] = change
            self._forget(change.message) if change.gone else self._remember(change.message)
        if self._unwritten or database_away:
            self._changed.set()
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._messages.values()))

    def get(self, message: str) -> Message | None:
        return self._messages.get(message)

    def of_box(self, company: str, box: str) -> list[Message]:
        """The messages of a box, oldest first."""
        return sorted(self._of_box.get((company, box), {}).values(), key=lambda message: (message.at, message.id))

    def put(self, message: Message) -> Message:
        """A message is new, or another; it is handed back."""
        self._remember(message)
        self._note(_Unwritten(message))
        return message

    def remove(self, message: Message) -> None:
        self._forget(message)
        self._note(_Unwritten(message, gone=True))

    async def on_disk(self) -> bool:
        """Wait until all that changed so far would survive a power cut; False where the disk does not take it."""
        return await asyncio.to_thread(self._journal.flush, FLUSH_SECONDS)

    async def run(self) -> None:
        """Write changes to the database until cancelled; while it is away, try again and again."""
        delay = FIRST_RETRY_SECONDS
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._read_rest()
                await self._write()
            except SQLAlchemyError as error:
                self._told(str(getattr(error, "orig", None) or error).strip())
                self._changed.set()
                await asyncio.sleep(delay)
                delay = min(2 * delay, LONGEST_RETRY_SECONDS)
                continue
            self._told(None)
            delay = FIRST_RETRY_SECONDS

    async def _read_rest(self) -> None:
        """Take up what the database knows, where it was away; nothing is written to it meanwhile."""
        if self.whole.is_set():
            return
        for message in await asyncio.to_thread(read_messages, self._engine):
            if message.id not in self._unwritten:
                self._remember(message)
        self.whole.set()

    async def _write(self) -> None:
        taken = dict(self._unwritten)
        kept = [each.message for each in taken.values() if not each.gone]
        gone = [each.message.id for each in taken.values() if each.gone]
        if taken:
            await asyncio.to_thread(write_messages, self._engine, kept, gone)
        for message, change in taken.items():
            if self._unwritten.get(message) == change:
                del self._unwritten[message]
                self._journal.delete(_KIND, message)

    def _told(self, fault: str | None) -> None:
        if fault is not None and self._fault is None:
            log.error("voicemail: the database takes no messages, they wait in the journal: %s", fault)
        elif fault is None and self._fault is not None:
            log.info("voicemail: the database has all messages again")
        self._fault = fault

    def _note(self, change: _Unwritten) -> None:
        self._unwritten[change.message.id] = change
        self._journal.put(_KIND, change.message.id, msgspec.msgpack.encode(change))
        self._changed.set()

    def _remember(self, message: Message) -> None:
        self._messages[message.id] = message
        self._of_box.setdefault((message.company, message.box), {})[message.id] = message

    def _forget(self, message: Message) -> None:
        self._messages.pop(message.id, None)
        self._of_box.get((message.company, message.box), {}).pop(message.id, None)
