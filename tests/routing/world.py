"""The world around routing, for tests: callers who press keys and hang up, phones that ring, and what each of them saw.

These stand in for SIP and RTP, as `lampfield.call_control` does in production; routing itself is the real one.
"""

import asyncio
import math
import tempfile
import wave
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from routing.activity import Activity
from routing.call_flow import CallFlow
from routing.calling_back import CallingBack, Reached
from routing.diversion import Diversion
from routing.events import CallbackDue, CallEvent
from routing.handover import Handover, Side
from routing.house import Arrival, House
from routing.model import Company, Queue
from routing.ports import Answered, Caller, CallerGone, Ended, Recorded, RingOutcome, RingResult
from routing.queue.runner import QueueRunner
from tests.support.virtual_time import START, now

PROMPT_SECONDS = 2.0
"""How long every prompt lasts."""


class FakeCaller:
    """Somebody on the telephone. `heard` is all that reached the ear, with seconds since the test began."""

    def __init__(
        self, call: str = "call-1", number: str = "+4540404040", name: str = "", answer_seconds: float = 0.0
    ) -> None:
        self.call = call
        self.answer_seconds = answer_seconds
        """How long answering takes: the ACK may be late."""
        self.number = number
        self.name = name
        self.language = "en"
        self.speaks_seconds = math.inf
        """How long the person says something when recorded."""
        self.answered = self.answered_elsewhere = False
        self.diversions: list[Diversion] = []
        self.heard: list[tuple[float, str]] = []
        self.final_status: int | None = None
        self.hung_up_by: str | None = None
        self._keys: deque[str] = deque()
        self._key_or_gone = asyncio.Event()
        self._gone = asyncio.Event()

    # What the person does.

    def press(self, *keys: str) -> None:
        if keys:
            self._keys.extend(keys)
            self._key_or_gone.set()

    def hang_up_now(self) -> None:
        self.end("caller")

    # The port.

    def show_name(self, name: str) -> None:
        self.name = name

    def divert(self, diversion: Diversion) -> None:
        self.diversions.append(diversion)

    def speak(self, language: str) -> None:
        self.language = language
        self.hear(f"from here on {language}")

    async def answer(self) -> None:
        await asyncio.sleep(self.answer_seconds)
        self._check()
        self.answered = True
        self.hear("answered")

    async def play(self, prompts: Sequence[str | Path], *, until_key: bool = False, unhurried: bool = False) -> None:
        assert self.answered, "prompts need an answered leg"
        for prompt in prompts:
            self._check()
            if until_key and self._keys:
                return
            self.hear(str(prompt))
            try:
                async with asyncio.timeout(PROMPT_SECONDS):
                    await (self._key_or_gone if until_key else self._gone).wait()
            except TimeoutError:
                continue
            except asyncio.CancelledError:
                self.hear(f"{prompt} cut")
                raise
            self._check()
            self.hear(f"{prompt} cut")
            return

    async def read_key(self, timeout: float | None) -> str | None:
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._key_or_gone.wait()
        self._check()
        if not self._keys:
            return None
        key = self._keys.popleft()
        if not self._keys:
            self._key_or_gone.clear()
        return key

    def clear_keys(self) -> None:
        self._keys.clear()
        if not self.is_gone:
            self._key_or_gone.clear()

    async def record(
        self, *, max_seconds: float, silence_seconds: float, end_keys: str = "#", path: Path | None = None
    ) -> Recorded:
        assert self.answered, "recording needs an answered leg"
        self._check()
        file = path if path is not None else Path(tempfile.mkdtemp()) / f"{self.call}.wav"
        began = now()
        until_silent = self.speaks_seconds + silence_seconds
        ended_by: Literal["key", "silence", "length"] = "silence" if until_silent < max_seconds else "length"
        with suppress(TimeoutError, CallerGone):
            async with asyncio.timeout(min(until_silent, max_seconds)):
                while await self.read_key(None) not in set(end_keys):
                    pass
                ended_by = "key"
        seconds = now() - began
        self.hear(f"recorded {seconds:g} s")
        _write_wav(file, seconds)
        self._check()
        return Recorded(file, seconds, ended_by)

    async def start_music(self, music: str) -> None:
        self._check()
        self.hear(f"music {music}")

    def stop_music(self) -> None:
        self.hear("music off")

    def hang_up(self, cause: str, status: int = 480) -> None:
        if not self.answered and not self.is_gone:
            self.final_status = status
        self.end("system")

    async def gone(self) -> Ended | None:
        await self._gone.wait()
        return None

    # For the world and the tests.

    @property
    def is_gone(self) -> bool:
        return self._gone.is_set()

    def end(self, by: str) -> None:
        if not self.is_gone:
            self.hung_up_by = by
            self._gone.set()
            self._key_or_gone.set()

    def hear(self, what: str) -> None:
        self.heard.append((round(now() - START, 3), what))

    @property
    def sounds(self) -> list[str]:
        return [what for _, what in self.heard]

    def _check(self) -> None:
        if self._gone.is_set():
            raise CallerGone


