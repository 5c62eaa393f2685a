"""Every number that phones and the outside dial leads to one place, and emergency numbers stay what they are."""

from collections.abc import Iterator

import msgspec

from provisioning.problems import Problems, joined
from provisioning.sections import SECTIONS
from routing.dialplan import is_emergency
from routing.model import Company

_SLOTS = "company.park.slots"


def check_numbers(company: Company, problems: Problems) -> None:
    """Note extensions and feature codes that clash, emergency numbers, and a recording number that leads elsewhere."""
    extensions = _extensions(company, problems)
    _check_codes(company, extensions, problems)
    number, key = company.recording_number, "company.recording_number"
    if number in company.main_numbers:
        problems.add(key, number, f"a number of its own, {joined('main_numbers', number)} has it too")
    for person in company.people.values():
        if number and person.outside_number == number:
            owner = f"{joined('people', person.id)}.outside_number"
            problems.add(key, number, f"a number of its own, {owner} has it too")


def _extensions(company: Company, problems: Problems) -> dict[str, str]:
    """Who has which extension or park slot.

    Menus and queues come first, as their own kind is already known to be told apart.
    """
    owners: dict[str, str] = {}
    for section in SECTIONS:
        for extension, name in section.extensions_of(company).items():
            owner = joined(section.key, name)
            _claim(company, owners, extension, owner, f"{owner}.extension", problems)
    for person in company.people.values():
        if person.extension:
            owner = joined("people", person.id)
            _claim(company, owners, person.extension, owner, f"{owner}.extension", problems)
    for slot in company.park.slots:
        _claim(company, owners, slot, _SLOTS, _SLOTS, problems)
    return owners


def _claim(company: Company, owners: dict[str, str], number: str, owner: str, key: str, problems: Problems) -> None:
    if number in owners:
        problems.add(key, number, f"a number of its own, {owners[number]} has it too")
    if _is_emergency(company, number):
        problems.add(key, number, f"another number, this one calls for help in {company.country}")
    owners.setdefault(number, owner)


def _is_emergency(company: Company, number: str) -> bool:
    return any(is_emergency(form, company.country) for form in (number, number.removeprefix(company.outside_prefix)))


def _check_codes(company: Company, extensions: dict[str, str], problems: Problems) -> None:
    owners: dict[str, str] = {}
    for key, code in _codes(company):
        if code in owners:
            problems.add(key, code, f"a code of its own, {owners[code]} has it too")
            continue
        owners[code] = key
        if _is_emergency(company, code):
            problems.add(key, code, f"another code, this one calls for help in {company.country}")
    dialled = {
        **owners,
        **{number: who if who == _SLOTS else f"{who}.extension" for number, who in extensions.items()},
    }
    for code, key in owners.items():
        for other, owner in dialled.items():
            if owner != key and _may_mean(code, other):
                problems.add(key, code, f"a code that cannot be taken for {owner}, which is {other}")


def _may_mean(code: str, other: str) -> bool:
    """Whether dialling `other` may also mean `code`, perhaps with digits behind it."""
    return other == code or (other.startswith(code) and other.removeprefix(code).isdecimal())


def _codes(company: Company) -> Iterator[tuple[str, str]]:
    for name, code in msgspec.structs.asdict(company.feature_codes).items():
        if code:
            yield f"company.feature_codes.{name}", code
    if company.park.slots and company.park.code:
        yield "company.park.code", company.park.code
    for hours in company.hours.values():
        if hours.switch_code:
            yield f"{joined('hours', hours.name)}.switch_code", hours.switch_code
