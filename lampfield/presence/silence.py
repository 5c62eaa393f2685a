"""Which sources of status reports have fallen silent, so that what they said counts no more."""

from collections.abc import Iterable

from lampfield.presence.lamp import Rules


class Silence:
    """When each source was last heard. One that is silent for longer than a company's rules allow is stale there.

    Only sources that can go stale by somebody's rules are remembered.
    """

    def __init__(self) -> None:
        self._heard: dict[str, float] = {}
        self._rules: tuple[Rules, ...] = ()
        self._stale: set[str] = set()
        """Sources that are stale by any rules."""
        self._revived = False

    def configure(self, rules: Iterable[Rules]) -> None:
        """Go by these rules from now on."""
        self._rules = tuple(rules)
        self._heard = {source: at for source, at in self._heard.items() if self._can_go_stale(source)}

    def heard(self, source: str, now: float) -> bool:
        """The source says something, if only that it is there; True where it had been stale."""
        if source not in self._heard and not self._can_go_stale(source):
            return False
        self._heard[source] = now
        if source not in self._stale:
            return False
        self._stale.discard(source)
        for rules in self._rules:
            rules.silent.discard(source)
        self._revived = True
        return True

    def last_heard(self) -> dict[str, float]:
        """When each source that can go stale was last heard."""
        return dict(self._heard)

    def advance(self, now: float) -> bool:
        """Let sources go stale; True where one has, or has been heard of again."""
        changed, self._revived = self._revived, False
        for source, at in self._heard.items():
            for rules in self._rules:
                allowed = rules.merge.stale_after(source)
                if allowed and now - at > allowed and source not in rules.silent:
                    rules.silent.add(source)
                    self._stale.add(source)
                    changed = True
        return changed

    def _can_go_stale(self, source: str) -> bool:
        return any(rules.merge.stale_after(source) for rules in self._rules)
