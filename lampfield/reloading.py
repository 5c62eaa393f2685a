"""Taking over what has changed in the database while calls go on: companies, sounds and music."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from lampfield.database import upgrade
from lampfield.sound_library.shelves import Shelves
from provisioning.picture import read_picture

if TYPE_CHECKING:
    from lampfield.beginning import Beginning
    from lampfield.parts import Parts

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 2.0
"""Between two attempts to read the database that was away at the start."""


class Reloading:
    """Reads anew, and tells what came of it, for people. What cannot be read stays as it is in memory.

    What was read is kept on disk, to begin by while the database is away.
    """

    def __init__(self, parts: Parts, beginning: Beginning) -> None:
        self._parts = parts
        self._kept = beginning.kept
        self._picture = beginning.picture
        self._fault = beginning.fault
        self._turn = asyncio.Lock()
        """One at a time: of two that overtook each other, the older reading could stay."""
        self._readings: set[asyncio.Task[str]] = set()

    @property
    def fault(self) -> str | None:
        """Why companies and sounds are those of an earlier run; None where the database was read."""
        return self._fault

    async def run(self) -> None:
        """Keep what was read at the start; where the database was away, read it as soon as it is back."""
        if self._fault is None:
            async with self._turn:
                await self._keep()
        while self._fault is not None:
            await asyncio.sleep(AGAIN_SECONDS)
            try:
                await asyncio.to_thread(self._make_ready)
            except (SQLAlchemyError, msgspec.ValidationError) as error:
                logger.debug("the database cannot be read yet: %s", error)
            else:
                await self.companies()

    def _make_ready(self) -> None:
        """Bring the database up to date, which the start could not do. Raises SQLAlchemyError."""
        # One that cannot be read yet may have lost its tables, and shall not be given empty ones.
        read_picture(self._parts.database)
        upgrade(self._parts.database)

    async def companies(self) -> str:
        """Read the companies anew; calls in progress go on as they were routed. Tells what came of it, for people.

        It is done also where who asked does not wait for it.
        """
        return await self._to_the_end(self._companies())

    async def sounds(self) -> str:
        """Read the companies' own sounds anew; callers who hear music hear the changed list from their next file on."""
        return await self._to_the_end(self._sounds())

    async def _to_the_end(self, reading: Coroutine[Any, Any, str]) -> str:
        async def in_turn() -> str:
            async with self._turn:
                return await reading

        task = asyncio.create_task(in_turn(), name="reload")
        self._readings.add(task)
        task.add_done_callback(self._readings.discard)
        return await asyncio.shield(task)

    async def _companies(self) -> str:
        parts = self._parts
        try:
            self._picture = await asyncio.to_thread(read_picture, parts.database)
        except SQLAlchemyError as error:
            logger.error("the companies cannot be read, those in memory stay: %s", error)
            return f"the companies cannot be read, those in memory stay: {error}"
        directory = self._picture.directory()
        parts.door.directory = directory
        parts.shelves.configure(directory.companies.values(), self._picture.shelves)
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
        if self._fault is not None:
            logger.warning("the database is back: companies and sounds are as it has them")
            self._fault = None
        await self._keep()
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
        self._picture = msgspec.structs.replace(self._picture, shelves=shelves)
        if self._fault is None:
            await self._keep()
        return "it takes effect at once; music at each caller's next file"

    async def _keep(self) -> None:
        await asyncio.to_thread(self._kept.keep, self._picture, self._parts.clock())
