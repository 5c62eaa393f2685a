"""Which numbers callers can be called back at. Pure."""

from collections.abc import Sequence

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType

from routing import spoken
from routing.model import Company

_AFFORDABLE = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.MOBILE,
        PhoneNumberType.FIXED_LINE_OR_MOBILE,
        PhoneNumberType.VOIP,
        PhoneNumberType.TOLL_FREE,
    }
)
"""Kinds of numbers that a stranger may have the company call."""


class CallbackNumbers:
    """For one caller: the own number, and what they may type instead."""

    def __init__(self, company: Company, caller_number: str) -> None:
        self._company = company
        self._caller_number = caller_number

    def own(self) -> str | None:
        """The number that the caller calls from, an extension or E.164; None where it cannot be called."""
        number = self._caller_number
        if any(person.extension == number for person in self._company.people.values()):
            return number
        parsed = _parsed(number, self._company.country)
        return None if parsed is None else self._callable(parsed)

    def typed(self, keys: str) -> str | None:
        """The number in E.164 that was typed as it is dialled at the caller's; None where it is none to call.

        Only within the company's country and the caller's own: a stranger shall not telephone at its expense.
        """
        parsed = _parsed(keys, self._company.country)
        if parsed is None:
            return None
        caller = _parsed(self._caller_number, self._company.country)
        home = phonenumbers.country_code_for_region(self._company.country)
        near = (home, home if caller is None else caller.country_code)
        return self._callable(parsed) if parsed.country_code in near else None

    def told(self, number: str) -> Sequence[str]:
        """The clips that tell a number, digit by digit, as it is dialled in the company's country."""
        parsed = _parsed(number, self._company.country) if number.startswith("+") else None
        if parsed is None:
            return spoken.digits(number)
        if parsed.country_code == phonenumbers.country_code_for_region(self._company.country):
            return spoken.digits(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))
        return spoken.digits(f"00{number}")

    def _callable(self, parsed: PhoneNumber) -> str | None:
        number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        return number if number not in self._company.main_numbers and _affordable(parsed) else None


def is_affordable(number: str, country: str) -> bool:
    """Whether a call there costs no more than an ordinary one: no premium, short or emergency number."""
    parsed = _parsed(number, country)
    return parsed is not None and _affordable(parsed)


def _affordable(parsed: PhoneNumber) -> bool:
    return phonenumbers.is_valid_number(parsed) and phonenumbers.number_type(parsed) in _AFFORDABLE


def _parsed(number: str, country: str) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
