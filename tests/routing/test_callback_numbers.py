"""Which numbers callers may be called back at, and how they are told."""

import pytest

from routing.callback_numbers import CallbackNumbers
from tests.routing.nordlys import company

GERMAN = "+4930901820"


def numbers(caller: str = "+4540404040") -> CallbackNumbers:
    return CallbackNumbers(company(), caller)


@pytest.mark.parametrize(
    ("caller", "own"),
    [
        ("+4540404040", "+4540404040"),
        (GERMAN, GERMAN),
        ("202", "202"),
        ("anonymous", None),
        ("+4590111111", None),
        ("+4533221100", None),
        ("299", None),
    ],
)
def test_the_own_number_where_it_can_be_called(caller: str, own: str | None) -> None:
    assert numbers(caller).own() == own


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("20202020", "+4520202020"),
        ("004520202020", "+4520202020"),
        ("0", None),
        ("112", None),
        ("202", None),
        ("0049309018200", None),
        ("33221100", None),
        ("*55", None),
        ("", None),
    ],
)
def test_typed_numbers_are_read_as_the_country_dials_them(typed: str, number: str | None) -> None:
    assert numbers().typed(typed) == number


def test_who_calls_from_abroad_may_type_a_number_of_there() -> None:
    assert numbers(GERMAN).typed("004930901821") == "+4930901821"


@pytest.mark.parametrize(("number", "digits"), [("+4520202020", "20202020"), (GERMAN, "004930901820"), ("202", "202")])
def test_numbers_are_told_as_they_are_dialled(number: str, digits: str) -> None:
    assert numbers().told(number) == [f"number/{digit}" for digit in digits]
