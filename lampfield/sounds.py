"""Prompts and music as ready clips: found, transcoded once, and remembered so that a call waits for no disk."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from media.client import Codec
from media.clips import ClipError, ClipStore
from media.prompts.library import PromptLibrary, PromptMissing
from routing.model import Company

logger = logging.getLogger(__name__)

_ON_DEMAND = ("number/", "hundreds/", "time/", "hour/", "minute/", "day/", "month/", "weekday/", "pin/", "recording/")
"""Prompts that are made ready only when they are played."""


class Sounds:
    """What can be played. A file that is missing or cannot be read is told in the log and left out; calls go on."""

    def __init__(self, prompts: PromptLibrary, clips: ClipStore) -> None:
        self._prompts = prompts
        self._clips = clips
        self._ready: dict[tuple[str, str, Codec], Path] = {}
        self._music: dict[tuple[str, Codec], tuple[Path, ...]] = {}

    async def spoken(self, prompts: Sequence[str | Path], language: str, codec: Codec) -> list[Path]:
        """Clips of prompts, by name, and of recordings, by path, in their order."""
        clips = [
            await self._clip(prompt, codec)
            if isinstance(prompt, Path)
            else self._ready.get((prompt, language, codec)) or await self._prompt(prompt, language, codec)
            for prompt in prompts
        ]
        return [clip for clip in clips if clip is not None]

    async def music(self, name: str, codec: Codec) -> Sequence[Path]:
        """Clips of a music list; those that can be read."""
        known = self._music.get((name, codec))
        if known is None:
            try:
                sources = self._prompts.music(name)
            except PromptMissing as missing:
                logger.error("music: %s", missing)
                sources = []
            made = [await self._clip(source, codec) for source in sources]
            known = self._music[name, codec] = tuple(clip for clip in made if clip is not None)
        return known

    async def prepare(self, companies: Iterable[Company]) -> None:
        """Make ready what these companies' callers will hear, so that the first caller does not wait for it."""
        companies = list(companies)
        for name in {queue.music for company in companies for queue in company.queues.values()}:
            await self.music(name, "PCMA")
        for language in {company.language for company in companies}:
            names = [name for name in self._prompts.names() if not name.startswith(_ON_DEMAND)]
            await self.spoken(names, language, "PCMA")

    def forget(self) -> None:
        """Look all files up anew: they may have been replaced."""
        self._ready.clear()
        self._music.clear()

    async def _prompt(self, name: str, language: str, codec: Codec) -> Path | None:
        try:
            source = self._prompts.find(name, language)
        except PromptMissing as missing:
            logger.error("prompt: %s", missing)
            return None
        clip = await self._clip(source, codec)
        if clip is not None:
            self._ready[name, language, codec] = clip
        return clip

    async def _clip(self, source: Path, codec: Codec) -> Path | None:
        try:
            return await self._clips.clip(source, codec)
        except ClipError as error:
            logger.error("%s", error)
            return None
