"""The readers of a box listen by phone."""

import asyncio
from collections import deque
from pathlib import Path

import pytest

from routing.events import CallBridged, CallEnded, CallRouted
from routing.model import Company, Destination, MainNumber, VoicemailBox
from routing.pins import PinVerdict
from routing.voicemail.readers import box_of_extension, readers
from tests.routing.nordlys import company, queue
from tests.routing.voicemail.boxes import FakePins, FakePostbox, service
from tests.routing.world import FakeCaller, World
from tests.support.virtual_time import run

MAILBOX_NUMBER = "+4533221199"
COUNT_NONE = ["voicemail/no-messages"]
KEYS, KEYS_EMPTY, GOODBYE = "voicemail/keys", "voicemail/keys-empty", "goodbye"
AN_HOUR_AGO = ["weekday/3", "time/10", "voicemail/from", *(f"number/{digit}" for digit in "4540404040")]
"""The tests begin on a Wednesday at eleven in Copenhagen."""


class Listener(FakeCaller):
    """Presses the next key whenever one is awaited, and hangs up after the last; says something when recorded."""

    def __init__(self, keys: str, number: str = "201") -> None:
        super().__init__(number=number)
        self.speaks_seconds = 3.0
        self._script = deque(keys)

    async def read_key(self, timeout: float | None) -> str | None:
        if timeout and self._script:
            self.press(self._script.popleft())
        elif timeout:
            self.hang_up_now()
        return await super().read_key(timeout)


def with_boxes(**changes: object) -> Company:
    """Nordlys with boxes of anna and of sales, and a number by which mailboxes are reached from outside."""
    outside = MainNumber(MAILBOX_NUMBER, Destination("mailbox"), Destination("mailbox"))
    boxes = {name: VoicemailBox(name) for name in ("anna", "sales")}
    return company(**{"boxes": boxes, "main_numbers": {MAILBOX_NUMBER: outside}, **changes})


class Call:
    def __init__(self, folder: Path) -> None:
        self.postbox = FakePostbox(with_boxes(), folder)
        self.pins = FakePins()
        self.left: list[tuple[str, str, str, float]] = []

    def leave(self, box: str, id_: str, number: str = "+4540404040", hours_ago: float = 1.0) -> str:
        """A message is left before the call; returns what is heard of it."""
        self.left.append((box, id_, number, hours_ago))
        return str(self.postbox.folder / f"{id_}.wav")

    def heard(self, keys: str, *, person: str | None = "anna", code: str = "*98") -> list[str]:
        """What is heard after the answer by who presses these keys; from outside without a person."""

        async def scenario() -> None:
            for box, id_, number, hours_ago in self.left:
                self.postbox.leave(box, id_, number=number, hours_ago=hours_ago)
            self.world = World(self.postbox.company, house=service(self.postbox, self.pins))
            caller = Listener(keys, number="201" if person else "+4540404040")
            await self.world.call(caller, code if person else MAILBOX_NUMBER, "phone" if person else "trunk", person)
            self.sounds = caller.sounds

        run(scenario())
        assert self.sounds[0] == "answered"
        return self.sounds[1:]

    @property
    def cause(self) -> str:
        (ended,) = self.world.of(CallEnded)
        assert isinstance(ended, CallEnded)
        return ended.cause


@pytest.fixture
def call(tmp_path: Path) -> Call:
    return Call(tmp_path)


# Listening


def test_a_message_is_told_with_its_time_and_caller_and_is_heard_then(call: Call) -> None:
    file = call.leave("anna", "m1")
    assert call.heard("*") == ["voicemail/new-messages", "number/1", *AN_HOUR_AGO, file, KEYS, GOODBYE]
    assert not call.postbox.kept["m1"].is_new
    assert call.cause == "completed-message"


def test_an_empty_box_says_so(call: Call) -> None:
    assert call.heard("*") == [*COUNT_NONE, KEYS_EMPTY, GOODBYE]


def test_new_messages_come_before_old_ones_each_oldest_first(call: Call) -> None:
    files = [call.leave("anna", f"m{hours}", hours_ago=hours) for hours in (3, 1, 2)]
    sounds = call.heard("66*")
    assert sounds[:2] == ["voicemail/new-messages", "number/3"]
    assert [sound for sound in sounds if sound in files] == [files[0], files[2], files[1]]


