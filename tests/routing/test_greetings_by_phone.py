"""An administrator records a greeting by phone, in virtual time."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from routing.events import GreetingPutInUse, GreetingSaved
from routing.greetings import GreetingRefused, GreetingStudio
from routing.greetings_by_phone import MOST_ATTEMPTS
from routing.hours import Slot
from routing.model import Company, Destination, MainNumber
from routing.pins import PinVerdict
from tests.routing.nordlys import company
from tests.routing.world import FakeCaller, World
from tests.support.virtual_time import run

PIN = "384615"


def is_there(file: Path) -> bool:
    return file.exists()


def is_empty(folder: Path) -> bool:
    return not list(folder.iterdir())


def remove(file: Path) -> None:
    file.unlink(missing_ok=True)


class Desk:
    """Keeps greetings in memory; `refuses` says why the next draft or saving fails."""

    longest_seconds = 60.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.numbers: dict[int, str] = {}
        self.in_use: dict[tuple[str, Slot], str] = {}
        self.refuses_drafts: list[str] = []
        self.refuses_saving = ""
        self.saved_by: list[str] = []

    def of_number(self, number: int) -> str | None:
        return self.numbers.get(number)

    def new_recording(self, call: str) -> Path:
        return self.folder / f"{call}.wav"

    async def draft(self, recording: Path) -> Path:
        assert is_there(recording)
        if self.refuses_drafts:
            raise GreetingRefused(self.refuses_drafts.pop())
        return recording.with_suffix(".draft")

    async def save(self, recording: Path, number: int, person: str) -> str:
        assert is_there(recording)
        if self.refuses_saving:
            raise GreetingRefused(self.refuses_saving, caused_by_us=True)
        self.saved_by.append(person)
        self.numbers[number] = f"own/greeting-{number}"
        return self.numbers[number]

    async def use(self, prompt: str, number: str, slot: Slot) -> None:
        self.in_use[number, slot] = prompt

    async def discard(self, recording: Path) -> None:
        remove(recording)


class OnePin:
    """Everybody's PIN is the same; `locked` after three wrong ones."""

    def __init__(self) -> None:
        self.checked: list[tuple[str, str]] = []
        self.wrong = 0

    async def is_set(self, owner: str) -> bool:
        return True

    async def check(self, owner: str, pin: str, caller: str = "") -> PinVerdict:
        self.checked.append((owner, caller))
        if self.wrong >= 3:
            return "locked"
        if owner and pin == PIN:
            return "right"
        self.wrong += 1
        return "wrong"


class Call:
    """A call to the recording code, in which keys are pressed when a prompt is heard."""

    def __init__(
        self, folder: Path, *, person: str | None = "dora", dialled: str = "*97", of: Company | None = None
    ) -> None:
        self.desk, self.pins = Desk(folder), OnePin()
        self.caller = FakeCaller()
        self.world = World(of or with_administrator())
        self.world.house["studio"] = GreetingStudio(self.desk, self.pins)
        self.task = self.world.call(
            self.caller, dialled, "phone" if person is not None else "trunk", person if person is not None else None
        )
        self._heard = 0

    async def when(self, prompt: str, *keys: str) -> None:
        """Wait until a prompt is heard that was not waited for before, then press."""
        while prompt not in self.caller.sounds[self._heard :]:
            assert not self.task.done(), f"{prompt} was not heard: {self.caller.sounds}"
            await asyncio.sleep(0.1)
        self._heard = self.caller.sounds.index(prompt, self._heard) + 1
        if keys:
            self.caller.press(*keys)

    async def enter(self) -> None:
        await self.when("pin/enter", *PIN, "#")


def with_administrator() -> Company:
    base = company()
    dora = msgspec.structs.replace(base.people["dora"], administrator=True)
    return msgspec.structs.replace(base, people=base.people | {"dora": dora}, recording_number="+4533221199")


def test_a_greeting_is_recorded_heard_recorded_again_saved_and_put_in_use(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path)
        await call.enter()
        await call.when("recording/number", "7", "#")
        await call.when("number/7")
        await call.when("beep")
        await asyncio.sleep(10.0)
        call.caller.press("#")
        await call.when("recording/review", "1")
        await call.when(str(tmp_path / "call-1.draft"))
        await call.when("recording/review", "2")
        await call.when("beep")
        await asyncio.sleep(5.0)
        call.caller.press("#")
        await call.when("recording/review", "3")
        await call.when("recording/use", "1")
        await call.when("recording/in-use")
        await call.when("recording/number")
        call.caller.hang_up_now()
        await call.task
        assert call.desk.in_use == {("+4533221100", "open"): "own/greeting-7"}
        assert call.desk.saved_by == ["dora"]
        (saved,) = call.world.of(GreetingSaved)
        assert isinstance(saved, GreetingSaved)
        assert (saved.number, saved.greeting, saved.person) == (7, "own/greeting-7", "dora")
        (used,) = call.world.of(GreetingPutInUse)
        assert isinstance(used, GreetingPutInUse)
        assert (used.main_number, used.slot) == ("+4533221100", "open")
        assert is_empty(tmp_path)

    run(scenario())


def test_from_outside_the_extension_is_asked_for_first(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path, person=None, dialled="+4533221199")
        await call.when("pin/extension", *"204#")
        await call.enter()
        await call.when("recording/number")
        assert call.pins.checked == [("dora", "+4540404040")]
        call.caller.hang_up_now()
        await call.task

    run(scenario())


