"""Session timers (RFC 4028): what two ends agree on, and the headers that say so."""

import re
from typing import Final, NamedTuple

from sipcore.errors import ProtocolViolation
from sipcore.header import parse_params
from sipcore.message import Message, Request, Response

_SECONDS: Final = re.compile(r"[0-9]{1,9}")

LEAST: Final = 90
"""The interval that nobody may refuse as too long, seconds (RFC 4028 §4)."""


class SessionTimer(NamedTuple):
    """An agreed session interval, seconds, and whose part it is to refresh."""

    interval: int
    we_refresh: bool

    @property
    def refresh_after(self) -> float:
        """When the refresher sends its refresh (RFC 4028 §10)."""
        return self.interval / 2

    @property
    def again_after(self) -> float:
        """When a refresh that did not get through is sent again: several times before the session is ended."""
        return self.interval / 20

    @property
    def expires_after(self) -> float:
        """When the session is ended without a refresh: a little early, so that the BYE still counts (§10)."""
        return self.interval - min(32, self.interval / 3)


class IntervalTooSmall(ProtocolViolation):
    """The session interval asked for is below `min_se`, ours, seconds: 422 that says so (§6)."""

    def __init__(self, min_se: int) -> None:
        super().__init__("Session Interval Too Small", 422)
        self.min_se = min_se


def read_session_expires(message: Message) -> tuple[int, str | None] | None:
    """Interval and refresher (`uac` or `uas`) of Session-Expires, None without one. Raises ProtocolViolation."""
    value = message.header("Session-Expires")
    if value is None:
        return None
    seconds, semicolon, params = value.partition(";")
    if not _SECONDS.fullmatch(seconds.strip()):
        raise ProtocolViolation("Malformed Session-Expires")
    refresher = (parse_params(semicolon + params).get("refresher") or "").lower()
    return int(seconds), refresher if refresher in ("uac", "uas") else None


def read_min_se(message: Message) -> int:
    """Min-SE in seconds, 90 without one (§5). Raises ProtocolViolation."""
    value = message.header("Min-SE")
    if value is None:
        return LEAST
    seconds = value.partition(";")[0].strip()
    if not _SECONDS.fullmatch(seconds):
        raise ProtocolViolation("Malformed Min-SE")
    return max(int(seconds), LEAST)


def agree_as_uas(request: Request, session_expires: int, min_se: int) -> SessionTimer:
    """What we answer to a session refresh request (§9). Raises IntervalTooSmall and ProtocolViolation."""
    asked = read_session_expires(request)
    peer_can = "timer" in request.supported
    least = max(min_se, read_min_se(request))
    if asked is None:
        return SessionTimer(max(session_expires, least), we_refresh=not peer_can)
    interval, refresher = asked
    if interval < min_se and peer_can:
        raise IntervalTooSmall(min_se)
    # A peer without timers never refreshes, whatever a proxy asks on its behalf.
    we_refresh = not peer_can or refresher == "uas"
    return SessionTimer(max(min(interval, session_expires), least), we_refresh)


def agree_as_uac(response: Response, session_expires: int) -> SessionTimer:
    """What the 2xx to our session refresh request says (§7.2). Raises ProtocolViolation.

    When it is silent the peer has no timers: nothing expires for it, and we refresh to learn whether it is still there.
    """
    granted = read_session_expires(response)
    if granted is None:
        return SessionTimer(session_expires, we_refresh=True)
    interval, refresher = granted
    return SessionTimer(max(interval, LEAST), we_refresh=refresher != "uas")


def request_fields(interval: int, min_se: int, refresher: str | None) -> list[tuple[str, str]]:
    """Session-Expires and Min-SE of a session refresh request (§7.1, §7.4)."""
    fields = [("Session-Expires", f"{interval};refresher={refresher}" if refresher else str(interval))]
    if min_se > LEAST:
        fields.append(("Min-SE", str(min_se)))
    return fields


def response_fields(timer: SessionTimer, peer_can: bool) -> list[tuple[str, str]]:
    """Session-Expires of a 2xx; who must refresh is told that it has to understand (§9)."""
    if timer.we_refresh:
        return [("Session-Expires", f"{timer.interval};refresher=uas")]
    fields = [("Session-Expires", f"{timer.interval};refresher=uac")]
    return [("Require", "timer"), *fields] if peer_can else fields
