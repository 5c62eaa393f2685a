"""What a dialled number means."""

import pytest

from routing.dialplan import Origin, Refusal, e164, find, is_emergency
from routing.model import Destination, MainNumber
from tests.routing.nordlys import company

NORDLYS = company()
MAIN = NORDLYS.main_numbers["+4533221100"]


@pytest.mark.parametrize(
    "dialled",
    [
        "+4533221100",
        "004533221100",
        "33221100",
        "4533221100",
        "33 22 11 00",
        "(33) 22-11.00",
        "sip:+4533221100@nordlys.example",
        "sip:+4533221100@nordlys.example:5060;user=phone",
        "tel:+45-33-22-11-00",
        "+4533221100;npdi",
    ],
)
@pytest.mark.parametrize("origin", ["trunk", "phone"])
def test_a_main_number_is_known_in_every_form(dialled: str, origin: Origin) -> None:
    assert find(NORDLYS, dialled, origin) is MAIN


@pytest.mark.parametrize("dialled", ["201", "anna", "Anna", "sip:anna@nordlys.example", "SIPS:201@NORDLYS.example"])
def test_people_are_reached_by_extension_and_id(dialled: str) -> None:
    assert find(NORDLYS, dialled, "phone") == Destination("person", "anna")


def test_a_trunk_may_write_any_host() -> None:
    assert find(NORDLYS, "sip:+4533221100@192.0.2.7:5080;user=phone", "trunk") is MAIN


def test_queues_and_menus_have_extensions() -> None:
    assert find(NORDLYS, "300", "phone") == Destination("queue", "sales")
    assert find(NORDLYS, "400", "phone") == Destination("menu", "main")


@pytest.mark.parametrize("dialled", ["201", "anna", "300", "400", "112", "+4540404040", "40404040", "", "sip:@"])
def test_a_trunk_reaches_nothing_but_the_companys_own_numbers(dialled: str) -> None:
    """Else the world would telephone at the company's expense."""
    assert find(NORDLYS, dialled, "trunk") == Refusal(404, "Number not in use")


@pytest.mark.parametrize("origin", ["trunk", "phone"])
def test_a_persons_own_outside_number_rings_the_person(origin: Origin) -> None:
    assert find(NORDLYS, "33221104", origin) == Destination("person", "dora")


@pytest.mark.parametrize("dialled", ["+4540404040", "004540404040", "40404040", "40 40 40 40"])
def test_a_phone_dials_out_in_every_form(dialled: str) -> None:
    assert find(NORDLYS, dialled, "phone") == Destination("number", "+4540404040")


def test_a_number_abroad_is_read_as_such() -> None:
    assert find(NORDLYS, "004930123456", "phone") == Destination("number", "+4930123456")


@pytest.mark.parametrize("dialled", ["112", "114"])
def test_emergency_numbers_pass_as_they_are(dialled: str) -> None:
    assert find(NORDLYS, dialled, "phone") == Destination("number", dialled)


@pytest.mark.parametrize(
    ("country", "number", "emergency"),
    [("DK", "112", True), ("GB", "999", True), ("US", "911", True), ("DK", "999", False), ("SE", "112", True)],
)
def test_emergency_numbers_are_the_countrys(country: str, number: str, emergency: bool) -> None:
    assert is_emergency(number, country) is emergency


def test_an_emergency_number_wins_over_an_extension() -> None:
    house = company(queue_extensions={"112": "sales"})
    assert find(house, "112", "phone") == Destination("number", "112")


def test_short_numbers_of_the_country_pass() -> None:
    assert find(NORDLYS, "1813", "phone") == Destination("number", "1813")


def test_with_an_outside_prefix_numbers_need_it() -> None:
    house = company(outside_prefix="0")
    assert find(house, "040404040", "phone") == Destination("number", "+4540404040")
    assert find(house, "0004540404040", "phone") == Destination("number", "+4540404040")
    assert find(house, "40404040", "phone") == Refusal(404, "No such extension or number")


def test_with_an_outside_prefix_a_phone_books_plus_needs_none() -> None:
    assert find(company(outside_prefix="0"), "+4540404040", "phone") == Destination("number", "+4540404040")


@pytest.mark.parametrize("dialled", ["112", "0112"])
def test_an_emergency_number_passes_with_and_without_the_prefix(dialled: str) -> None:
    assert find(company(outside_prefix="0"), dialled, "phone") == Destination("number", "112")


@pytest.mark.parametrize("dialled", ["299", "nobody", "", "+", "*29*", "12345", "99999999999999999999", "sip:x y"])
def test_what_nobody_has_is_not_found(dialled: str) -> None:
    refusal = find(NORDLYS, dialled, "phone")
    assert isinstance(refusal, Refusal)
    assert refusal.status == 404


def test_another_domain_is_not_ours() -> None:
    assert find(NORDLYS, "sip:201@elsewhere.example", "phone") == Refusal(404, "Domain not served here")


@pytest.mark.parametrize("garbage", ["anna", "", "+", "12", "+0000", "1" * 400])
def test_what_cannot_be_a_number_has_no_e164_form(garbage: str) -> None:
    assert e164(garbage, "DK") is None


def test_a_main_number_wins_over_a_person_who_shows_it() -> None:
    assert isinstance(find(NORDLYS, "+4533221100", "trunk"), MainNumber)
