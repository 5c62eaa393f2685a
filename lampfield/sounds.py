"""Prompts and music as ready clips: found, transcoded once, and remembered so that a call waits for no disk."""

import logging
import random
from collections.abc import Iterable, Sequence
from pathlib import Path

from lampfield.sound_library.rotation import Rotation
from lampfield.sound_library.shelves import ACTIVE, Shelves
from media.client import Codec
from media.clips import ClipError, ClipStore
from media.prompts.library import PromptLibrary, PromptMissing
from routing.model import Company
from routing.prompts import position_prompts

logger = logging.getLogger(__name__)

_ON_DEMAND = ("number/", "hundreds/", "time/", "hour/", "minute/", "day/", "month/", "weekday/", "pin/", "recording/")
"""Prompts that are made ready only when they are played."""


class Sounds:
    """What can be played. A file that is missing or cannot be read is told in the log and left out; calls go on.

    `domain` is the company's: its own sounds are found before the built-in ones.
    """

    def __init__(self, prompts: PromptLibrary, shelves: Shelves, clips: ClipStore) -> None:
        self._prompts = prompts
        self._shelves = shelves
        self._clips = clips
        self._dice = random.Random()
        self._ready: dict[tuple[str, str, str, Codec], Path] = {}
        self._music: dict[tuple[str, str], tuple[Path, ...]] = {}

    async def spoken(self, prompts: Sequence[str | Path], language: str, codec: Codec, domain: str) -> list[Path]:
        """Clips of prompts, by name, and of recordings, by path, in their order."""
        clips = [
            await self.clip(prompt, codec)
            if isinstance(prompt, Path)
            else self._ready.get((prompt, domain, language, codec))
            or await self._prompt(prompt, domain, language, codec)
            for prompt in prompts
        ]
        return [clip for clip in clips if clip is not None]

    def music(self, name: str, domain: str) -> Sequence[Path]:
        """The files of a music list as it is now, the same object until it changes; else of the active one."""
        known = self._music.get((name, domain))
        if known is None:
            files = self._shelves.of(domain).music(name)
            try:
                known = tuple(files or self._prompts.music(name))
            except PromptMissing as missing:
                logger.error("music: %s", missing)
                known = () if name == ACTIVE else tuple(self.music(ACTIVE, domain))
            self._music[name, domain] = known
        return known

    def rotation(self) -> Rotation:
        """The order in which one more caller hears a list."""
        return Rotation(self._dice)

    async def clip(self, source: Path, codec: Codec) -> Path | None:
        """The clip of a file; None, and a line in the log, where it cannot be read."""
        try:
            return await self._clips.clip(source, codec)
        except ClipError as error:
            logger.error("%s", error)
            return None

    def seconds(self, clips: Iterable[Path]) -> float:
        """How long clips last together."""
        return sum(self._clips.seconds(clip) for clip in clips)

    async def prepare(self, companies: Iterable[Company]) -> None:
        """Make ready what these companies' callers will hear, so that the first caller does not wait for it."""
        companies = list(companies)
        for name, domain in {
            (queue.music, company.domain) for company in companies for queue in company.queues.values()
        }:
            for source in self.music(name, domain):
                await self.clip(source, "PCMA")
        for company in companies:
            names = [name for name in self._prompts.names() if not name.startswith(_ON_DEMAND)]
            names += _position_prompts(company)
            chosen = {menu.language for menu in company.menus.values() if menu.language is not None}
            for language in (company.language, *sorted(chosen - {company.language})):
                await self.spoken(names, language, "PCMA", company.domain)

    def forget(self) -> None:
        """Look all files up anew: they may have been replaced."""
        self._ready.clear()
        self._music.clear()

    async def _prompt(self, name: str, domain: str, language: str, codec: Codec) -> Path | None:
        source = self._shelves.of(domain).file(name)
        if source is None:
            try:
                source = self._prompts.find(name, language)
            except PromptMissing as missing:
                logger.error("prompt: %s", missing)
                return None
        clip = await self.clip(source, codec)
        if clip is not None:
            self._ready[name, domain, language, codec] = clip
        return clip


def _position_prompts(company: Company) -> list[str]:
    """What callers of the company's queues are told, whatever their position."""
    longest = max((queue.max_waiting for queue in company.queues.values() if queue.position_every_seconds), default=0)
    return sorted({prompt for position in range(1, longest + 1) for prompt in position_prompts(position)})
