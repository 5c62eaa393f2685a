"""What the call flows need of the world, as Protocols. `lampfield.call_control` fulfils them with SIP and RTP."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from routing.diversion import Diversion
from routing.events import CallEvent
from routing.handover import Handover, Side


class CallerGone(Exception):
    """The caller hung up; raised by whatever the flow awaited on the caller's leg."""


class Ended(msgspec.Struct, frozen=True):
    """How a leg or a call ended; the fields are those of CallEnded."""

    cause: str
    by: Literal["caller", "callee", "system"]
    status: int = 200


class RecordingFailed(Exception):
    """Nothing was recorded, or not to its end: the text says why. The file, if there is one, holds what was."""


class Recorded(msgspec.Struct, frozen=True):
    """What a caller said: a mono 16-bit WAV file, `seconds` long."""

    path: Path
    seconds: float
    ended_by: Literal["key", "silence", "length"]


class Caller(Protocol):
    """The caller's leg, as a call flow sees it."""

    @property
    def call(self) -> str:
        """The call's id."""
        ...

    @property
    def number(self) -> str: ...

    @property
    def name(self) -> str: ...

    def show_name(self, name: str) -> None:
        """From here on who is called sees this name of the caller."""

    def divert(self, diversion: Diversion) -> None:
        """From here on who is called is told that the call was forwarded, after those forwardings told before."""

    @property
    def answered(self) -> bool: ...

    @property
    def answered_elsewhere(self) -> bool:
        """The caller has gone because somebody answered to whom the network put the call as well."""
        ...

    @property
    def language(self) -> str:
        """The language of the prompts."""
        ...

    def speak(self, language: str) -> None:
        """Play prompts in this language from here on."""

    async def answer(self) -> None:
        """Answer the caller's leg; does nothing when it is answered. Raises CallerGone."""

    async def play(self, prompts: Sequence[str | Path], *, until_key: bool = False, unhurried: bool = False) -> None:
        """Play prompts without a gap and return when the last has ended; cancelling stops them.

        A name is one of the prompt library: `greeting`, `menu`, `position/7`, or a company's own; a path is that of a
        recording. A key pressed meanwhile is kept for `read_key`; with `until_key` it stops them, one not read yet from
        before as well. With `unhurried` it may return a beat later (`routing.beat`), at less cost where many are told
        something at once. Raises CallerGone.
        """

    async def read_key(self, timeout: float | None) -> str | None:
        """The next key (0-9 * #), pressed now or before and not read yet; None after `timeout` seconds.

        Raises CallerGone.
        """

    def clear_keys(self) -> None:
        """Forget keys that were pressed and not read."""

    async def record(
        self, *, max_seconds: float, silence_seconds: float, end_keys: str = "#", path: Path | None = None
    ) -> Recorded:
        """Record what an answered caller says, until one of `end_keys`, `silence_seconds` of silence or `max_seconds`.

        To a new file at `path`, else to one in the state directory, which is the flow's to move or delete. Keys pressed
        before have been read, or forgotten; others than `end_keys` are passed over. Raises CallerGone, then the file at
        `path` is complete and any other removed, and RecordingFailed.
        """
        ...

    async def start_music(self, music: str) -> None:
        """Play a music list in a loop underneath; `play` interrupts it, and it goes on where it was interrupted."""

    def stop_music(self) -> None: ...

    def hang_up(self, cause: str, status: int = 480) -> None:
        """End the leg: BYE when answered, else a final response with `status`. Does nothing when it is over."""

    async def gone(self) -> Ended | None:
        """Return when the leg is over: None where the caller hung up, else why it ended (lost audio, no ACK)."""


ANSWERED_ELSEWHERE = "answered elsewhere"
"""The message with which ringing is cancelled (`asyncio.Task.cancel`) when somebody else has taken the call."""

RingOutcome = Literal["answered", "no-answer", "busy", "rejected", "unreachable"]


class Answered(Protocol):
    """A called party who has answered and is not connected yet."""

    @property
    def leg(self) -> str: ...

    @property
    def number(self) -> str: ...

    @property
    def rang(self) -> str | None:
        """Id of the person for whom it rang, where somebody else has taken the call; else None."""
        ...

    async def part_over(self) -> None:
        """Return when they have no part in the call any more: hung up, or gone from it by a transfer."""

    async def play(self, prompts: Sequence[str], *, until_key: bool = False) -> None:
        """As Caller.play."""

    async def read_key(self, timeout: float | None) -> str | None:
        """As Caller.read_key."""


class RingResult(msgspec.Struct, frozen=True):
    """How ringing ended; `answered` only with outcome `answered`. `status` is the SIP status to pass to the caller."""

    outcome: RingOutcome
    answered: Answered | None = None
    status: int = 200
    picked_up_by: str | None = None
    """Id of who took the call in the place of the person for whom it rang; None where that person did."""
    moved_to: str | None = None
    """What a phone wants dialled in its place: it forwards by itself (302, RFC 3261 §21.3)."""


class Dialler(Protocol):
    """Reaches people and numbers for one caller."""

    async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
        """Ring all phones of a person, the first to answer wins. Cancelling stops the ringing on all of them.

        An answer that crosses the cancellation is hung up by the dialler, never left open. Where the cancellation's
        message is ANSWERED_ELSEWHERE, the phones note no missed call.
        """
        ...

    async def ring_number(self, number: str, *, caller: Caller, timeout: float) -> RingResult:
        """Call an outside number through a trunk: E.164, or a short or emergency number as the country dials it."""
        ...

    async def connect(self, caller: Caller, answered: Answered) -> Side | Ended | Handover:
        """Answer the caller where that is still to do, bridge the two, and return when they talk no more.

        Tells who hung up, or how it ended where nobody did (lost audio, no codec in common); both legs are ended then.
        Else it tells what becomes of those who are left. Raises CallerGone when the caller had gone before.
        """
        ...

    def drop(self, answered: Answered, cause: str) -> None:
        """Hang up an answered party that is not wanted after all; nothing for one that is hung up already."""

    def reachable(self, person: str) -> bool:
        """True when the person has at least one registered phone."""
        ...

    def busy(self, person: str) -> bool:
        """True while the person is in a call or ringing."""
        ...


class EventSink(Protocol):
    """Takes each event of each call; it may not block."""

    def __call__(self, event: CallEvent, /) -> None: ...


class Clock(Protocol):
    """`now()` in seconds: never goes back within a process and is aligned with UTC epoch at start."""

    def __call__(self) -> float: ...
