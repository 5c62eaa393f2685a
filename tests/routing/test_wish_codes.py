"""What people dial not to be disturbed and to have calls forwarded."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.call_flow import CallFlow
from routing.feature_codes import FeatureCode
from routing.feature_codes import find as code_of
from routing.forwarding import WHEN, Forwarding, Wishes
from routing.house import Arrival, House
from routing.model import Destination
from routing.wish_codes import ChangeDoNotDisturb, ChangeForwarding, Dialled, understood
from tests.routing.test_forwarding import ANNA, BO, MOBILE, NORDLYS, Book
from tests.routing.world import FakeCaller, World
from tests.support.virtual_time import now, run


def dialled(*codes: str, wishes: Mapping[str, Wishes] | None = None, by: str = "anna") -> tuple[Wishes, list[str]]:
    """Dial codes one after the other; what holds then, and what the last one said."""

    async def scenario() -> tuple[Wishes, list[str]]:
        book = Book(wishes or {})
        forward = ChangeForwarding(NORDLYS, book)
        world = World(NORDLYS)
        for code in codes:
            caller = FakeCaller()
            house = House(
                NORDLYS,
                world.queues,
                world.note,
                now,
                features={"do-not-disturb": ChangeDoNotDisturb(book), "forward": forward},
                wishes=book,
            )
            await CallFlow(house, caller, world, Arrival("phone", code, by)).run()
            assert caller.answered
        return book.of(by), caller.sounds[1:]

    return run(scenario())


def test_do_not_disturb_is_turned_on_and_off_in_turn_and_said() -> None:
    assert dialled("*78") == (Wishes(do_not_disturb=True), ["do-not-disturb/on"])
    assert dialled("*78", "*78") == (Wishes(), ["do-not-disturb/off"])
    assert dialled("*781", "*781") == (Wishes(do_not_disturb=True), ["do-not-disturb/on"])
    assert dialled("*780") == (Wishes(), ["do-not-disturb/off"])
    assert dialled("*789") == (Wishes(), ["invalid-choice"])


def test_calls_are_forwarded_to_an_extension_and_the_number_is_said() -> None:
    wishes, said = dialled("*21202")
    assert wishes == Wishes(forwardings={"always": Forwarding(BO)})
    assert said == ["forwarding/always", "number/2", "number/0", "number/2"]


@pytest.mark.parametrize(("code", "when"), list(zip(["*21", "*67", "*61", "*62"], WHEN, strict=True)))
def test_each_code_is_for_calls_of_its_kind(code: str, when: str) -> None:
    wishes, said = dialled(f"{code}20304050")
    assert wishes == Wishes(forwardings={when: Forwarding(MOBILE)})  # type: ignore[dict-item]
    assert said[0] == f"forwarding/{when}"
    assert said[1:] == [f"number/{digit}" for digit in "20304050"]


def test_a_forwarding_is_turned_off_and_on_again_with_its_number() -> None:
    on, off = Forwarding(BO), Forwarding(BO, on=False)
    assert dialled("*21202", "*21") == (Wishes(forwardings={"always": off}), ["forwarding/off"])
    assert dialled("*21202", "*21", "*21")[0] == Wishes(forwardings={"always": on})
    assert dialled("*21202", "*210", "*210") == (Wishes(forwardings={"always": off}), ["forwarding/off"])
    assert dialled("*21202", "*210", "*211")[0] == Wishes(forwardings={"always": on})
    assert dialled("*21") == (Wishes(), ["forwarding/none"])
    assert dialled("*210") == (Wishes(), ["forwarding/off"])


def test_calls_that_are_not_answered_go_to_the_voicemail_after_the_seconds_that_one_says() -> None:
    wishes, said = dialled("*61*98")
    assert wishes == Wishes(forwardings={"no-answer": Forwarding(Destination("voicemail", "anna"))})
    assert said == ["forwarding/no-answer", "forwarding/voicemail"]
    assert dialled("*61202*25")[0] == Wishes(forwardings={"no-answer": Forwarding(BO, seconds=25)})


@pytest.mark.parametrize(
    ("digits", "number", "seconds"),
    [
        ("202", "202", 0),
        ("202*25", "202", 25),
        ("*202#", "202", 0),
        ("*202*25#", "202", 25),
        ("*202**25#", "202", 25),
        ("+4520304050", "+4520304050", 0),
        ("*98", "*98", 0),
    ],
)
def test_numbers_may_be_written_as_on_mobiles(digits: str, number: str, seconds: float) -> None:
    assert understood(NORDLYS, digits) == Dialled(number, seconds)
    assert code_of(NORDLYS, f"*61{digits}") == FeatureCode("forward", digits, "no-answer")


@pytest.mark.parametrize("digits", ["*", "#", "202*", "202*3", "202*999", "202*25*3", "2+3", "**202"])
def test_what_means_nothing_changes_nothing(digits: str) -> None:
    assert understood(NORDLYS, digits) is None
    assert dialled(f"*61{digits}") == (Wishes(), ["invalid-choice"])


def test_what_may_not_be_is_said_and_changes_nothing() -> None:
    assert dialled("*21299") == (Wishes(), ["forwarding/not-possible"])
    assert dialled("*2190112233") == (Wishes(), ["not-allowed"])
    assert dialled("*21*98", by="bo") == (Wishes(), ["forwarding/not-possible"])


@given(st.text("0123456789*#+", max_size=12))
def test_whatever_is_dialled_has_an_answer(digits: str) -> None:
    wishes, said = dialled(f"*61{digits}")
    assert said
    assert not wishes.forwardings or all(
        each.to != Destination("person", ANNA.id) for each in wishes.forwardings.values()
    )
