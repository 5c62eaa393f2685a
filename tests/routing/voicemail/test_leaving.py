"""Callers leave messages."""

import asyncio
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from routing.events import CallEnded
from routing.model import Company, Destination, Person, VoicemailBox
from routing.ports import Recorded, RecordingFailed
from tests.routing.nordlys import company, queue
from tests.routing.voicemail.boxes import FakePostbox, service
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import run

GREETED = ["answered", "voicemail/extension", "number/2", "number/0", "number/1", "voicemail-greeting", "beep"]


def with_boxes(**changes: object) -> Company:
    """Nordlys, whose anna and sales have boxes; who calls anna in vain reaches hers."""
    base = company()
    anna = Person("anna", "Anna Holm", "201", ring_seconds=10, on_no_answer=Destination("voicemail", "anna"))
    boxes = {"anna": VoicemailBox("anna", **changes), "sales": VoicemailBox("sales")}  # type: ignore[arg-type]
    return company(people={**base.people, "anna": anna}, boxes=boxes)


class Call:
    """A call to anna, who does not answer; `scenario` is what the caller does from then on."""

    def __init__(self, folder: Path, house: Company | None = None) -> None:
        self.caller = FakeCaller(name="Kim")
        self.postbox = FakePostbox(house or with_boxes(), folder)

    def run(self, behave: Callable[["Call"], None] = lambda call: None) -> CallEnded:
        async def scenario() -> CallEnded:
            self.world = World(self.postbox.company, {"anna": Phone("ring")}, house=service(self.postbox))
            ending = self.world.call(self.caller, "201", origin="phone")
            behave(self)
            await ending
            (ended,) = self.world.of(CallEnded)
            assert isinstance(ended, CallEnded)
            return ended

        return run(scenario())

    def at(self, seconds: float, does: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, does)


@pytest.fixture
def call(tmp_path: Path) -> Call:
    return Call(tmp_path)


BEGINS = 22.0
"""When the recording begins: ten seconds of ringing, then five clips and the tone of two seconds each."""


def test_who_hangs_up_after_speaking_has_left_a_message(call: Call) -> None:
    ended = call.run(lambda call: call.at(BEGINS + 7, call.caller.hang_up_now))
    assert call.caller.sounds == [*GREETED, "recorded 7 s"]
    (message,) = call.postbox.kept.values()
    assert (message.box, message.caller_number, message.caller_name) == ("anna", "+4540404040", "Kim")
    assert message.seconds == pytest.approx(7.0, abs=0.01)
    assert (ended.cause, ended.by) == ("completed-message", "caller")


def test_who_hangs_up_during_the_greeting_has_abandoned_the_call(call: Call) -> None:
    ended = call.run(lambda call: call.at(BEGINS - 5, call.caller.hang_up_now))
    assert not call.postbox.kept
    assert ended.cause == "abandoned"


def test_less_than_a_second_is_no_message(call: Call) -> None:
    ended = call.run(lambda call: call.at(BEGINS + 0.9, call.caller.hang_up_now))
    assert not call.postbox.kept
    assert ended.cause == "abandoned"


def test_silence_ends_the_message_and_sends_it(call: Call) -> None:
    call.caller.speaks_seconds = 8
    ended = call.run()
    assert call.caller.sounds == [*GREETED, "recorded 13 s", "voicemail/sent", "goodbye"]
    assert len(call.postbox.kept) == 1
    assert (ended.cause, ended.by) == ("completed-message", "system")


def test_the_longest_message_is_the_boxs(tmp_path: Path) -> None:
    call = Call(tmp_path, with_boxes(max_seconds=30.0))
    call.caller.speaks_seconds = math.inf
    call.run()
    assert call.caller.sounds[len(GREETED) :] == ["recorded 30 s", "voicemail/sent", "goodbye"]


def test_a_key_during_the_greeting_goes_straight_to_the_tone(call: Call) -> None:
    def behave(call: Call) -> None:
        call.at(11, lambda: call.caller.press("1"))
        call.at(20, call.caller.hang_up_now)

    call.run(behave)
    assert call.caller.sounds == ["answered", "voicemail/extension", "voicemail/extension cut", "beep", "recorded 7 s"]


def test_hash_leads_to_the_choice_of_hearing_and_recording_again(call: Call) -> None:
    def behave(call: Call) -> None:
        call.at(BEGINS + 10, lambda: call.caller.press("#"))
        call.at(BEGINS + 13, lambda: call.caller.press("1"))  # a second after the choice was told
        call.at(BEGINS + 16, lambda: call.caller.press("2"))
        call.at(BEGINS + 22, lambda: call.caller.press("#", "#"))

    call.run(behave)
    assert call.caller.sounds[len(GREETED) :] == [
        "recorded 10 s",
        "voicemail/review",
        str(call.postbox.folder / "message-1.wav"),
        "voicemail/review",
        "voicemail/review cut",
        "beep",
        "recorded 4 s",
        "voicemail/sent",
        "goodbye",
    ]
    (message,) = call.postbox.kept.values()
    assert message.seconds == pytest.approx(4.0)
    assert not (call.postbox.folder / "message-1.wav").exists()


