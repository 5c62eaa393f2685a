"""The rules by which companies' sources are merged, one object for all companies that have the same."""

import msgspec

from lampfield.presence.lamp import Rules
from presence_pidf.merge_rules import DEFAULT_ORDER, DEFAULT_STALE_SECONDS, MergeRules
from routing.model import StatusRules


class CompanyRules:
    """Gives each company its rules; what is known of silent sources outlives a change of other settings."""

    def __init__(self) -> None:
        self._by_settings: dict[bytes, Rules] = {}
        self._before: dict[bytes, Rules] = {}

    def begin(self) -> None:
        """All companies are about to be asked for."""
        self._before, self._by_settings = self._by_settings, {}

    def of(self, settings: StatusRules) -> Rules:
        """The rules of a company with these settings."""
        key = msgspec.msgpack.encode(settings)
        rules = self._by_settings.get(key) or self._before.get(key)
        if rules is None:
            merge = MergeRules(
                settings.order or DEFAULT_ORDER,
                notes=settings.notes,
                forwarding=settings.forwarding,
                stale_seconds={**DEFAULT_STALE_SECONDS, **settings.stale_seconds},
            )
            rules = Rules(merge)
        self._by_settings[key] = rules
        return rules

    def all(self) -> list[Rules]:
        """Those that some company has."""
        return list(self._by_settings.values())
