"""What is to be done with each new message: it is transcribed, then mailed. Kept on disk until it is done."""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.voicemail.mail_text import mail_of
from lampfield.voicemail.mailer import Mailer, MailNotAccepted
from lampfield.voicemail.store import VoicemailStore
from lampfield.voicemail.transcription import Transcriber
from routing.voicemail.postbox import Message

log = logging.getLogger(__name__)

AT_ONCE = 4
"""Messages that are transcribed or mailed at the same time."""
LONGEST_RETRY_SECONDS = 3600.0
CANCEL_SECONDS = 0.2

_KIND = "voicemail-errand"


class Errand(msgspec.Struct, frozen=True):
    """What is left to do with a message."""

    message: str
    mail: str = ""
    """The address that it goes to; empty for none."""
    transcribe: bool = False


class Errands:
    """Runs errands beside the calls; a mail that is not accepted is sent again, later and later, but never given up.

    It ends only when the mail is accepted or the message deleted.
    """

    def __init__(
        self,
        store: VoicemailStore,
        journal: Journal,
        transcriber: Transcriber,
        mailer: Mailer | None,
        *,
        retry_seconds: float,
    ) -> None:
        self._store = store
        self._journal = journal
        self._transcriber = transcriber
        self._mailer = mailer
        self._retry_seconds = retry_seconds
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._left: list[Errand] = []

    def restore(self) -> None:
        """Take up what an earlier run left; `start` goes on with it."""
        self._left = list(decoded(self._journal, _KIND, Errand))

    def start(self) -> None:
        """Go on with what an earlier run left."""
        for errand in self._left:
            self._begin(errand)
        self._left.clear()

    async def close(self) -> None:
        """Leave the rest to the next run."""
        # Again and again: before Python 3.12 asyncio.wait_for, where the SMTP client waits, may swallow a cancellation.
        while tasks := list(self._tasks.values()):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CANCEL_SECONDS)

    def is_busy(self, message: str) -> bool:
        """Whether something is still to be done with it."""
        return message in self._tasks

    def accepted(self, message: Message) -> None:
        """A new message: note what is to be done with it, and do it."""
        company = self._store.company(message)
        box = company.boxes.get(message.box) if company is not None else None
        errand = Errand(
            message.id,
            mail=box.mail if box is not None and self._mailer is not None else "",
            transcribe=self._transcriber.wanted,
        )
        if errand.mail or errand.transcribe:
            self._note(errand)
            self._begin(errand)

    def _begin(self, errand: Errand) -> None:
        task = asyncio.create_task(self._run(errand), name=f"voicemail errand {errand.message}")
        self._tasks[errand.message] = task
        task.add_done_callback(self._ended(errand.message))

    def _ended(self, message: str) -> Callable[[asyncio.Task[None]], None]:
        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.pop(message, None)
            if not task.cancelled() and (fault := task.exception()) is not None:
                log.error("%s: the errand failed, and is tried again at the next start", message, exc_info=fault)

        return ended

    async def _run(self, errand: Errand) -> None:
        if errand.transcribe:
            async with self._turn:
                await self._transcribe(errand.message)
            errand = msgspec.structs.replace(errand, transcribe=False)
            self._note(errand)
        delay = self._retry_seconds
        while errand.mail and not await self._mail(errand, delay):
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_RETRY_SECONDS)
        self._journal.delete(_KIND, errand.message)

    async def _transcribe(self, id_: str) -> None:
        message = self._store.get(id_)
        text = await self._transcriber.text(self._store.sound(message)) if message is not None else ""
        if message is not None and text:
            self._store.transcribed(message, text)

    async def _mail(self, errand: Errand, delay: float) -> bool:
        """True when there is nothing left to mail."""
        message = self._store.get(errand.message)
        company = self._store.company(message) if message is not None else None
        if message is None or message.deleted_at is not None or company is None:
            return True
        if self._mailer is None:
            log.warning("%s waits to be mailed to %s, but the configuration has no mail.host", message.id, errand.mail)
            return False
        try:
            async with self._turn:
                sound = await asyncio.to_thread(self._store.sound(message).read_bytes)
                mail = await asyncio.to_thread(
                    mail_of, message, company, sound, to=errand.mail, sender=self._mailer.sender
                )
                await self._mailer.send(mail)
        except FileNotFoundError:
            log.error("%s: its file is gone, so it cannot be mailed", message.id)
            return True
        except (MailNotAccepted, OSError) as fault:
            log.warning("%s: not mailed to %s, tried again in %.0f s: %s", message.id, errand.mail, delay, fault)
            return False
        log.info("%s: mailed to %s", message.id, errand.mail)
        return True

    def _note(self, errand: Errand) -> None:
        self._journal.put(_KIND, errand.message, msgspec.msgpack.encode(errand))
