"""The book of park slots: never two calls in a slot, no call in two, no slot that stays taken."""

from hypothesis import given
from hypothesis import strategies as st

from routing.dialplan import Refusal, find
from routing.feature_codes import FeatureCode
from routing.model import Destination, Park
from routing.park import SlotBook, Stay
from routing.transfer import target
from tests.routing.nordlys import company

SLOTS = ("71", "72", "73")
CALLS = st.sampled_from("abcdef")
WITH_PARK = company(park=Park(slots=SLOTS))


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("enter"), CALLS, st.sampled_from([SLOTS, *[(slot,) for slot in SLOTS]])),
            st.tuples(st.just("leave"), CALLS, st.just(())),
        ),
        max_size=40,
    )
)
def test_each_slot_has_one_call_and_each_call_one_slot(steps: list[tuple[str, str, tuple[str, ...]]]) -> None:
    book, expected = SlotBook(), dict[str, str]()
    for step, call, wanted in steps:
        if step == "enter":
            free = next((slot for slot in wanted if slot not in expected), None)
            entered = book.enter(wanted, Stay(call, "anna", 0.0))
            assert entered == (None if call in expected.values() else free)
            if entered is not None:
                expected[entered] = call
        else:
            left = book.leave(call)
            assert left == next((slot for slot, parked in expected.items() if parked == call), None)
            expected.pop(left or "", None)
        assert {slot: stay.call for slot in SLOTS if (stay := book.stay(slot)) is not None} == expected
        assert {call: book.slot_of(call) for call in expected.values()} == {
            call: slot for slot, call in expected.items()
        }
    for call in "abcdef":
        book.leave(call)
    assert all(book.stay(slot) is None for slot in SLOTS)


def test_a_slot_and_the_code_are_dialled_by_phones_alone() -> None:
    assert find(WITH_PARK, "71", "phone") == FeatureCode("park", "71")
    assert find(WITH_PARK, "*68", "phone") == FeatureCode("park")
    assert find(WITH_PARK, "*6872", "phone") == FeatureCode("park", "72")
    assert isinstance(find(WITH_PARK, "71", "trunk"), Refusal)


def test_calls_are_transferred_to_slots_that_are_there() -> None:
    assert target(WITH_PARK, "71") == Destination("park", "71")
    assert target(WITH_PARK, "*68") == Destination("park")
    assert target(WITH_PARK, "*6879") == Refusal(404, "No Such Park Slot")


def test_a_company_without_slots_has_no_park() -> None:
    without = company()
    assert isinstance(find(without, "71", "phone"), Refusal)
    assert isinstance(find(without, "*68", "phone"), Refusal)
