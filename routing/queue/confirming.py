"""Press 1 to take the call: so that no voicemail, and nobody who answers in a pocket, takes a caller."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from routing import spoken
from routing.menu.names import HasSound
from routing.model import Company, Queue, is_outside
from routing.ports import CallerGone

log = logging.getLogger(__name__)

TAKE = "1"
CONFIRM_SECONDS = 8.0
"""How long the key may take once the prompt has been told."""
LONGEST_PROMPT_SECONDS = 30.0

Introduction = Callable[[], Sequence[str]]
"""The prompts that tell a member which queue calls."""


class Party(Protocol):
    """Somebody who was called and has answered."""

    async def play(self, prompts: Sequence[str], *, until_key: bool = False) -> None: ...

    async def read_key(self, timeout: float | None) -> str | None: ...


def must_confirm(queue: Queue, member: str) -> bool:
    """Whether the member has to press 1 before a caller is connected."""
    details = queue.details.get(member)
    wanted = details.confirm if details is not None else None
    return is_outside(member) if wanted is None else wanted


async def presses_one(party: Party, prompts: Sequence[str]) -> bool:
    """Tell the prompts and wait for the key; False without it, and for who hangs up."""
    try:
        async with asyncio.timeout(LONGEST_PROMPT_SECONDS):
            await _told(party, prompts)
        async with asyncio.timeout(CONFIRM_SECONDS):
            while await party.read_key(None) != TAKE:
                pass
    except (TimeoutError, CallerGone):
        return False
    return True


async def _told(party: Party, prompts: Sequence[str]) -> None:
    """Sound that cannot be played keeps nobody from pressing the key."""
    try:
        await party.play(prompts, until_key=True)
    except CallerGone:
        raise
    except Exception:
        log.exception("could not play %s", ", ".join(prompts))


def introduction(company: Company, queue: str, has_sound: HasSound) -> Sequence[str]:
    """Tells a member which queue calls: by the company's own sound `own/queue-NAME`, else by its extension."""
    own = f"own/queue-{queue}"
    if has_sound(own):
        return ("confirm/call-from", own, "confirm/press")
    extension = next((each for each, name in company.queue_extensions.items() if name == queue), "")
    if extension:
        return ("confirm/call-from", "word/extension", *spoken.digits(extension), "confirm/press")
    return unnamed()


def unnamed() -> Sequence[str]:
    """Introduction of a queue that has no name to tell."""
    return ("confirm/call", "confirm/press")
