"""One attempt to reach somebody: phones that ring together, until one is answered, or somebody else takes the call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from lampfield.call_control.outgoing_leg import OutgoingLeg
from lampfield.call_control.voice_leg import VoiceLeg


class Attempt:
    """The legs of one attempt; each knows it."""

    def __init__(self, legs: Sequence[OutgoingLeg], *, for_anybody: bool) -> None:
        """`for_anybody`: somebody else may take the call as well."""
        self.legs = legs
        self._for_anybody = for_anybody
        self._picked: asyncio.Future[VoiceLeg] = asyncio.get_running_loop().create_future()
        self._over = False
        for leg in legs:
            leg.attempt = self

    @property
    def is_open(self) -> bool:
        """Somebody else can take the call: no phone has answered, nobody was faster, and the caller waits."""
        over = self._over or self._picked.done() or any(leg.answered for leg in self.legs)
        return self._for_anybody and not over

    def pick_up(self, leg: VoiceLeg) -> None:
        """Let this leg have the call, while the attempt is open: it wins, and the phones stop ringing."""
        assert self.is_open
        self._picked.set_result(leg)

    async def winner(self, codec: str | None) -> VoiceLeg | None:
        """Who picked the call up, else the first leg that answers; None when all have refused.

        Who picks it up is answered, with `codec` where the phone has it; where that comes to nothing the others go on
        ringing. A 6xx of one ends the waiting (RFC 3261 §16.7), and so does a phone that forwards by itself.
        """
        waiting = {leg.outcome: leg for leg in self.legs}
        while waiting:
            ends: set[asyncio.Future[Any]] = {self._picked, *waiting}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if self._picked.done():
                if await self._picked.result().comes(codec):
                    return self._picked.result()
                self._picked = asyncio.get_running_loop().create_future()
                continue
            for outcome in [outcome for outcome in waiting if outcome.done()]:
                leg = waiting.pop(outcome)
                if outcome.result() == 200:
                    return leg
                if outcome.result() >= 600 or leg.moved_to is not None:
                    return None
        return None

    def close(self, winner: VoiceLeg | None, *, taken: bool) -> None:
        """Stop ringing. `taken`: somebody has the call, so that the phones note no missed one."""
        self._over = True
        for leg in self.legs:
            if leg is not winner:
                leg.give_up(elsewhere=taken or winner is not None)
        if self._picked.done() and self._picked.result() is not winner:
            self._picked.result().end("caller-gone")

    @property
    def moved_to(self) -> str | None:
        """What a phone wants dialled in its place."""
        return next((leg.moved_to for leg in self.legs if leg.moved_to is not None), None)

    @property
    def refusal(self) -> int:
        """The status to pass on: 6xx, then what tells most (RFC 3261 §16.7 step 6)."""
        preference = (486, 480, 408, 404, 488)
        return min(
            [leg.outcome.result() for leg in self.legs if leg.outcome.done()],
            key=lambda status: (
                status < 600,
                preference.index(status) if status in preference else len(preference),
                status,
            ),
        )
