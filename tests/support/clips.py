"""What callers hear, made ready for playing: in virtual time nobody would wait for the process that makes it."""

import asyncio
from pathlib import Path

from media.clips import ClipStore
from media.prompts.library import BEEP, PromptLibrary
from tests.support.server import CLIPS


def make_clips(language: str) -> None:
    """Make all prompts of a language, and what is played beside them, where they are not made yet."""
    library = PromptLibrary()
    spoken = [library.find(name, language) for name in (*library.names(), BEEP)]
    asyncio.run(_made([*spoken, *library.music("default"), *library.music("ringback")]))


async def _made(sources: list[Path]) -> None:
    store = ClipStore(CLIPS)
    for source in sources:
        await store.clip(source, "PCMA")
    await store.close()
