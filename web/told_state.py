"""A person's state on its way from signalling to programs: what the line between the two processes carries."""

from typing import Literal

import msgspec

Phone = Literal["available", "busy", "unreachable"]
"""Whether a call would ring: `busy` with a call of any kind, here or on a mobile; `unreachable` without a phone."""


class ToldForwarding(msgspec.Struct, frozen=True, gc=False):
    """Where calls go by the network or PBX that forwards them; `none` says that they are not."""

    kind: str
    target: str


class ToldRoaming(msgspec.Struct, frozen=True, gc=False):
    """Whether the mobile is in a foreign network, and in which."""

    abroad: bool
    country: str
    plmn: str


class ToldSource(msgspec.Struct, frozen=True, gc=False):
    """One of the facts a state was made of; `at` is since when, UTC epoch seconds."""

    name: str
    says: str
    at: float
    stale: bool


class ToldState(msgspec.Struct, frozen=True):
    """All that programs may be told of a person, but for where they are: that is looked up, and on record."""

    person: str
    name: str
    extension: str
    phone: Phone
    condition: str
    since: float
    back_at: float | None
    reason: str
    note: str
    sources: tuple[ToldSource, ...]
    forwarding: ToldForwarding | None
    private_number: bool | None
    roaming: ToldRoaming | None
    data_attached: bool | None


class States(msgspec.Struct, frozen=True, tag="states"):
    """States of people of a company, by its id: everybody's at first, then each that is another one."""

    company: str
    states: tuple[ToldState, ...]


class Everybody(msgspec.Struct, frozen=True, tag="everybody"):
    """All have been told; these, by company, are all there are. Again whenever companies have changed."""

    people: dict[str, tuple[str, ...]]


Told = States | Everybody