def test_a_message_that_waits_for_its_choice_is_sent(call: Call) -> None:
    call.run(lambda call: call.at(BEGINS + 4, lambda: call.caller.press("#")))
    assert call.caller.sounds[len(GREETED) :] == ["recorded 4 s", "voicemail/review", "voicemail/sent", "goodbye"]
    assert len(call.postbox.kept) == 1


def test_who_hangs_up_at_the_choice_has_left_the_message(call: Call) -> None:
    def behave(call: Call) -> None:
        call.at(BEGINS + 4, lambda: call.caller.press("#"))
        call.at(BEGINS + 5, call.caller.hang_up_now)

    assert call.run(behave).cause == "completed-message"
    assert len(call.postbox.kept) == 1


def test_too_short_a_message_is_asked_for_again(call: Call) -> None:
    def behave(call: Call) -> None:
        call.at(BEGINS + 0.5, lambda: call.caller.press("#", "#"))
        call.at(BEGINS + 10, call.caller.hang_up_now)

    call.run(behave)
    assert call.caller.sounds[len(GREETED) :] == ["recorded 0.5 s", "voicemail/too-short", "beep", "recorded 5.5 s"]
    assert len(call.postbox.kept) == 1


def test_a_full_box_says_so(tmp_path: Path) -> None:
    call = Call(tmp_path, with_boxes(max_messages=1))

    async def left_earlier() -> None:
        call.postbox.leave("anna", "earlier")

    run(left_earlier())
    call.run()
    assert call.caller.sounds == ["answered", "voicemail/full", "goodbye"]


def test_the_owners_recording_is_the_greeting(call: Call) -> None:
    own = call.postbox.folder / "greeting.wav"
    call.postbox.greetings["anna"] = own
    call.run(lambda call: call.at(20, call.caller.hang_up_now))
    assert call.caller.sounds == ["answered", str(own), "beep", "recorded 6 s"]


def test_a_greeting_of_the_company_file_is_played_as_it_is(tmp_path: Path) -> None:
    call = Call(tmp_path, with_boxes(greeting="own/anna-away"))
    call.run(lambda call: call.at(20, call.caller.hang_up_now))
    assert call.caller.sounds[:3] == ["answered", "own/anna-away", "beep"]


def test_a_groups_box_names_no_extension(tmp_path: Path) -> None:
    nobody_in = queue(on_no_members=Destination("voicemail", "sales"))
    house = msgspec.structs.replace(with_boxes(), queues={"sales": nobody_in})

    async def scenario() -> list[str]:
        absent: dict[str, Phone | Iterator[Phone]] = {member: Phone("unreachable") for member in nobody_in.members}
        world, caller = World(house, absent, house=service(FakePostbox(house, tmp_path))), FakeCaller()
        caller.speaks_seconds = 1
        await world.call(caller, "300", origin="phone")
        return caller.sounds

    sounds = run(scenario())
    assert sounds[sounds.index("voicemail-greeting") - 1 :][1:4] == ["voicemail-greeting", "beep", "recorded 6 s"]
    assert "voicemail/extension" not in sounds


def test_the_caller_is_told_where_a_message_cannot_be_kept(call: Call) -> None:
    call.postbox.disk_full = True
    ended = call.run(lambda call: call.at(BEGINS + 5, lambda: call.caller.press("#", "#")))
    assert call.caller.sounds[len(GREETED) :] == ["recorded 5 s", "voicemail/not-kept", "goodbye"]
    assert (ended.cause, ended.status) == ("failed", 500)


def test_what_was_recorded_before_the_recording_failed_is_kept_and_the_caller_told(tmp_path: Path) -> None:
    class Cut(FakeCaller):
        async def record(
            self, *, max_seconds: float, silence_seconds: float, end_keys: str = "#", path: Path | None = None
        ) -> Recorded:
            await super().record(max_seconds=4, silence_seconds=silence_seconds, end_keys=end_keys, path=path)
            raise RecordingFailed("No space left on device")

    call = Call(tmp_path)
    call.caller = Cut()
    call.run()
    assert call.caller.sounds[len(GREETED) :] == ["recorded 4 s", "voicemail/not-kept", "goodbye"]
    assert len(call.postbox.kept) == 1
