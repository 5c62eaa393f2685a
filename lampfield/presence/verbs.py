"""What the running server answers of people: their states, and why they are so."""

from typing import Any

import msgspec

from lampfield.control_socket import Outbox, Verb
from lampfield.presence.lamps import Lamps
from lampfield.presence.person_why import explain
from lampfield.presence.sweeper import Sweeper
from routing.ports import Clock


class PresenceVerbs:
    """`why`: one person's state with all that it was made of; `sweep`: lamps compared with calls, now."""

    def __init__(self, lamps: Lamps, sweeper: Sweeper, clock: Clock) -> None:
        self._lamps = lamps
        self._sweeper = sweeper
        self._clock = clock

    def table(self) -> dict[str, Verb]:
        return {"why": self._why, "sweep": self._sweep}

    async def _why(self, arguments: dict[str, str], outbox: Outbox) -> None:
        aor = arguments.get("person", "")
        lamp = self._lamps.lamp(aor)
        if lamp is None or lamp.person is None:
            outbox.put({"error": f"person = {aor!r}: expected the AOR of somebody, such as sip:anna@nordlys.example"})
            return
        watchers = sum(self._lamps.watchers(name) for name in lamp.aors)
        outbox.put(_plain(explain(lamp, self._clock(), watchers)))

    async def _sweep(self, arguments: dict[str, str], outbox: Outbox) -> None:
        outbox.put([_plain(mended) for mended in self._sweeper.sweep()])


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)
