"""The PINs of companies, looked up in the database and guarded against guessing."""

import asyncio
import logging
from collections.abc import Sequence

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from lampfield.database_threads import DatabaseThreads
from lampfield.pin_attempts import PinAttempts
from provisioning.pins import opens, pin_hash, pins_set_at
from routing.model import Company
from routing.pins import PinVerdict
from routing.ports import Clock

log = logging.getLogger(__name__)

_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$nF6HnUii/SRlQMD4ymxg/w$bXbcIeBLF2OtDo54LVs6sAXa9rk3dlMwbL8pz2X4/gI"
"""The hash of something that was thrown away."""


class CompanyPins:
    """One company's. Fulfils `routing.pins.Pins`; nothing of a PIN is logged."""

    def __init__(self, database: DatabaseThreads, company: str, attempts: PinAttempts, clock: Clock) -> None:
        self._database = database
        self._company = company
        self._attempts = attempts
        self._clock = clock

    async def is_set(self, owner: str) -> bool:
        try:
            return await self._hash(owner) is not None
        except SQLAlchemyError as fault:
            log.error("%s: whether %s has a PIN cannot be looked up: %s", self._company, owner, fault)
            return True

    async def check(self, owner: str, pin: str, caller: str = "") -> PinVerdict:
        names = [("owner", self._company, owner), *([("caller", self._company, caller)] if caller else [])]
        now = self._clock()
        if self._locked(names, now):
            await self._lift(names, owner)
            if self._locked(names, now):
                return "locked"
        for name in names:
            self._attempts.tried(name, now)
        try:
            hashed = await self._hash(owner)
        except SQLAlchemyError as fault:
            log.error("%s: the PIN of %s cannot be looked up: %s", self._company, owner, fault)
            for name in names:
                self._attempts.not_looked_at(name)
            return "away"
        # As long for who has no PIN: nobody shall learn who has one.
        if not await asyncio.to_thread(opens, hashed or _NOBODYS, pin) or hashed is None:
            return "wrong"
        for name in names:
            self._attempts.right(name)
        return "right"

    def _locked(self, names: Sequence[tuple[str, ...]], now: float) -> bool:
        return any(self._attempts.seconds_to_wait(name, now) > 0 for name in names)

    async def _lift(self, names: Sequence[tuple[str, ...]], owner: str) -> None:
        """Who has got another PIN after the wrong ones need not wait."""
        try:
            set_at = await self._database.ask(lambda connection: pins_set_at(connection, self._company))
        except SQLAlchemyError as fault:
            log.error("%s: since when %s has a PIN cannot be looked up: %s", self._company, owner, fault)
            return
        for name in names:
            self._attempts.renewed(name, set_at.get(owner, 0.0))

    async def _hash(self, owner: str) -> str | None:
        return await self._database.ask(lambda connection: pin_hash(connection, self._company, owner))


class PinDesk:
    """The PINs of all companies: wrong ones count by who has tried, wherever that was."""

    def __init__(self, database: Engine, clock: Clock) -> None:
        self._database = DatabaseThreads(database)
        self._attempts = PinAttempts()
        self._clock = clock

    def of(self, company: Company) -> CompanyPins:
        return CompanyPins(self._database, company.id, self._attempts, self._clock)