def test_an_older_message_is_told_with_its_date(call: Call) -> None:
    call.leave("anna", "m1", hours_ago=24 * 10)
    assert call.heard("*")[2:6] == ["weekday/7", "day/5", "month/5", "time/11"]


def test_a_caller_without_a_number_is_told_as_unknown(call: Call) -> None:
    call.leave("anna", "m1", number="")
    assert "voicemail/from-unknown" in call.heard("*")


def test_one_is_repeat_six_next_four_previous(call: Call) -> None:
    first, second = call.leave("anna", "m1", hours_ago=2), call.leave("anna", "m2", hours_ago=1)
    sounds = call.heard("16664*")
    assert [sound for sound in sounds if sound in (first, second)] == [first, first, second, first]
    assert sounds.count("voicemail/no-more") == 2


def test_one_during_the_stamp_goes_straight_to_the_message(call: Call) -> None:
    file = call.leave("anna", "m1")

    async def scenario() -> list[str]:
        call.postbox.leave("anna", "m1")
        world, caller = World(call.postbox.company, house=service(call.postbox)), Listener("*")
        asyncio.get_running_loop().call_later(5, caller.press, "1")
        await world.call(caller, "*98", "phone", "anna")
        return caller.sounds

    sounds = run(scenario())
    assert sounds[3:6] == ["weekday/3", "weekday/3 cut", file]
    assert not call.postbox.kept["m1"].is_new


def test_a_deleted_message_can_be_restored(call: Call) -> None:
    call.leave("anna", "m1")
    sounds = call.heard("33*")
    assert sounds[-5:] == ["voicemail/deleted", KEYS, "voicemail/restored", KEYS, GOODBYE]
    assert call.postbox.kept["m1"].deleted_at is None


def test_a_deleted_message_is_not_told_again(call: Call) -> None:
    call.leave("anna", "m1")
    call.heard("3*")
    assert call.postbox.kept["m1"].deleted_at is not None
    assert call.postbox.messages("anna") == []


def test_a_saved_message_is_kept_and_the_next_told(call: Call) -> None:
    call.leave("anna", "m1", hours_ago=2)
    second = call.leave("anna", "m2")
    sounds = call.heard("2*")
    assert call.postbox.kept["m1"].saved
    assert sounds.index("voicemail/saved") < sounds.index(second)


def test_who_presses_nothing_is_let_go(call: Call) -> None:
    class Silent(Listener):
        async def read_key(self, timeout: float | None) -> str | None:
            return await FakeCaller.read_key(self, timeout)

    async def scenario() -> list[str]:
        world = World(call.postbox.company, house=service(call.postbox))
        caller = Silent("")
        await world.call(caller, "*98", "phone", "anna")
        return caller.sounds

    assert run(scenario()) == ["answered", *COUNT_NONE, *[KEYS_EMPTY] * 3, GOODBYE]


def test_a_message_that_is_hung_up_on_stays_new(call: Call) -> None:
    call.leave("anna", "m1")

    async def scenario() -> None:
        for box, id_, number, hours_ago in call.left:
            call.postbox.leave(box, id_, number=number, hours_ago=hours_ago)
        world, caller = World(call.postbox.company, house=service(call.postbox)), FakeCaller()
        ending = world.call(caller, "*98", "phone", "anna")
        # A second into the message: two clips and the thirteen of its stamp come before it.
        asyncio.get_running_loop().call_later(31, caller.hang_up_now)
        await ending
        assert caller.sounds[-1].endswith("m1.wav")

    run(scenario())
    assert call.postbox.kept["m1"].is_new


# Calling back


def test_five_calls_the_caller_back(call: Call) -> None:
    call.leave("anna", "m1", number="+4540404040")
    call.heard("5")
    assert [event.destination for event in call.world.of(CallRouted) if isinstance(event, CallRouted)] == [
        "mailbox",
        "number:+4540404040",
    ]
    assert call.world.of(CallBridged)


def test_a_colleague_is_called_back_at_the_extension(call: Call) -> None:
    call.leave("anna", "m1", number="202")
    call.heard("5")
    assert "talks with bo" in call.sounds


def test_who_showed_no_number_is_not_called_back(call: Call) -> None:
    call.leave("anna", "m1", number="")
    assert "voicemail/no-calling-back" in call.heard("5*")


