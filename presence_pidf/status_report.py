"""What one source says about a person."""

from typing import Literal

import msgspec

Activity = Literal["available", "on-the-phone", "do-not-disturb", "forwarded", "meeting", "away", "vacation"]
"""What a source can tell of a person; each but `available` stands against being called."""


class StatusReport(msgspec.Struct, frozen=True, kw_only=True):
    """One source's latest word on a presentity. A newer report of the same source replaces it."""

    presentity: str
    """AOR of the person, e.g. `sip:anna@nordlys.example`."""
    source: str
    """Who says so: `calendar`, `mobile:telenor`, `phone-key`."""
    activity: Activity
    at: float
    """When it became so, by the source, UTC epoch seconds. An older report never replaces a newer one."""
    expires_at: float | None = None
    """UTC epoch seconds after which the report no longer counts; None holds until replaced."""
    note: str = ""
    """Free text for people, e.g. `back at 14`."""

    def live(self, now: float) -> bool:
        """True until the report expires."""
        return self.expires_at is None or now < self.expires_at
