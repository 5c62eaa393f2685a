"""Voicemail as a whole, put together."""

import asyncio
from collections.abc import Callable, Iterable

from sqlalchemy import Engine

from lampfield.configuration import Configuration
from lampfield.journal import Journal
from lampfield.voicemail.errands import Errands
from lampfield.voicemail.folders import Folders
from lampfield.voicemail.mailer import Mailer
from lampfield.voicemail.message_log import MessageLog
from lampfield.voicemail.postbox import CompanyPostbox
from lampfield.voicemail.store import ForgetClips, ShowCounts, VoicemailStore
from lampfield.voicemail.transcription import Transcriber
from routing.model import Company
from routing.pins import Pins
from routing.ports import Clock, EventSink
from routing.voicemail.postbox import Message
from routing.voicemail.service import Voicemail

TIDY_SECONDS = 60.0
"""Between two looks at what is over."""


class VoicemailOffice:
    """The boxes of all companies, and what is done with the messages in them."""

    def __init__(
        self,
        configuration: Configuration,
        engine: Engine,
        journal: Journal,
        *,
        emit: EventSink,
        clock: Clock,
        token: Callable[[], str],
        show_counts: ShowCounts,
        forget_clips: ForgetClips,
    ) -> None:
        self._log = MessageLog(engine, journal)
        self.store = VoicemailStore(
            self._log,
            Folders(configuration.state_directory / "voicemail"),
            emit=emit,
            clock=clock,
            token=token,
            show_counts=show_counts,
            forget_clips=forget_clips,
        )
        mail = configuration.mail
        self._errands = Errands(
            self.store,
            journal,
            Transcriber(configuration.voicemail),
            Mailer(mail) if mail.host is not None else None,
            retry_seconds=mail.retry_seconds,
        )
        self.store.on_accepted = self._errands.accepted
        self._begun: list[Message] = []

    @property
    def fault(self) -> str | None:
        """Why the database takes no messages at the moment; None when all is well."""
        return self._log.fault

    def restore(self, companies: Iterable[Company], *, database_away: bool = False) -> int:
        """Take up what is on disk and set the lamps; returns how many messages there are.

        Those of a database that is away are taken up by `run`. Raises SQLAlchemyError, OSError.
        """
        count = self._log.load(database_away=database_away)
        self._begun = self.store.begun()
        self._errands.restore()
        self.configure(companies)
        return count

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now."""
        self.store.configure(companies)

    def service(self, company: Company, pins: Pins) -> Voicemail:
        """What the call flows of a company need."""
        return Voicemail(CompanyPostbox(self.store, company), pins)

    async def run(self) -> None:
        """Deliver what an earlier run was cut off from, then serve until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._log.run())
                if not self._log.whole.is_set():
                    await self._log.whole.wait()
                    self.store.show_all()
                # Of a message that is not known nothing could be said but that it is gone.
                self._errands.start()
                await self.store.deliver(self._begun)
                while True:
                    await self.store.tidy_up(self._errands.is_busy)
                    await asyncio.sleep(TIDY_SECONDS)
        finally:
            await self._errands.close()
