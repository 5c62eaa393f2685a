"""What a company believes of its people, where several sources tell of them."""

import msgspec


class StatusRules(msgspec.Struct, frozen=True):
    """Which kind of source wins for what; empty or missing is the usual. See docs/guide/presence.md."""

    order: tuple[str, ...] = ()
    """Kinds, or `kind/activity`, the winning one first."""
    notes: tuple[str, ...] = ()
    """The same for whose note is shown; empty: as `order`."""
    forwarding: tuple[str, ...] = ()
    """The same for who is believed of forwarding; empty: as `order`."""
    stale_seconds: dict[str, float] = {}
    """By kind, for how long such a source may say nothing before it counts no more; 0: for ever."""
    history_days: float = 30.0
    """How long people's past states are kept; 0: not at all."""
    location_hours: float = 24.0
    """How long it is kept where people are who have agreed to it; 0: not at all."""
