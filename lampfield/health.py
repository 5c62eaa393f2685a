"""How the signalling process is doing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from lampfield.parts import Parts


def status(parts: Parts) -> dict[str, Any]:
    """How the process is doing, for `lampfield calls` and watchdogs."""
    return {
        "calls": parts.switchboard.calls,
        "legs": len(parts.legs),
        "subscriptions": parts.lamps.notifier.count,
        "companies": parts.reloading.fault,
        "records": msgspec.to_builtins(parts.records.state),
        "journal": parts.journal.fault,
        "voicemail": parts.voicemail.fault,
        "trunks": msgspec.to_builtins(parts.trunks.health()),
        "watched": msgspec.to_builtins(parts.watching.health()),
        "publications": parts.publications.count,
        "lamps_mended": parts.sweeper.mended,
        "stack": parts.stack.counts(),
        "traffic": msgspec.to_builtins(parts.endpoint.counters),
    }


def watch(parts: Parts) -> None:
    """Have people told of trunks and a database that are away."""
    records = parts.records.state
    parts.notice_watch.health("database-away", "", records.fault or parts.reloading.fault or "")
    for trunk in parts.trunks.health():
        fault = "" if trunk.state in ("up", "registered") else trunk.reason or trunk.state
        parts.notice_watch.health("trunk-down", trunk.name, fault)
