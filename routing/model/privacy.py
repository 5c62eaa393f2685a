"""Who sees what of whom on lamps."""

from typing import Literal, get_args

import msgspec

Detail = Literal["busy", "state", "callers", "notes", "location"]
"""What may be seen of a person.

`busy`: free, busy or gone, no more. `state`: also ringing, on hold, do not disturb, forwarded, in a meeting. `callers`:
names and numbers of the other party. `notes`: what a calendar or the person says about it. `location`: where.
"""
DETAILS: tuple[Detail, ...] = get_args(Detail)


class Role(msgspec.Struct, frozen=True):
    """People who see other things than their colleagues do."""

    people: tuple[str, ...]
    """Ids."""
    group: tuple[Detail, ...] | None = None
    """None: as everybody in the company."""
    company: tuple[Detail, ...] | None = None


class Privacy(msgspec.Struct, frozen=True):
    """What the people of a company see of each other; nothing at all is an empty tuple."""

    group: tuple[Detail, ...] = ("state", "callers", "notes")
    """Of those with whom they share a queue or a pickup group."""
    company: tuple[Detail, ...] = ("state",)
    """Of everybody else."""
    roles: dict[str, Role] = {}
    """What people of a role see instead; with several roles all of it."""
