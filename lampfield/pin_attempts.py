"""How long after wrong PINs no further one is looked at, nor after wrong tokens at the pages."""

from collections import OrderedDict

import msgspec

FREE_ATTEMPTS = 3
"""Wrong ones that cost no waiting."""
FIRST_WAIT = 30.0
"""Seconds; doubled with each further wrong one."""
LONGEST_WAIT = 3600.0
FORGOTTEN_AFTER = 86_400.0
"""Seconds after the last wrong one."""
CAPACITY = 20_000
"""Names kept; the one that was touched longest ago goes."""


class _Record(msgspec.Struct):
    wrong: int
    at: float


class PinAttempts:
    """Counts wrong PINs by name: of the person, and of the caller. Also wrong tokens, by address."""

    def __init__(self) -> None:
        self._records: OrderedDict[tuple[str, ...], _Record] = OrderedDict()

    def seconds_to_wait(self, name: tuple[str, ...], now: float) -> float:
        """Until another one is looked at; 0 where it is now."""
        record = self._records.get(name)
        if record is None or record.wrong < FREE_ATTEMPTS:
            return 0.0
        return max(0.0, record.at + min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** (record.wrong - FREE_ATTEMPTS)) - now)

    def tried(self, name: tuple[str, ...], now: float) -> None:
        """Count an attempt as wrong before it is looked at, so that many at once gain nothing."""
        record = self._records.get(name)
        if record is None or now > record.at + FORGOTTEN_AFTER:
            self._records[name] = _Record(1, now)
            if len(self._records) > CAPACITY:
                self._records.popitem(last=False)
        else:
            record.wrong += 1
            record.at = now
        self._records.move_to_end(name)

    def not_looked_at(self, name: tuple[str, ...]) -> None:
        """The attempt that was counted last could not be looked at: it counts no more."""
        if (record := self._records.get(name)) is not None:
            record.wrong -= 1

    def renewed(self, name: tuple[str, ...], at: float) -> None:
        """There is another PIN since `at`: wrong ones before count no more."""
        record = self._records.get(name)
        if record is not None and record.at < at:
            del self._records[name]

    def right(self, name: tuple[str, ...]) -> None:
        """The attempt was right: begin anew."""
        self._records.pop(name, None)
