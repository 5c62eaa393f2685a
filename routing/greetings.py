"""The greetings that a company's administrator has put in use, in place of those that the company file names."""

from typing import Protocol

from routing.hours import Slot


class Greetings(Protocol):
    """What is in use now."""

    def in_use(self, number: str, slot: Slot) -> str | None:
        """The prompt for a main number, such as `own/welcome`; None where the company file decides. At once."""
        ...


class NoGreetings:
    """For a company whose administrator has chosen none."""

    def in_use(self, number: str, slot: Slot) -> str | None:
        return None
