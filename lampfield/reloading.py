"""Taking over what has changed on disk while calls go on: companies, sounds and music."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from lampfield.sound_library.shelves import Shelves
from provisioning.directory import load_directory

if TYPE_CHECKING:
    from lampfield.parts import Parts

logger = logging.getLogger(__name__)


class Reloading:
    """Reads anew, and tells what came of it, for people. What cannot be read stays as it is in memory."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._turn = asyncio.Lock()
        """One at a time: of two that overtook each other, the older reading could stay."""

    async def companies(self) -> str:
        """Read the companies anew; calls in progress go on as they were routed. Tells what came of it, for people."""
        async with self._turn:
            return await self._companies()

    async def sounds(self) -> str:
        """Read the companies' own sounds anew; callers who hear music hear the changed list from their next file on."""
        async with self._turn:
            return await self._sounds()

    async def _companies(self) -> str:
        parts = self._parts
        try:
            directory = await asyncio.to_thread(load_directory, parts.database)
        except SQLAlchemyError as error:
            logger.error("the companies cannot be read, those in memory stay: %s", error)
            return f"the companies cannot be read, those in memory stay: {error}"
        parts.door.directory = directory
        parts.shelves.configure(directory.companies.values())
        parts.lane.forget()
        parts.subscribe_lane.forget()
        parts.publish_lane.forget()
        parts.houses.configure(directory.companies.values())
        parts.own_keys.configure(directory.companies.values())
        parts.feature_sync.configure(directory.companies.values())
        parts.lamps.configure(directory.companies.values(), parts.clock())
        parts.hours.configure(directory.companies.values())
        parts.state_history.configure(directory.companies.values())
        parts.member_lamps.configure(directory.companies.values())
        parts.person_features.configure(directory.companies.values())
        parts.own_statuses.configure(directory.companies.values())
        parts.queue_lamps.configure(directory.companies.values())
        parts.park_lamps.configure(directory.companies.values())
        parts.intake.configure(directory.companies.values())
        parts.status_feed.configure(directory.companies.values())
        parts.locations.configure(directory.companies.values())
        parts.notices.configure(directory.companies.values())
        parts.notice_watch.configure(directory.companies.values())
        parts.voicemail.configure(directory.companies.values())
        parts.endpoint.wake()
        parts.sounds.forget()
        told = f"companies read anew: {', '.join(sorted(directory.companies)) or 'none'}"
        logger.info("%s", told)
        return told

    async def _sounds(self) -> str:
        parts = self._parts
        try:
            shelves = await asyncio.to_thread(Shelves.load, parts.database)
        except SQLAlchemyError as error:
            logger.error("the sounds cannot be read, those in memory stay: %s", error)
            return f"the sounds cannot be read, those in memory stay: {error}"
        parts.shelves.configure(parts.door.directory.companies.values(), shelves)
        parts.sounds.forget()
        for leg in parts.legs.live():
            leg.music.renew()
        return "it takes effect at once; music at each caller's next file"