def test_nobody_telephones_at_the_companys_expense_from_outside(call: Call) -> None:
    call.pins.pins["anna"] = "4711"
    call.leave("anna", "m1")
    assert "voicemail/no-calling-back" in call.heard("201#4711#5*", person=None)


# Who may listen


def test_from_outside_extension_and_pin_are_asked(call: Call) -> None:
    call.pins.pins["anna"] = "4711"
    file = call.leave("anna", "m1")
    sounds = call.heard("201#4711#*", person=None)
    assert sounds[:2] == ["pin/extension", "pin/enter"]
    assert file in sounds


def test_a_groups_box_needs_its_pin_from_outside(call: Call) -> None:
    call.leave("sales", "m1")
    call.pins.pins["anna"] = "4711"
    assert call.heard("300#4711#", person=None)[:3] == ["pin/extension", "pin/enter", "pin/wrong"]
    call.pins.pins["sales"] = "5522"
    assert "voicemail/new-messages" in call.heard("300#5522#*", person=None)


def test_nobody_learns_from_outside_which_extensions_have_a_box(call: Call) -> None:
    assert call.heard("204#1111#", person=None) == ["pin/extension", "pin/enter", "pin/wrong", "pin/extension"]


def test_a_box_without_a_pin_is_closed_to_the_outside(call: Call) -> None:
    assert "pin/wrong" in call.heard("201##", person=None)


def test_three_attempts_and_the_call_ends(call: Call) -> None:
    sounds = call.heard("201#1111#201#2222#201#3333#", person=None)
    assert sounds.count("pin/wrong") == 3
    assert call.cause == "rejected"


def test_after_too_many_wrong_pins_the_right_one_opens_nothing(call: Call) -> None:
    call.pins.pins["anna"], call.pins.wrong = "4711", 3
    assert call.heard("201#4711#", person=None)[-1] == "pin/locked"


def test_where_pins_cannot_be_looked_up_nobody_is_let_in(call: Call) -> None:
    class Away(FakePins):
        async def check(self, owner: str, pin: str, caller: str = "") -> PinVerdict:
            return "away"

    call.pins = Away()
    assert call.heard("201#4711#", person=None)[-1] == "pin/away"


def test_ones_own_phone_needs_the_pin_only_where_one_is_set(call: Call) -> None:
    assert call.heard("*")[0] == "voicemail/no-messages"
    call.pins.pins["anna"] = "4711"
    assert call.heard("4711#*")[:2] == ["pin/enter", "voicemail/no-messages"]


def test_a_member_hears_the_groups_box_by_its_extension(call: Call) -> None:
    file = call.leave("sales", "m1")
    assert file in call.heard("*", code="*98300")
    assert file in call.heard("*", person="bo"), "the only box that bo reads"


def test_a_colleagues_phone_needs_the_pin(call: Call) -> None:
    call.leave("anna", "m1")
    assert call.heard("1234#", person="dora", code="*98201")[:2] == ["pin/enter", "pin/wrong"]


def test_who_reads_no_box_is_asked_for_an_extension(call: Call) -> None:
    assert call.heard("", person="dora") == ["pin/extension"]


# The greeting


def test_the_owner_records_a_greeting_and_goes_back_to_the_standard_one(call: Call) -> None:
    sounds = call.heard("013**")
    assert sounds[:4] == [*COUNT_NONE, KEYS_EMPTY, "voicemail/greeting", "recording/begin"]
    assert "voicemail/greeting-kept" in sounds
    assert "anna" in call.postbox.greetings
    assert "voicemail/greeting-standard" in call.heard("03**")
    assert "anna" not in call.postbox.greetings


# Readers


def test_the_readers_are_the_ones_named_else_the_person_else_the_members_who_are_people() -> None:
    house = with_boxes(queues={"sales": queue(members=("bo", "+4520202020", "carl"))})
    assert readers(house, VoicemailBox("anna")) == ("anna",)
    assert readers(house, VoicemailBox("sales")) == ("bo", "carl")
    assert readers(house, VoicemailBox("board", readers=("dora", "gone"))) == ("dora",)
    assert readers(house, VoicemailBox("nobody")) == ()


def test_an_extension_leads_to_the_box_of_its_person_or_queue() -> None:
    house = with_boxes()
    assert box_of_extension(house, "201") == house.boxes["anna"]
    assert box_of_extension(house, "300") == house.boxes["sales"]
    assert box_of_extension(house, "202") is None
    assert box_of_extension(house, "") is None
