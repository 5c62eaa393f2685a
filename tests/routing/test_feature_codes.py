"""What the company's phones dial to do something."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from routing.call_flow import CallFlow
from routing.dialplan import Refusal
from routing.dialplan import find as dialled
from routing.events import CallEnded, CallEvent, FeatureCodeUsed
from routing.feature_codes import FeatureActions, FeatureCall, FeatureCode, find
from routing.house import Arrival, House
from routing.model import Destination, FeatureCodes
from tests.routing.nordlys import OFFICE, company
from tests.routing.world import FakeCaller, World
from tests.support.virtual_time import START, now, run

NORDLYS = company(hours={"office": msgspec.structs.replace(OFFICE, switch_code="*60")})


@pytest.mark.parametrize(
    ("user", "found"),
    [
        ("*50", FeatureCode("active")),
        ("*50300", FeatureCode("active", "300")),
        ("*51", FeatureCode("passive")),
        ("*522", FeatureCode("pause", "2")),
        ("*53", FeatureCode("resume")),
        ("*98", Destination("mailbox")),
        ("*98201", Destination("mailbox", "201")),
        ("*97", Destination("recording")),
        ("*60", FeatureCode("switch", name="office")),
        ("*601", FeatureCode("switch", "1", name="office")),
    ],
)
def test_a_code_is_known_with_the_digits_behind_it(user: str, found: FeatureCode | Destination) -> None:
    assert find(NORDLYS, user) == found
    assert dialled(NORDLYS, f"sip:{user}@nordlys.example", "phone") == found


@pytest.mark.parametrize("user", ["*5", "*99", "*50x", "*50*", "50", "", "*50" + "1" * 21])
def test_anything_else_is_no_code(user: str) -> None:
    assert find(NORDLYS, user) is None


def test_the_longest_code_is_meant() -> None:
    codes = FeatureCodes(active="*5", passive="*50")
    assert find(company(feature_codes=codes), "*501") == FeatureCode("passive", "1")
    assert find(company(feature_codes=codes), "*511") == FeatureCode("active", "11")


def test_an_empty_code_is_none() -> None:
    assert find(company(feature_codes=FeatureCodes(active="")), "*50") is None


def test_a_hash_comes_escaped() -> None:
    house = company(feature_codes=FeatureCodes(active="#50"))
    assert dialled(house, "sip:%2350@nordlys.example", "phone") == FeatureCode("active")


def test_the_outside_may_dial_no_code() -> None:
    assert dialled(NORDLYS, "*50", "trunk") == Refusal(404, "Number not in use")


def called(actions: FeatureActions, person: str | None, user: str = "*522") -> tuple[FakeCaller, list[CallEvent]]:
    async def scenario() -> tuple[FakeCaller, list[CallEvent]]:
        world, caller = World(NORDLYS), FakeCaller()
        house = House(NORDLYS, world.queues, world.note, now, actions)
        await CallFlow(house, caller, world, Arrival("phone", user, person)).run()
        return caller, world.events

    return run(scenario())


def test_a_code_is_answered_done_and_confirmed() -> None:
    done: list[tuple[str, str]] = []

    async def pause(call: FeatureCall) -> Sequence[str]:
        await asyncio.sleep(1)
        done.append((call.person.id, call.code.digits))
        return ["done"]

    caller, events = called({"pause": pause}, "anna")
    assert done == [("anna", "2")]
    assert caller.heard == [(0.0, "answered"), (1.0, "done")]
    used = FeatureCodeUsed(call="call-1", at=START + 1, feature="pause", digits="2", person="anna")
    assert used in events
    assert isinstance(events[-1], CallEnded)
    assert events[-1].cause == "completed-message"


@pytest.mark.parametrize(("person", "status"), [("anna", 404), (None, 403), ("gone", 403)])
def test_a_code_nothing_is_done_for_and_a_stranger_are_refused(person: str | None, status: int) -> None:
    caller, events = called({}, person)
    assert not caller.answered
    assert caller.final_status == status
    assert not [event for event in events if isinstance(event, FeatureCodeUsed)]


def test_a_code_of_digits_gives_way_to_an_extension_and_goes_before_the_world() -> None:
    house = company(feature_codes=FeatureCodes(active="20", passive="4040"))
    assert dialled(house, "201", "phone") == Destination("person", "anna")
    assert dialled(house, "20300", "phone") == FeatureCode("active", "300")
    assert dialled(house, "40404040", "phone") == FeatureCode("passive", "4040")


def test_no_code_hides_an_emergency_number() -> None:
    house = company(feature_codes=FeatureCodes(active="11"))
    assert dialled(house, "112", "phone") == Destination("number", "112")
