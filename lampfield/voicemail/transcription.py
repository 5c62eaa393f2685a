"""What was said, as text: asked of a command or a server of the operator's own. It may fail, and harms nothing then."""

import asyncio
import contextlib
import logging
from pathlib import Path

import httpx
import msgspec

from lampfield.config_sections import Voicemail
from lampfield.shown_url import shown
from status_adapters.foreign_json import NO_JSON

log = logging.getLogger(__name__)

MOST_BYTES = 100_000
"""Of an answer; a message of an hour has a tenth of it."""


class TranscriptionFailed(Exception):
    """There is no text; the message says why."""


class _Answer(msgspec.Struct, frozen=True):
    text: str


class Transcriber:
    """Hands files to the hook of the configuration."""

    def __init__(self, settings: Voicemail) -> None:
        self._settings = settings

    @property
    def wanted(self) -> bool:
        return bool(self._settings.transcription_command or self._settings.transcription_url)

    async def text(self, sound: Path) -> str:
        """What was said; empty when there is nothing that could tell."""
        limit = self._settings.transcription_seconds
        try:
            async with asyncio.timeout(limit):
                if self._settings.transcription_command:
                    return await _by_command(self._settings.transcription_command, sound)
                if self._settings.transcription_url is not None:
                    return await _by_server(self._settings.transcription_url, sound, limit)
        except TimeoutError:
            log.warning("%s: no transcription within %.0f s", sound, limit)
        except (TranscriptionFailed, OSError, httpx.HTTPError, httpx.InvalidURL) as fault:
            log.warning("%s: no transcription: %s", sound, fault)
        return ""


async def _by_command(command: tuple[str, ...], sound: Path) -> str:
    """The command gets the file as its last argument and writes the text to standard output."""
    process = await asyncio.create_subprocess_exec(
        *command, str(sound), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        said = b""
        while part := await process.stdout.read(MOST_BYTES):
            said += part
            if len(said) > MOST_BYTES:
                raise TranscriptionFailed(f"{command[0]} wrote more than {MOST_BYTES} bytes")
        status = await process.wait()
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if status != 0:
        raise TranscriptionFailed(f"{command[0]} ended with status {status}")
    return _decoded(said)


async def _by_server(url: str, sound: Path, seconds: float) -> str:
    """The server gets the file by POST (audio/wav) and answers with text, or with JSON that has a field `text`."""
    data = await asyncio.to_thread(sound.read_bytes)
    async with (
        httpx.AsyncClient(timeout=seconds, trust_env=False) as client,
        client.stream("POST", url, content=data, headers={"Content-Type": "audio/wav"}) as answer,
    ):
        if answer.status_code != 200:
            raise TranscriptionFailed(f"{shown(url)} answered {answer.status_code}")
        said = b""
        async for part in answer.aiter_bytes():
            said += part
            if len(said) > MOST_BYTES:
                raise TranscriptionFailed(f"{shown(url)} answered more than {MOST_BYTES} bytes")
        if answer.headers.get("content-type", "").startswith("application/json"):
            try:
                return msgspec.json.decode(said, type=_Answer).text.strip()
            except NO_JSON as error:
                raise TranscriptionFailed(f"{shown(url)}: {error}") from error
    return _decoded(said)


def _decoded(said: bytes) -> str:
    return said.decode(errors="replace").strip()
