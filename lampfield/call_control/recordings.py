"""Recordings of callers' voices, as the media engine makes them: to files that outlive the call."""

import asyncio
import logging
from pathlib import Path

from media.client import MediaClient, MediaError
from media.events import CommandFailed, MediaEvent, RecordEnded, RecordFailed, RecordSilence

logger = logging.getLogger(__name__)

FINISH_SECONDS = 10.0
"""How long the engine has to complete a file, on a disk that is slow."""

ENGINE_AWAY = "the media engine is away"


class Recording:
    """One that is under way."""

    def __init__(self) -> None:
        self.silence = asyncio.Event()
        """Set when the party has said nothing for the time that was asked for."""
        self.ended: asyncio.Future[RecordEnded | RecordFailed] = asyncio.get_running_loop().create_future()

    def on(self, event: MediaEvent) -> None:
        match event:
            case RecordSilence():
                self.silence.set()
            case RecordEnded() | RecordFailed() if not self.ended.done():
                self.ended.set_result(event)
            case CommandFailed(session=session, reason=reason) if not self.ended.done():
                self.ended.set_result(RecordFailed(session, reason))


class Recordings:
    """All that are under way, by RTP session: the end of one is told also when its call is over."""

    def __init__(self, media: MediaClient, folder: Path) -> None:
        self._media = media
        self._folder = folder
        self._recordings: dict[str, Recording] = {}
        self._count = 0

    def new_file(self, call: str) -> Path:
        """Where a recording goes that nobody has named a place for. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._count += 1
        return self._folder / f"{call}-{self._count}.wav"

    @staticmethod
    def remove(file: Path) -> None:
        """Take away a file that nobody wants, if it is there."""
        file.unlink(missing_ok=True)

    def start(self, session: str, path: Path, *, longest: float, silence: float) -> Recording:
        """Record what the party says to a new file."""
        recording = self._recordings[session] = Recording()
        if self._media.connected:
            self._media.record(session, path, said_only=True, longest=longest, silence=silence)
        else:
            recording.on(RecordFailed(session, ENGINE_AWAY))
        return recording

    async def finish(self, session: str, *, open_still: bool) -> RecordEnded | RecordFailed:
        """Wait until the file is complete; `open_still` False where the session's end has ended the recording."""
        recording = self._recordings[session]
        if open_still and not recording.ended.done():
            self._media.stop_record(session)
        try:
            async with asyncio.timeout(FINISH_SECONDS):
                return await asyncio.shield(recording.ended)
        except TimeoutError:
            logger.error("%s: the recording was not completed within %.0f s", session, FINISH_SECONDS)
            return RecordFailed(session, "the disk is too slow")
        finally:
            del self._recordings[session]

    async def end_orphans(self) -> None:
        """End what an earlier run of this process began to record, and wait until the files are complete.

        To be called before this run records anything.
        """
        try:
            orphans = [info.session for info in await self._media.sessions() if info.recording]
        except MediaError:
            return
        self._recordings = {session: Recording() for session in orphans}
        await asyncio.gather(*(self.finish(session, open_still=True) for session in orphans))

    def on(self, event: MediaEvent) -> None:
        """Take an event of the engine; one about no recording is passed over."""
        recording = self._recordings.get(event.session)
        if recording is not None and (not isinstance(event, CommandFailed) or event.verb == "record"):
            recording.on(event)

    def engine_lost(self) -> None:
        """Nothing more will be recorded; the files hold what was written."""
        for session, recording in self._recordings.items():
            recording.on(RecordFailed(session, ENGINE_AWAY))
