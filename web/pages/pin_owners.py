"""Who may have a PIN, what it opens, and where it is dialled. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from routing.feature_codes import administrators
from routing.model import Company


class PinOwner(NamedTuple):
    """A person, or a group's mailbox."""

    id: str
    name: str
    extension: str
    """Empty for a mailbox that has none."""
    is_person: bool
    records: bool
    """The PIN opens the recording of greetings."""
    has_box: bool
    """The PIN opens a mailbox."""
    since: datetime | None
    """When the PIN was made, in the company's time; None where there is none."""


def owners(company: Company, set_at: Mapping[str, float]) -> list[PinOwner]:
    """Those whose PIN would open something, and those who have one for whatever reason; administrators first."""
    recorders = {person.id for person in administrators(company)}
    extensions = {queue: extension for extension, queue in company.queue_extensions.items()}
    everybody = [
        PinOwner(
            person.id,
            person.name,
            person.extension,
            True,
            person.id in recorders,
            person.id in company.boxes,
            _since(company, set_at.get(person.id)),
        )
        for person in company.people.values()
    ]
    everybody += [
        PinOwner(box, box, extensions.get(box, ""), False, False, True, _since(company, set_at.get(box)))
        for box in company.boxes
        if box not in company.people
    ]
    return sorted(
        (owner for owner in everybody if owner.records or owner.has_box or owner.since is not None),
        key=lambda owner: (not owner.records, owner.name.casefold()),
    )


def found(known: Sequence[PinOwner], wanted: str) -> list[PinOwner]:
    """Those whose name has the words in it, or whose extension begins with them."""
    words = wanted.strip().casefold()
    return [owner for owner in known if words in owner.name.casefold() or owner.extension.startswith(words)]


def _since(company: Company, at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, ZoneInfo(company.time_zone))
