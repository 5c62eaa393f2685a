"""Which codecs a leg is offered, so that two legs end on one that the relay can join."""

from collections.abc import Sequence

SUPPORTED = ("G722", "PCMA", "PCMU")
"""Codecs that the engine plays and relays, best first."""

G711 = frozenset({"PCMA", "PCMU"})
"""The relay converts one of these into the other, so they count as one (RFC 3551 §4.5.14)."""


def joinable(one: str, other: str) -> bool:
    """True where the relay can join legs of these codecs."""
    return one == other or (one in G711 and other in G711)


def offered_to_callee(of_caller: Sequence[str], current: str | None) -> list[str]:
    """Codecs to offer a called party: the caller's current one first, then what else the caller can do.

    Either G.711 law stands for both, since the relay converts; whatever the callee picks, the caller can follow.
    """
    wanted = [name for name in of_caller if name in SUPPORTED]
    if current is not None:
        wanted.sort(key=lambda name: name != current)
    if G711 & set(wanted):
        wanted += sorted(G711 - set(wanted))
    return list(dict.fromkeys(wanted))


def common(current: str, of_peer: Sequence[str]) -> str | None:
    """The codec to ask a peer for so that it joins `current`; None when it has none."""
    if current in of_peer:
        return current
    return next((name for name in of_peer if joinable(current, name)), None)
