"""A person of the company who transfers a call: what their phone is told of it, and the end of their part."""

from __future__ import annotations

import asyncio
from typing import Any

from lampfield.call_control.services import Services
from lampfield.call_control.voice_leg import VoiceLeg

PATIENCE = 4.0
"""How long a phone has to confirm that it was told of the outcome, seconds, before it is sent a BYE: T2 (RFC 3261)."""


class Transferring:
    """Fulfils `routing.handover.Transferor` for the phone that has sent a REFER, or parks the call that it holds."""

    def __init__(self, services: Services, leg: VoiceLeg, referral: str | None, referred_by: str | None) -> None:
        """`referral` is None without a REFER.

        `referred_by` is the phone's own word of who it is, for phones that are called (RFC 3892).
        """
        self._services = services
        self._leg = leg
        self._referral = referral
        self._told = asyncio.Event()
        if referral is None:
            self._told.set()
        self._settled = asyncio.Event()
        self.referred_by = referred_by or str(leg.caller.address(leg.domain))

    @property
    def person(self) -> str:
        return self._leg.person or ""

    @property
    def there(self) -> bool:
        return not self._leg.ended.done()

    def is_of(self, leg: VoiceLeg) -> bool:
        return leg is self._leg

    def rings(self) -> None:
        """A phone rings for who was sent on."""
        self._report(180)

    def succeeded(self) -> None:
        """Tell the phone, which hangs up then; one that does not is hung up."""
        self._report(200)
        self._leg.take_leave()
        self._leg.spawn(self._bow_out())

    def failed(self, status: int) -> None:
        self._report(status)

    async def settled(self) -> None:
        """Return when it is known what becomes of it."""
        await self._settled.wait()

    def _report(self, status: int) -> None:
        if self._referral is not None:
            self._services.sip.report_refer(self._referral, status)
        if status >= 200:
            self._settled.set()

    def let_go(self) -> None:
        self._leg.end("normal")

    def told(self) -> None:
        """The phone has confirmed the outcome, or knows nothing of the REFER any more."""
        self._told.set()

    async def _bow_out(self) -> None:
        """A BYE before the phone knows the outcome would look to it like a transfer that has failed."""
        telling = asyncio.ensure_future(self._told.wait())
        try:
            ends: set[asyncio.Future[Any]] = {telling, self._leg.ended}
            await asyncio.wait(ends, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        finally:
            telling.cancel()
        self._leg.end("transferred")
