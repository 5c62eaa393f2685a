"""`lampfield pin`: the number with which somebody is let in by telephone."""

import time
from typing import Annotated

import typer

from lampfield.cli.choosing import CompanyArgument, company_of, person_of
from lampfield.cli.database import database
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import give_up, out
from provisioning.pins import fault_of, new_pin, owner_of, set_pin
from routing.feature_codes import may_administer


def pin(
    company: CompanyArgument,
    owner: Annotated[
        str,
        typer.Argument(
            metavar="PERSON", help="The person's id or extension, or the name of a group's box.", show_default=False
        ),
    ],
    choose: Annotated[
        bool, typer.Option("--choose", help="Ask for a PIN instead of making one up; it is not shown.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Give a person, or a group's voicemail box, a new PIN and tell it, once.

    It opens the mailbox, and for administrators the recording of greetings. It is valid at once; the PIN that the
    person had is not valid any more.

    Examples: `lampfield pin nordlys ingrid`, `lampfield pin nordlys sales`
    """
    with database(configuration_of(config)) as engine:
        chosen = company_of(engine, company)
        whose = owner_of(chosen, owner) or person_of(chosen, owner).id
        found = chosen.people.get(whose)
        fresh = _asked() if choose else new_pin()
        with engine.begin() as connection:
            set_pin(connection, chosen.id, whose, fresh, time.time())
    told = "is set" if choose else f"{fresh}, told now and never again"
    if found is None:
        out().print(f"PIN of the box {owner}: {told}", soft_wrap=True)
        return
    out().print(f"PIN of {found.name} (extension {found.extension}): {told}", soft_wrap=True)
    if not may_administer(chosen, found):
        out().print(f"{found.name} is no administrator, so it opens the mailbox alone.", soft_wrap=True)


def _asked() -> str:
    fresh: str = typer.prompt("New PIN", hide_input=True, confirmation_prompt=True)
    if (fault := fault_of(fresh)) is not None:
        give_up(f"A PIN must be {fault}; nothing was changed")
    return fresh
