"""Device states of Asterisk, and what they mean here and there."""

from presence_pidf.status_report import Activity

MEANS: dict[str, tuple[Activity, bool | None]] = {
    "NOT_INUSE": ("available", True),
    "INUSE": ("on-the-phone", True),
    "BUSY": ("on-the-phone", True),
    "RINGING": ("available", True),
    "RINGINUSE": ("on-the-phone", True),
    "ONHOLD": ("on-the-phone", True),
    "UNAVAILABLE": ("unknown", False),
}
"""Activity, and whether a call would reach the device; other states say nothing."""

SHOWN: dict[str, str] = {
    "on-the-phone": "INUSE",
    "do-not-disturb": "BUSY",
    "busy": "BUSY",
    "meeting": "BUSY",
    "away": "UNAVAILABLE",
    "vacation": "UNAVAILABLE",
}
"""What a person's activity here is there; others are NOT_INUSE."""
