"""Why a network has cancelled a call, as its Reason tells (RFC 3326 §2)."""

import re
from typing import Final

_SIGN: Final = r'(?:[^,"]|"(?>(?:[^"\\]|\\.)*)")'
"""One sign of a value of the list, or what stands in quotes there."""


def _saying(protocol: str, cause: int) -> re.Pattern[str]:
    """A list of Reasons of which one is this."""
    return re.compile(
        rf"(?:(?>{_SIGN}*),)*?\s*+{protocol}\s*+(?=;){_SIGN}*?;\s*+cause\s*+=\s*+{cause}(?![0-9])", re.IGNORECASE
    )


_COMPLETED_ELSEWHERE: Final = _saying("SIP", 200)
_NOT_SELECTED: Final = _saying(r"Q\.850", 26)
"""ITU-T Q.850, non-selected user."""


def is_answered_elsewhere(reason: str) -> bool:
    """Somebody else has answered to whom the network put the call as well."""
    return _COMPLETED_ELSEWHERE.match(reason) is not None


def is_taken_elsewhere(reason: str) -> bool:
    """As `is_answered_elsewhere`, also in the words of an exchange: enough for phones to note no missed call."""
    return is_answered_elsewhere(reason) or _NOT_SELECTED.match(reason) is not None