def _write_wav(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * round(seconds * 8000)))


@dataclass
class Phone:
    """How somebody's phone behaves: after `after` seconds of ringing it does `does`; `ring` goes on until stopped."""

    does: Literal["answer", "reject", "busy", "unreachable", "ring", "cross"] = "answer"
    """`cross` answers in the very moment in which the ringing is stopped."""
    after: float = 3.0
    talks: float = 60.0
    """Seconds after which the callee hangs up."""
    presses: str = "1"
    """The keys that are pressed after having answered; none where a voicemail has answered."""
    presses_after: float = 0.0
    plays: bool = True
    """False where prompts cannot be played to it."""


@dataclass
class FakeAnswered:
    leg: str
    number: str
    person: str
    phone: Phone
    heard: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when they have no part in the call any more."""
    rang: str | None = None
    _pressed: int = 0

    @property
    def talks(self) -> float:
        return self.phone.talks

    async def part_over(self) -> None:
        await self.over.wait()

    async def play(self, prompts: Sequence[str], *, until_key: bool = False) -> None:
        if not self.phone.plays:
            raise OSError("the prompts are unreadable")
        self.heard.extend(prompts)
        lasts = PROMPT_SECONDS * len(prompts)
        await asyncio.sleep(min(lasts, self.phone.presses_after) if until_key and self.phone.presses else lasts)

    async def read_key(self, timeout: float | None) -> str | None:
        if self._pressed == len(self.phone.presses):
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout):
                    await asyncio.Event().wait()
            return None
        self._pressed += 1
        return self.phone.presses[self._pressed - 1]


@dataclass(frozen=True)
class FakeOutlet:
    """Reaches somebody by their phone in the world."""

    world: "World"
    caller: FakeCaller

    @property
    def call(self) -> str:
        return self.caller.call

    async def reach(self, number: str, *, timeout: float) -> Reached | RingOutcome:
        result = await self.world._ring(number, timeout)
        if result.answered is None:
            return result.outcome
        self.caller.answered = True
        self.caller.hear("has answered")
        assert isinstance(result.answered, FakeAnswered)
        phone = result.answered.phone
        asyncio.get_running_loop().call_later(phone.presses_after or 1.0, self.caller.press, *phone.presses)
        return Reached(self.caller, self.world)


@dataclass
class World:
    """Phones by person id or number, a reception, and the events of all calls."""

    company: Company
    phones: dict[str, Phone | Iterator[Phone]] = field(default_factory=dict)
    """Always the same, or another way each time it rings; who is not named answers after three seconds."""
    events: list[CallEvent] = field(default_factory=list)
    ringing: dict[str, str] = field(default_factory=dict)
    """Who rings now, and for which call."""
    talking: dict[str, str] = field(default_factory=dict)
    """Who talks now, and in which call."""
    rung: list[tuple[float, str]] = field(default_factory=list)
    """Every ringing that began."""
    dropped: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """What routing asked of the world and never may."""
    answered: list[FakeAnswered] = field(default_factory=list)
    """Everybody who has answered."""
    called_back: list[FakeCaller] = field(default_factory=list)
    legs: int = 0
    house: dict[str, Any] = field(default_factory=dict)
    """What else the company's calls share."""
    keeping: Callable[[Queue], dict[str, Any]] = lambda queue: {}
    """What keeps a queue over restarts, as arguments of its runner."""

    def __post_init__(self) -> None:
        self.activity = Activity(now)
        self.queues: dict[str, QueueRunner] = {}
        self.queues |= {
            name: QueueRunner(
                queue,
                self.activity,
                **({"emit": self.note} | self.keeping(queue)),
                clock=now,
                call_back=self.call_back,
                is_open=self.is_open,
            )
            for name, queue in self.company.queues.items()
        }
        for person in self.company.people:
            if self.reachable(person):
                self.activity.member_reachable(person)

    def note(self, event: CallEvent) -> None:
        self.events.append(event)

    def call(
        self,
        caller: FakeCaller,
        dialled: str,
        origin: Literal["trunk", "phone"] = "trunk",
        person: str | None = None,
    ) -> asyncio.Task[None]:
        """A call comes in; the task is over when the call is."""
        return asyncio.create_task(
            CallFlow(self._house(), caller, self, Arrival(origin, dialled, person)).run(), name=caller.call
        )

    async def call_back(self, runner: QueueRunner, due: CallbackDue) -> None:
        """Somebody who ordered it is called back, and is there as the last of `called_back` while it rings."""
        self.called_back.append(FakeCaller(f"back-{len(self.called_back) + 1}", due.number))
        calling = CallingBack(self._house(), runner, due, FakeOutlet(self, self.called_back[-1]))
        task = asyncio.create_task(calling.run())
        try:
            await calling.settled.wait()
        except asyncio.CancelledError:
            task.cancel()
            raise

    def is_open(self, main_number: str) -> bool:
        return self._house().is_open(main_number)

    def _house(self) -> House:
        return House(self.company, self.queues, self.note, now, **self.house)

    # The port.

    async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
        if person in self.ringing:
            self.wrong.append(f"{person} rings for {self.ringing[person]} and {caller.call}")
        if person in self.talking:
            return RingResult("busy", status=486)
        self.ringing[person] = caller.call
        self.activity.member_busy(person)
        result = RingResult("no-answer", status=480)
        try:
            result = await self._ring(person, timeout)
        finally:
            self.ringing.pop(person, None)
            if result.answered is None:
                self.activity.member_free(person, now(), talked=False)
            else:
                self.talking[person] = caller.call
        return result

    async def ring_number(self, number: str, *, caller: Caller, timeout: float) -> RingResult:
        return await self._ring(number, timeout)

    async def _ring(self, who: str, timeout: float) -> RingResult:
        phone = self.phones.get(who, Phone())
        if not isinstance(phone, Phone):
            phone = next(phone)
        self.rung.append((round(now() - START, 3), who))
        if phone.does in ("busy", "unreachable"):
            outcome: RingOutcome = "busy" if phone.does == "busy" else "unreachable"
            return RingResult(outcome, status=486 if outcome == "busy" else 480)
        if phone.does == "cross":
            try:
                await asyncio.sleep(timeout)
            except asyncio.CancelledError:
                # Who goes on has to say so, or Python 3.11.2 takes later time-outs of the task for the cancelling.
                if (task := asyncio.current_task()) is not None:
                    task.uncancel()
            return self._answer(who, phone)
        if phone.does == "ring" or phone.after > timeout:
            await asyncio.sleep(timeout)
            return RingResult("no-answer", status=480)
        await asyncio.sleep(phone.after)
        if phone.does == "reject":
            return RingResult("rejected", status=603)
        return self._answer(who, phone)

    def _answer(self, who: str, phone: Phone) -> RingResult:
        self.legs += 1
        answered = FakeAnswered(f"leg-{self.legs}", who, who, phone)
        self.answered.append(answered)
        return RingResult("answered", answered)

    async def connect(self, caller: Caller, answered: Answered) -> Side | Ended | Handover:
        assert isinstance(caller, FakeCaller)
        assert isinstance(answered, FakeAnswered)
        caller._check()
        caller.answered = True
        caller.hear(f"talks with {answered.person}")
        by: Literal["caller", "callee"] = "callee"
        try:
            async with asyncio.timeout(answered.talks):
                await caller.gone()
                by = "caller"
        except TimeoutError:
            caller.end("callee")
        finally:
            answered.over.set()
            self._talk_over(answered.person)
        return by

    def drop(self, answered: Answered, cause: str) -> None:
        assert isinstance(answered, FakeAnswered)
        answered.over.set()
        self.dropped.append(answered.person)
        self._talk_over(answered.person)

    def reachable(self, person: str) -> bool:
        phone = self.phones.get(person)
        return not (isinstance(phone, Phone) and phone.does == "unreachable")

    def busy(self, person: str) -> bool:
        return person in self.ringing or person in self.talking

    def _talk_over(self, person: str) -> None:
        if self.talking.pop(person, None) is not None:
            self.activity.member_free(person, now())

    # For the tests.

    def of(self, kind: type[CallEvent]) -> list[CallEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    def told(self) -> list[str]:
        """The names of the events in order."""
        return [type(event).__name__ for event in self.events]
