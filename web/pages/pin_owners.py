"""Who may have a PIN, what it opens, and where it is dialled. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from routing.feature_codes import may_administer
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
    """Those who may have a PIN that opens something, and those who have one for whatever reason; by name."""
    extensions = {queue: extension for extension, queue in company.queue_extensions.items()}
    found = [
        PinOwner(
            person.id,
            person.name,
            person.extension,
            True,
            may_administer(company, person),
            person.id in company.boxes,
            _since(company, set_at.get(person.id)),
        )
        for person in company.people.values()
    ]
    found += [
        PinOwner(box, box, extensions.get(box, ""), False, False, True, _since(company, set_at.get(box)))
        for box in company.boxes
        if box not in company.people
    ]
    return sorted(
        (owner for owner in found if owner.records or owner.has_box or owner.since is not None),
        key=lambda owner: owner.name.casefold(),
    )


def _since(company: Company, at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, ZoneInfo(company.time_zone))
