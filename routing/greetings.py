"""The greetings that a company's administrator has put in use, and the desk where new ones are recorded by phone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from routing.hours import Slot
from routing.pins import Pins


class Greetings(Protocol):
    """What is in use now."""

    def in_use(self, number: str, slot: Slot) -> str | None:
        """The prompt for a main number, such as `own/welcome`; None where the company file decides. At once."""
        ...


class NoGreetings:
    """For a company whose administrator has chosen none."""

    def in_use(self, number: str, slot: Slot) -> str | None:
        return None


class GreetingRefused(Exception):
    """A recording that cannot be used or kept; the text says why. `caused_by_us`: the caller cannot mend it."""

    def __init__(self, why: str, *, caused_by_us: bool = False) -> None:
        super().__init__(why)
        self.caused_by_us = caused_by_us


class GreetingDesk(Protocol):
    """Where a company's greetings are made. Its methods may raise GreetingRefused."""

    @property
    def longest_seconds(self) -> float:
        """How long a greeting may be."""
        ...

    def of_number(self, number: int) -> str | None:
        """The prompt of the greeting that bears the number. At once."""
        ...

    def new_recording(self, call: str) -> Path:
        """A file to record to."""
        ...

    async def draft(self, recording: Path) -> Path:
        """The recording as callers would hear it: trimmed, and as loud as the others."""
        ...

    async def save(self, recording: Path, number: int, person: str) -> str:
        """Keep a recording under a number, in place of the greeting that has it; returns its prompt."""
        ...

    async def use(self, prompt: str, number: str, slot: Slot) -> None:
        """Greet with the prompt on a main number from now on."""
        ...

    async def discard(self, recording: Path) -> None:
        """Remove the recording and its draft; what cannot be removed is left."""
        ...


@dataclass(frozen=True, slots=True)
class GreetingStudio:
    """What recording by phone needs of a company."""

    desk: GreetingDesk
    pins: Pins
