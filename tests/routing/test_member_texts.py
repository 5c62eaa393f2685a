"""What members write as text messages."""

import msgspec
import pytest

from routing.member_texts import WORDS, NotUnderstood, TextWish, Wanted, may_write, member_of, understood
from tests.routing.nordlys import company, queue

HOUSE = company(
    queues={
        "sales": queue(members=("anna", "+4540404040")),
        "support": queue(name="support", members=("anna",)),
        "night": queue(name="night", members=("bo",)),
    },
    queue_extensions={"300": "sales"},
)
BOTH = ("sales", "support")


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("passive sales", TextWish("passive", ("sales",))),
        ("p 300", TextWish("passive", ("sales",))),
        ("  PASSIV\n", TextWish("passive", BOTH)),
        ("a", TextWish("active", BOTH)),
        ("tilbage support", TextWish("resume", ("support",))),
        ("pause", TextWish("pause", BOTH)),
        ("pause lunch", TextWish("pause", BOTH, "lunch")),
        ("pause 2 sales", TextWish("pause", ("sales",), "lunch")),
        ("?", TextWish("status", BOTH)),
    ],
)
def test_a_word_is_for_all_queues_of_the_member_or_the_one_that_is_named(text: str, wish: TextWish) -> None:
    assert understood(HOUSE, "anna", text) == wish


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hello", "hello? Write one of: active, passive, pause, resume, status"),
        ("", "Nothing? Write one of: active, passive, pause, resume, status"),
        ("passive night", "night? Your queues are sales, support"),
        ("pause sauna", "sauna? Your queues are sales, support; a pause may have a reason: break, lunch, meeting,"),
    ],
)
def test_what_is_not_understood_is_answered_with_what_may_be_written(text: str, told: str) -> None:
    with pytest.raises(NotUnderstood) as fault:
        understood(HOUSE, "anna", text)
    assert str(fault.value).startswith(told)


def test_no_word_means_two_things() -> None:
    words = [word for each in WORDS.values() for word in each]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("wanted", WORDS)
def test_every_word_is_understood(wanted: Wanted) -> None:
    assert {understood(HOUSE, "anna", word.upper()).wanted for word in WORDS[wanted]} == {wanted}


def test_who_writes_is_known_by_the_outside_number_of_a_person_or_as_a_member() -> None:
    anna = msgspec.structs.replace(HOUSE.people["anna"], outside_number="+4520202020")
    house = msgspec.structs.replace(HOUSE, people=HOUSE.people | {"anna": anna})
    assert member_of(house, "+4520202020") == "anna"
    assert member_of(house, "+4540404040") == "+4540404040"
    assert member_of(house, "+4599999999") is None


def test_texts_are_taken_of_everybody_or_of_the_numbers_that_the_company_names() -> None:
    assert may_write(HOUSE, "+4540404040")
    strict = msgspec.structs.replace(HOUSE, text_senders=("+4540404040",))
    assert may_write(strict, "+4540404040")
    assert not may_write(strict, "+4540404041")
