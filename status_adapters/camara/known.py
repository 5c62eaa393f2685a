"""What is known of one person's mobile: each fact with its own time, so that an older one never replaces a newer."""

from typing import Any

from presence_pidf.status_report import Forwarding, Location, Roaming, StatusReport


class Known:
    """Facts by the names of a report's fields."""

    def __init__(self) -> None:
        self._facts: dict[str, Any] = {}
        self._times: dict[str, float] = {}

    def learn(self, at: float, **facts: object) -> bool:
        """These facts hold since `at`, the operator's time; False where all of them are older than what is known."""
        newer = {name: value for name, value in facts.items() if at >= self._times.get(name, 0.0)}
        self._facts.update(newer)
        self._times.update(dict.fromkeys(newer, at))
        return bool(newer)

    def __bool__(self) -> bool:
        return bool(self._facts)

    def report(self, presentity: str, source: str, at: float) -> StatusReport:
        """All of it. A network says nothing of what the person does."""
        return StatusReport(presentity=presentity, source=source, activity="unknown", at=at, **self._facts)

    def words(self) -> list[str]:
        """All of it for people, but where the person is."""
        return [_word(name, value) for name, value in self._facts.items()]


def _word(name: str, value: object) -> str:
    match value:
        case Location():
            return f"located to {value.accuracy:.0f} m"
        case Roaming():
            return f"abroad, in {value.country or 'some country'}" if value.abroad else "not abroad"
        case Forwarding():
            return f"forwarding {value.kind}"
        case _:
            return f"{name.replace('_', ' ')}: {'yes' if value else 'unknown' if value is None else 'no'}"