def test_a_colleagues_phone_asks_for_the_extension_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path, person="anna")
        await call.when("pin/extension", *"204#")
        await call.enter()
        await call.when("recording/number")
        call.caller.hang_up_now()
        await call.task

    run(scenario())


def test_who_is_no_administrator_is_told_and_the_call_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path, person="anna")
        await call.when("pin/extension", *"201#")
        await call.enter()
        await call.when("pin/not-allowed")
        await call.task
        assert call.caller.hung_up_by == "system"

    run(scenario())


def test_wrong_pins_end_the_call_and_are_looked_at_for_nobody_as_well(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path, person=None, dialled="+4533221199")
        for extension in ("204", "999", "999"):
            await call.when("pin/extension", *extension, "#")
            await call.when("pin/enter", *"1111#")
            await call.when("pin/wrong")
        await call.task
        assert [owner for owner, _ in call.pins.checked] == ["dora", "", ""]
        assert "recording/number" not in call.caller.sounds

    run(scenario())


def test_who_is_locked_out_is_told_so_even_with_the_right_pin(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path)
        call.pins.wrong = 3
        await call.enter()
        await call.when("pin/locked")
        await call.task

    run(scenario())


def test_an_existing_number_may_be_heard_put_in_use_or_left(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path)
        call.desk.numbers[342] = "own/summer"
        await call.enter()
        await call.when("recording/number", *"342#")
        await call.when("recording/exists", "2")
        await call.when("own/summer")
        await call.when("recording/exists", "3")
        await call.when("recording/use", "4")
        await call.when("recording/in-use")
        await call.when("recording/number", *"342#")
        assert [each for each in call.caller.sounds if each in ("recording/numbered", "hundreds/3", "number/42")][
            :3
        ] == ["recording/numbered", "hundreds/3", "number/42"]
        await call.when("recording/exists", "*")
        await call.when("recording/number")
        call.caller.hang_up_now()
        await call.task
        assert call.desk.in_use == {("+4533221100", "special-closed"): "own/summer"}

    run(scenario())


def test_a_number_that_is_none_is_told_and_asked_for_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path)
        await call.enter()
        for typed in ("0", "1000", "7A"):
            await call.when("recording/number", *typed, "#")
            await call.when("invalid-choice")
        await call.when("goodbye")

    run(scenario())


def test_with_several_main_numbers_one_is_chosen_by_its_last_digits_or_all(tmp_path: Path) -> None:
    base = with_administrator()
    second = MainNumber("+4533221200", Destination("menu", "main"), Destination("message", "closed"))
    two = msgspec.structs.replace(base, main_numbers=base.main_numbers | {second.number: second})

    async def scenario() -> None:
        call = Call(tmp_path, of=two)
        call.desk.numbers[1] = "own/welcome"
        await call.enter()
        for typed in ("200#", "#"):
            await call.when("recording/number", *"1#")
            await call.when("recording/exists", "3")
            await call.when("recording/use", "2" if typed == "200#" else "1")
            if typed == "200#":
                await call.when("recording/main-number", *"00#")
                await call.when("recording/no-such-number")
            await call.when("recording/main-number", *typed)
            await call.when("recording/in-use")
        call.caller.hang_up_now()
        await call.task
        assert call.desk.in_use == {
            ("+4533221200", "closed"): "own/welcome",
            ("+4533221100", "open"): "own/welcome",
            ("+4533221200", "open"): "own/welcome",
        }

    run(scenario())


def test_a_recording_without_sound_is_asked_for_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path)
        call.desk.refuses_drafts = ["there is only silence in it"]
        await call.enter()
        await call.when("recording/number", *"7#")
        await call.when("beep")
        call.caller.press("#")
        await call.when("recording/too-short")
        await call.when("beep")
        call.caller.press("#")
        await call.when("recording/review", "*")
        await call.when("recording/given-up")
        await call.when("recording/number")
        call.caller.hang_up_now()
        await call.task
        assert call.desk.numbers == {}

    run(scenario())


def test_what_cannot_be_kept_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path)
        call.desk.refuses_saving = "the disk is full"
        await call.enter()
        await call.when("recording/number", *"7#")
        await call.when("beep")
        call.caller.press("#")
        await call.when("recording/review", "3")
        await call.when("recording/failed")
        await call.task
        assert call.desk.in_use == {}
        assert is_empty(tmp_path)

    run(scenario())


def test_hanging_up_while_recording_leaves_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path)
        await call.enter()
        await call.when("recording/number", *"7#")
        await call.when("beep")
        await asyncio.sleep(5.0)
        call.caller.hang_up_now()
        await call.task
        assert is_empty(tmp_path)
        assert call.desk.numbers == {}

    run(scenario())


@pytest.mark.parametrize("prompt", ["recording/number", "recording/review", "recording/use"])
def test_silence_ends_the_call_after_a_few_tellings(prompt: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        call = Call(tmp_path)
        await call.enter()
        if prompt != "recording/number":
            await call.when("recording/number", *"7#")
            await call.when("beep")
            call.caller.press("#")
        if prompt == "recording/use":
            await call.when("recording/review", "3")
        await call.task
        assert call.caller.sounds.count(prompt) == MOST_ATTEMPTS
        assert call.caller.sounds[-1] == "goodbye"
        assert is_empty(tmp_path)

    run(scenario())


def test_a_company_without_a_studio_does_not_answer_the_code() -> None:
    async def scenario() -> None:
        world = World(with_administrator())
        caller = FakeCaller()
        await world.call(caller, "*97", "phone", "dora")
        assert not caller.answered

    run(scenario())
