"""The written form of destinations."""

import pytest

from routing.model import Destination
from routing.parse import parse_destination


@pytest.mark.parametrize(
    "text", ["person:anna", "queue:sales", "menu:main", "number:+4533221100", "message:closed", "hangup"]
)
def test_every_kind_is_read_and_written_back(text: str) -> None:
    assert str(parse_destination(text)) == text


def test_space_around_is_forgiven() -> None:
    assert parse_destination(" queue: sales ") == Destination("queue", "sales")


@pytest.mark.parametrize("text", ["", "sales", "queue", "queue:", "hangup:now", "voicemail:anna", "hangup:"])
def test_anything_else_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected person:ID, queue:NAME"):
        parse_destination(text)


@pytest.mark.parametrize(
    "number", ["33221100", "004533221100", "+45 33221100", "+45", "+1234567890123456", "+45³3221100"]
)
def test_an_outside_number_is_international_digits_only(number: str) -> None:
    with pytest.raises(ValueError, match="expected an international number"):
        parse_destination(f"number:{number}")
