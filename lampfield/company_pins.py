"""The PINs of companies, looked up in the database and guarded against guessing."""

import asyncio

from sqlalchemy import Engine

from lampfield.pin_attempts import PinAttempts
from provisioning.pins import opens, pin_hash
from routing.pins import PinVerdict
from routing.ports import Clock


class CompanyPins:
    """One company's. Fulfils `routing.pins.Pins`; nothing of a PIN is logged. Raises SQLAlchemyError."""

    def __init__(self, engine: Engine, company: str, attempts: PinAttempts, clock: Clock) -> None:
        self._engine = engine
        self._company = company
        self._attempts = attempts
        self._clock = clock

    async def is_set(self, owner: str) -> bool:
        return await self._hash(owner) is not None

    async def check(self, owner: str, pin: str, caller: str = "") -> PinVerdict:
        names = [("owner", self._company, owner), *([("caller", self._company, caller)] if caller else [])]
        now = self._clock()
        if any(self._attempts.locked(name, now) for name in names):
            return "locked"
        for name in names:
            self._attempts.tried(name, now)
        hashed = await self._hash(owner)
        # Argon2 takes a tenth of a second on purpose.
        if hashed is None or not await asyncio.to_thread(opens, hashed, pin):
            return "wrong"
        for name in names:
            self._attempts.right(name)
        return "right"

    async def _hash(self, owner: str) -> str | None:
        def look() -> str | None:
            with self._engine.connect() as connection:
                return pin_hash(connection, self._company, owner)

        return await asyncio.to_thread(look)
