"""`lampfield voicemail`: messages in boxes, as the database has them; the running server is told of what changes."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.table import Table
from sqlalchemy import Engine

from lampfield.cli.choosing import CompanyArgument, company_of, unknown
from lampfield.cli.database import database
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.sound_desk import minutes
from lampfield.cli.terminal import give_up, out
from lampfield.configuration import Configuration
from lampfield.control_socket import first_answer
from lampfield.supervisor import control_path
from lampfield.voicemail.folders import Folders
from lampfield.voicemail.table import read_messages, write_messages
from routing.model import Company
from routing.voicemail.postbox import Message

app = typer.Typer(help="Voicemail boxes and their messages.", no_args_is_help=True)

BoxArgument = Annotated[
    str, typer.Argument(metavar="BOX", help="Name of the box: the person's id or the queue.", show_default=False)
]
MessageArgument = Annotated[
    str,
    typer.Argument(
        metavar="MESSAGE", help="Id of the message as `lampfield voicemail list` tells it.", show_default=False
    ),
]


@app.command("list")
def list_command(company: CompanyArgument, box: BoxArgument, config: ConfigOption = None) -> None:
    """Show the messages of a box, oldest first.

    Example: `lampfield voicemail list nordlys anna`
    """
    with database(configuration_of(config)) as engine:
        chosen = company_of(engine, company)
        messages = _messages(engine, chosen, box)
    table = Table("message", "left", "from", "length", "state", "text")
    for message in messages:
        length, state = minutes(message.seconds), _state(message)
        table.add_row(message.id, _when(message, chosen), _caller(message), length, state, message.text)
    out().print(table if messages else f"There are no messages for {box}")


@app.command("play-info")
def play_info_command(
    company: CompanyArgument, box: BoxArgument, message: MessageArgument, config: ConfigOption = None
) -> None:
    """Tell all that is known of a message, and the file that holds its sound (WAV).

    Example: `lampfield voicemail play-info nordlys anna 5f0c2a`
    """
    configuration = configuration_of(config)
    with database(configuration) as engine:
        chosen = company_of(engine, company)
        found = _message(_messages(engine, chosen, box), message)
    for what, value in (
        ("message", found.id),
        ("left", _when(found, chosen)),
        ("from", _caller(found)),
        ("length", minutes(found.seconds)),
        ("state", _state(found)),
        ("call", found.call),
        ("file", str(Folders(configuration.state_directory / "voicemail").sound(found))),
        ("text", found.text),
    ):
        if value:
            out().print(f"{what:8} {value}", soft_wrap=True)


@app.command("delete")
def delete_command(
    company: CompanyArgument, box: BoxArgument, message: MessageArgument, config: ConfigOption = None
) -> None:
    """Delete a message; its sound is removed after an hour.

    Example: `lampfield voicemail delete nordlys anna 5f0c2a`
    """
    configuration = configuration_of(config)
    with database(configuration) as engine:
        found = _message(_messages(engine, company_of(engine, company), box), message)
        if not _deleted_by_server(configuration, found):
            write_messages(engine, [msgspec.structs.replace(found, deleted_at=time.time())])
    out().print(f"{found.id} is deleted")


def _messages(engine: Engine, company: Company, box: str) -> list[Message]:
    if box not in company.boxes:
        unknown("box", box, company.boxes)
    return [message for message in read_messages(engine, company.id, box) if message.deleted_at is None]


def _message(messages: Sequence[Message], named: str) -> Message:
    """The message whose id is, or begins with, what was named."""
    found = [message for message in messages if message.id.startswith(named)]
    if len(found) > 1:
        give_up(f"Several messages begin with {named}: {', '.join(message.id for message in found)}")
    return found[0] if found else unknown("message", named, [message.id for message in messages])


def _deleted_by_server(configuration: Configuration, message: Message) -> bool:
    """Have the running server delete it, so that the lamps know; False where none runs."""

    async def ask() -> object:
        async with asyncio.timeout(30):
            path = control_path(configuration.state_directory)
            return await first_answer(path, "voicemail-delete", {"message": message.id})

    try:
        answer = asyncio.run(ask())
    except OSError:
        return False
    if isinstance(answer, dict):
        give_up(answer["error"])
    return True


def _when(message: Message, company: Company) -> str:
    return datetime.fromtimestamp(message.at, ZoneInfo(company.time_zone)).strftime("%Y-%m-%d %H:%M:%S")


def _caller(message: Message) -> str:
    return " ".join(filter(None, (message.caller_name, message.caller_number))) or "unknown"


def _state(message: Message) -> str:
    state = "new" if message.is_new else "heard"
    return f"{state}, saved" if message.saved else state
