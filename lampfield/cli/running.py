"""Talking to the server that runs now."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from lampfield.cli.terminal import give_up
from lampfield.configuration import Configuration
from lampfield.control_socket import converse, first_answer
from lampfield.supervisor import control_path

PATIENCE_SECONDS = 30.0
"""How long a command waits for a server that is to read what has changed."""


def follow(
    configuration: Configuration,
    verb: str,
    arguments: dict[str, str],
    show: Callable[[Any], None],
    *,
    socket: Callable[[Path], Path] = control_path,
    once: bool = False,
) -> None:
    """Ask the running server and show each of its answers, until it ends or Ctrl-C. Status 1 when none runs.

    With `once` the first answer is enough.
    `socket` says which process is asked: signalling, unless it is another's.
    """
    path = socket(configuration.state_directory)
    try:
        asyncio.run(_follow(converse(path, verb, arguments), show, once=once))
    except KeyboardInterrupt:
        return
    except OSError as error:
        give_up(no_server(path, error))


def ask(configuration: Configuration, verb: str, arguments: dict[str, str]) -> Any:
    """What the running server answers to one question. Status 1 when none runs, or it ends meanwhile."""
    path = control_path(configuration.state_directory)
    try:
        return _good(asyncio.run(first_answer(path, verb, arguments)))
    except OSError as error:
        give_up(no_server(path, error))


def tell_company_changed(configuration: Configuration) -> str:
    """Have the running server take over what was written to the database; what it says, or that none runs."""
    return _tell(configuration, "reload")


def tell_sounds_changed(configuration: Configuration) -> str:
    """As `tell_company_changed`, where only sounds have changed."""
    return _tell(configuration, "sounds")


def _tell(configuration: Configuration, verb: str) -> str:
    return asyncio.run(tell_to_read(control_path(configuration.state_directory), verb, PATIENCE_SECONDS))


async def tell_to_read(path: Path, verb: str, seconds: float) -> str:
    """Have a server read what has changed; what it says within so many seconds, or why it says nothing."""
    try:
        async with asyncio.timeout(seconds):
            return f"The running server: {await first_answer(path, verb)}"
    except TimeoutError:
        return (
            f"The running server has not answered within {seconds:g} s, it is busy. This is in the database, and the "
            "server takes it over as soon as it gets to it, or when it is started again."
        )
    except OSError:
        return "No server runs now; it will find this when it starts."


def no_server(path: Path, error: OSError) -> str:
    """What to tell when the running server cannot be reached."""
    if isinstance(error, PermissionError):
        return f"{path}: only the user that runs Lampfield may open it"
    return (
        f"{path}: no Lampfield answers there. Start it with `lampfield serve`, or name its configuration with --config"
    )


async def _follow(answers: AsyncIterator[Any], show: Callable[[Any], None], *, once: bool) -> None:
    async for answer in answers:
        show(_good(answer))
        if once:
            return


def _good(answer: Any) -> Any:
    """The answer; ends the command where it says what is wrong."""
    if isinstance(answer, dict) and "error" in answer:
        give_up(answer["error"])
    return answer
