"""A company's routing as data: what the dialplan, the hours, the menus and the queues are."""

from typing import Literal

import msgspec

DestinationKind = Literal["person", "queue", "menu", "number", "message", "hangup"]


class Destination(msgspec.Struct, frozen=True):
    """Where a call goes next.

    Written `kind:name` in files: `queue:sales`, `person:anna`, `number:+4533221100`, `message:closed`, `hangup`.
    """

    kind: DestinationKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


class OpenPeriod(msgspec.Struct, frozen=True):
    """Part of a day in local time, minutes since midnight; `end` is exclusive and at most 1440."""

    start: int
    end: int


class OpeningHours(msgspec.Struct, frozen=True):
    """Weekly hours in a time zone; Monday is week[0]."""

    name: str
    time_zone: str
    week: tuple[tuple[OpenPeriod, ...], ...]


class MainNumber(msgspec.Struct, frozen=True):
    """A number that the outside dials, with where it leads when open and when closed."""

    number: str
    open: Destination
    closed: Destination
    hours: str | None = None
    """Name of the opening hours; None is always open."""
    greeting: str | None = None
    """Prompt played first when open, None for none."""


class Menu(msgspec.Struct, frozen=True):
    """A menu (IVR) of single keys."""

    name: str
    prompt: str
    keys: dict[str, Destination]
    silence_seconds: float = 5.0
    silence_prompt: str = "please-choose"
    invalid_prompt: str = "invalid-choice"
    attempts: int = 3
    """How often the menu is told in all, before `timeout_destination`; silence and invalid keys each use one."""
    operator: Destination | None = None
    """Where key 0 leads when `keys` does not say."""
    timeout_destination: Destination = Destination("hangup")


class Queue(msgspec.Struct, frozen=True):
    """A waiting queue and its members."""

    name: str
    members: tuple[str, ...]
    """Ids of people, in priority order."""
    strategy: Literal["longest_idle", "priority"] = "longest_idle"
    ring_seconds: float = 20.0
    wrap_up_seconds: float = 0.0
    """Time for notes after a queue call, before the next is offered."""
    retry_seconds: float = 5.0
    """How long a member who missed or rejected an offer is left in peace."""
    empty_seconds: float = 30.0
    """How long callers wait on when the last member's phone has gone: it may come back."""
    max_waiting: int = 10
    max_wait_seconds: float = 0.0
    """0: without limit."""
    position_every_seconds: float = 30.0
    """0: never told."""
    music: str = "default"
    welcome_prompt: str | None = "please-wait"
    on_full: Destination = Destination("message", "busy")
    on_no_members: Destination = Destination("message", "closed")
    """When no member has a phone registered."""
    on_timeout: Destination = Destination("message", "goodbye")


class Person(msgspec.Struct, frozen=True):
    """Somebody who can be called: id, name and extension."""

    id: str
    name: str
    extension: str
    ring_seconds: float = 30.0
    on_busy: Destination | None = None
    on_no_answer: Destination | None = None
    outside_number: str | None = None
    """Shown as caller id when calling out; None shows the company's first main number."""


class Company(msgspec.Struct, frozen=True):
    """Everything routing needs to know of one company."""

    id: str
    name: str
    domain: str
    """SIP domain and digest realm, e.g. `nordlys.example`."""
    country: str
    """ISO 3166 alpha-2; how national numbers are read."""
    time_zone: str
    language: str
    """Prompts: en, da, nb, sv or de."""
    people: dict[str, Person]
    main_numbers: dict[str, MainNumber]
    """By E.164 number."""
    hours: dict[str, OpeningHours]
    menus: dict[str, Menu]
    queues: dict[str, Queue]
    queue_extensions: dict[str, str] = {}
    """Internal number -> queue name."""
    menu_extensions: dict[str, str] = {}
    outside_prefix: str = ""
    """Digits dialled before an outside number, often empty or `0`."""
