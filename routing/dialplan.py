"""What a dialled number means in a company. Pure."""

import re
from collections.abc import Container
from functools import lru_cache
from typing import Literal
from urllib.parse import unquote

import phonenumbers
from phonenumbers import shortnumberinfo

from routing import feature_codes
from routing.feature_codes import FeatureCode
from routing.model import Company, Destination, MainNumber
from routing.structs import Value

Origin = Literal["trunk", "phone"]


class Refusal(Value, frozen=True):
    """The number leads nowhere: `status` and `reason` answer the caller."""

    status: int
    reason: str


def find(company: Company, dialled: str, origin: Origin) -> Destination | MainNumber | FeatureCode | Refusal:
    """What `dialled` leads to.

    `dialled` is the user part of the Request-URI, or a whole `sip:` or `tel:` URI. From a trunk only the company's own
    numbers are reached, so that nobody telephones at its expense; from a phone also extensions, ids, feature codes,
    emergency numbers and the world outside. Unknown is 404 (RFC 3261 §21.4.5).
    """
    if origin == "trunk" and dialled in company.main_numbers:  # as providers should write it
        return company.main_numbers[dialled]
    user, host = _parts(dialled)
    number = _digits(user)
    if origin == "trunk":  # providers write our address, or their own domain, as the host
        return (_from_outside(company, number) if number else None) or Refusal(404, "Number not in use")
    if host not in ("", company.domain.lower()):
        return Refusal(404, "Domain not served here")
    if not number:
        return feature_codes.find(company, user) or _internal(company, user) or Refusal(404, "No such extension")
    return (
        _emergency(company, number)
        or _internal(company, number)
        or feature_codes.find(company, number)
        or _outside(company, number)
        or Refusal(404, "No such extension or number")
    )


def extensions(company: Company) -> dict[str, Destination]:
    """What a caller may dial in a menu: the extensions of people, queues and menus."""
    return {
        **{
            person.extension: Destination("person", person.id) for person in company.people.values() if person.extension
        },
        **{extension: Destination("menu", name) for extension, name in company.menu_extensions.items()},
        **{extension: Destination("queue", name) for extension, name in company.queue_extensions.items()},
    }


def leads_somewhere(company: Company, destination: Destination) -> bool:
    """False for a destination with a name that nothing in the company has."""
    named: dict[str, Container[str]] = {
        "person": company.people,
        "queue": company.queues,
        "callback": company.queues,
        "menu": company.menus,
        "voicemail": company.boxes,
        "calendar": company.calendars,
        "lookup": company.lookups,
        "hours": company.hours,
        "park": company.park.slots,
    }
    return destination.kind not in named or destination.name in named[destination.kind]


def is_emergency(number: str, country: str) -> bool:
    """True for 112 and the country's own emergency numbers. No extension may be one: the emergency number wins."""
    return number == "112" or phonenumbers.is_emergency_number(number, country)


@lru_cache(4096)
def e164(number: str, country: str) -> str | None:
    """A number in E.164, read as `country` dials it: +45..., 0045... or national; None when it cannot be one."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def _parts(dialled: str) -> tuple[str, str]:
    """User and host, without scheme, port and parameters; host is empty where only the user part is given."""
    text = re.sub(r"^(sips?|tel):", "", dialled.strip(), flags=re.IGNORECASE)
    user, _, host = text.partition("@")
    return unquote(user.partition(";")[0]), re.split(r"[:;?]", host, maxsplit=1)[0].lower()


def _digits(user: str) -> str:
    """The number without visual separators (RFC 3966 §5.1.1); empty when it is not a number."""
    number = re.sub(r"[-.() ]", "", user)
    return number if re.fullmatch(r"\+?[0-9]+", number, flags=re.ASCII) else ""


def _from_outside(company: Company, number: str) -> Destination | MainNumber | None:
    # Providers send E.164 with and without its plus, national and 00 forms.
    forms = (number, f"+{number}")
    for form in forms:
        if form in company.main_numbers:  # most calls: saves reading the number
            return company.main_numbers[form]
    for form in forms:
        own = _own_number(company, e164(form, company.country))
        if own is not None:
            return own
    return None


def _own_number(company: Company, number: str | None) -> Destination | MainNumber | None:
    """The main number, the one for recording greetings, or the person whose direct number it is."""
    if number is None:
        return None
    if number in company.main_numbers:
        return company.main_numbers[number]
    if number == company.recording_number:
        return Destination("recording")
    for person in company.people.values():
        if person.outside_number == number:
            return Destination("person", person.id)
    return None


def _emergency(company: Company, number: str) -> Destination | None:
    """An emergency number, with or without the outside prefix: nobody remembers it in an emergency."""
    for form in (number, number.removeprefix(company.outside_prefix)):
        if is_emergency(form, company.country):
            return Destination("number", form)
    return None


def _internal(company: Company, user: str) -> Destination | None:
    if user in company.queue_extensions:
        return Destination("queue", company.queue_extensions[user])
    if user in company.menu_extensions:
        return Destination("menu", company.menu_extensions[user])
    for person in company.people.values():
        if user == person.extension or user.lower() == person.id.lower():
            return Destination("person", person.id)
    return None


def _outside(company: Company, number: str) -> Destination | MainNumber | None:
    """A number of the world, dialled by one of our phones; our own numbers stay inside the house."""
    form = _without_prefix(company, number)
    if form is None:
        return None
    number_outside = e164(form, company.country)
    if number_outside is not None:
        return _own_number(company, number_outside) or Destination("number", number_outside)
    if _is_short_number(form, company.country):
        return Destination("number", form)
    return None


def _without_prefix(company: Company, number: str) -> str | None:
    """The number as the world dials it; None when the prefix is missing. Phone books dial +45... without one."""
    if number.startswith("+") or not company.outside_prefix:
        return number
    if number.startswith(company.outside_prefix):
        return number.removeprefix(company.outside_prefix)
    return None


def _is_short_number(number: str, country: str) -> bool:
    """Directory enquiries, medical helplines and the like, which have no E.164 form."""
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return False
    return shortnumberinfo.is_valid_short_number_for_region(parsed, country)
