"""A command that has changed something tells the server that runs, and tells people what came of that."""

import asyncio
from pathlib import Path

from lampfield.cli.running import tell_to_read
from lampfield.control_socket import ControlServer, Outbox
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN

PATIENCE = 15.0


async def telling(folder: Path, verb: str, seconds: float) -> str:
    async def read(arguments: dict[str, str], outbox: Outbox) -> None:
        outbox.put("companies read anew: nordlys.example")

    async def be_busy(arguments: dict[str, str], outbox: Outbox) -> None:
        await asyncio.get_running_loop().create_future()

    server = ControlServer(folder / "control.sock", {"read": read, "be-busy": be_busy})
    await server.start()
    try:
        return await tell_to_read(folder / "control.sock", verb, seconds)
    finally:
        await server.stop()


def test_what_the_server_says_is_told(tmp_path: Path) -> None:
    told = asyncio.run(telling(tmp_path, "read", PATIENCE))
    assert told == "The running server: companies read anew: nordlys.example"


def test_a_server_that_is_busy_is_not_told_to_be_none(tmp_path: Path) -> None:
    told = asyncio.run(telling(tmp_path, "be-busy", 0.05))
    assert "has not answered within 0.05 s" in told
    assert "takes it over" in told
    assert "No server runs" not in told


def test_where_no_server_runs_this_is_told(tmp_path: Path) -> None:
    assert asyncio.run(tell_to_read(tmp_path / "control.sock", "reload", PATIENCE)).startswith("No server runs now")


def test_the_server_reads_also_when_who_asked_has_left(tmp_path: Path) -> None:
    with Exchange(tmp_path / "exchange") as exchange:

        async def ask_and_leave() -> None:
            parts = exchange.parts
            before = parts.door.directory.companies[DOMAIN]
            await parts.control.start()
            path = parts.configuration.state_directory / "control.sock"
            _, writer = await asyncio.open_unix_connection(str(path))
            writer.write(b'{"verb": "reload"}\n')
            writer.close()
            while parts.door.directory.companies[DOMAIN] is before:
                await asyncio.to_thread(lambda: None)
            await parts.control.stop()

        exchange.run(asyncio.wait_for(ask_and_leave(), 3600))
