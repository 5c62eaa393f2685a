"""Forwardings of a call, as SIP tells them: Diversion (RFC 5806) and History-Info (RFC 7044)."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from routing.diversion import Diverted
from sipcore.errors import ProtocolViolation
from sipcore.message import Request
from sipcore.uri import Uri

Fields = tuple[tuple[str, str], ...]

_REASONS: dict[Diverted, str] = {
    "unconditional": "unconditional",
    "busy": "user-busy",
    "no-answer": "no-answer",
    "unreachable": "unavailable",
    "do-not-disturb": "do-not-disturb",
}
"""RFC 5806 §9."""
_CAUSES: dict[Diverted, int] = {
    "unconditional": 302,
    "busy": 486,
    "no-answer": 408,
    "unreachable": 503,
    "do-not-disturb": 486,
}
"""RFC 4458 §2; who does not want to be disturbed is busy."""
_COUNTER: Final = re.compile(r";\s*counter\s*=\s*([0-9]{1,3})", re.IGNORECASE)
_INDEX: Final = re.compile(r";\s*index\s*=\s*([0-9]+(\.[0-9]+)*)", re.IGNORECASE)
MOST_COUNTED: Final = 100


class Forwarder(NamedTuple):
    """Whose call it was, as the one who is called knows them, and why it was forwarded."""

    uri: Uri
    why: Diverted


class Earlier(NamedTuple):
    """What a call brought with it of forwardings before it came to us; passed on as it is."""

    diversions: tuple[str, ...] = ()
    """Values of Diversion, the last forwarding first."""
    history: tuple[str, ...] = ()
    """Values of History-Info, in order."""

    @property
    def forwardings(self) -> int:
        """How often the call was forwarded, by whichever header tells of more."""
        counted = sum(_counter(value) for value in self.diversions)
        return min(max(counted, len(self.history) - 1, 0), MOST_COUNTED)


NO_EARLIER: Final = Earlier()


def earlier_of(request: Request) -> Earlier:
    """The forwardings that a trunk tells of; what cannot be read tells of none (RFC 3261 §8.2)."""
    diversions, history = _values(request, "Diversion"), _values(request, "History-Info")
    return Earlier(diversions, history) if diversions or history else NO_EARLIER


def _values(request: Request, name: str) -> tuple[str, ...]:
    try:
        return tuple(request.headers(name))
    except ProtocolViolation:
        return ()


def fields(style: str, forwarders: Sequence[Forwarder], target: Uri, earlier: Earlier) -> Fields:
    """The headers in one `style`: `diversion`, `history-info`, `both` or `none`; none where nobody has forwarded.

    `target` is who is called now.
    """
    if not forwarders:
        return ()
    told: list[tuple[str, str]] = []
    if style in ("diversion", "both"):
        told += [("Diversion", f"<{each.uri}>;reason={_REASONS[each.why]};counter=1") for each in reversed(forwarders)]
        told += [("Diversion", value) for value in earlier.diversions]
    if style in ("history-info", "both"):
        told += [("History-Info", value) for value in earlier.history]
        told += [("History-Info", value) for value in _history(forwarders, target, earlier.history)]
    return tuple(told)


def _history(forwarders: Sequence[Forwarder], target: Uri, earlier: Sequence[str]) -> list[str]:
    """The call's way: who was called first, and each one that it was forwarded to with the cause (RFC 7044 §5)."""
    known = [match[1] for value in earlier if (match := _INDEX.search(value))]
    index = f"{known[-1]}.1" if known else "1"
    entries = [f"<{forwarders[0].uri}>;index={index}"]
    for place, forwarder in enumerate(forwarders):
        following = forwarders[place + 1].uri if place + 1 < len(forwarders) else target
        entries.append(f"<{_with_cause(following, _CAUSES[forwarder.why])}>;index={index}.1;mp={index}")
        index = f"{index}.1"
    return entries


def _with_cause(uri: Uri, cause: int) -> str:
    """A URI with the cause among its parameters (RFC 4458 §2)."""
    return f"{uri};cause={cause}"


def _counter(value: str) -> int:
    match = _COUNTER.search(value)
    return int(match[1]) if match is not None else 1
