"""The process of API and pages: HTTP on a socket that the supervisor bound, signalling behind the control socket.

Started by the supervisor as `python -m lampfield.web_process`. It holds nothing that a call needs.
"""

import argparse
import asyncio
import logging
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
import uvicorn
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from call_records.missed_calls import MissedCall, mark_handled, missed_calls
from lampfield.access_log import AccessTable
from lampfield.configuration import Configuration
from lampfield.control_socket import first_answer, lines
from lampfield.database import open_database
from lampfield.database_threads import DatabaseThreads
from lampfield.handed_over import configuration_of, take_configuration
from lampfield.life_line import say_ready, show_life
from lampfield.logs import start_logging
from lampfield.pin_attempts import PinAttempts
from lampfield.pin_table import PinTable
from lampfield.sound_library.company_sounds import CompanySounds, NewSound
from lampfield.sound_library.company_sounds import SoundRefused as NotAllowed
from lampfield.sound_library.limits import SoundLimits
from lampfield.standing_request_table import StandingRequestTable
from lampfield.supervisor import control_path
from lampfield.webhook_poster import HttpPoster
from media.uploads import UploadRefused
from provisioning.company_rows import load_companies
from provisioning.sound_shelf import SoundEntry, SoundShelf
from provisioning.standing_requests import Webhook
from provisioning.tokens import Client, client_named, client_of
from routing.model import Company
from web.app import create_app
from web.backend import DatabaseAway, SignallingAway, SoundRefused
from web.deliveries import Couriers
from web.open_streams import OpenStreams
from web.pages.app import create_pages
from web.pages.rendering import Renderer
from web.rate_limit import RateLimit
from web.state_boards import StateBoards
from web.status_interface import StatusInterface
from web.told_state import Told
from web.when_free import FreeDesk

logger = logging.getLogger(__name__)

T = TypeVar("T")

ANSWER_SECONDS = 10.0
"""How long signalling may take for one question."""
LIST_SECONDS = 30.0
"""How long the database may take for a list of calls."""
THREADS = 8
"""Of the database."""
AGAIN_SECONDS = 0.2
"""Between two attempts to follow states while signalling is away."""
RESTORE_SECONDS = 2.0
"""Between two attempts to read what clients have asked for while the database is away."""
MOST_FROM_SOCKET = 4096
"""Bytes of a message over WebSocket; clients have nothing to say."""
GRACE_SECONDS = 3
"""How long a stop waits for answers that are being given."""


class ControlLine:
    """Fulfils `web.backend.Signalling` by the control socket."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def ask(self, verb: str, arguments: dict[str, str]) -> Any:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await first_answer(self._path, verb, arguments)
        except OSError as error:  # TimeoutError is one
            raise SignallingAway("it does not answer") from error


async def follow_states(path: Path, boards: StateBoards) -> None:
    """Keep the boards by what signalling tells on the control socket, until cancelled."""
    while True:
        try:
            async for line in lines(path, "follow-states"):
                boards.take(msgspec.json.decode(line, type=Told))
        except (OSError, ValueError) as error:
            logger.debug("states: signalling is away: %s", error)
        boards.away()
        await asyncio.sleep(AGAIN_SECONDS)


class ApiServer(uvicorn.Server):
    """Ends streams first when it is to stop, else each would be waited for."""

    def __init__(self, config: uvicorn.Config, boards: StateBoards) -> None:
        super().__init__(config)
        self._boards = boards

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._boards.close()
        await super().shutdown(sockets)


class TokenTable:
    """Fulfils `web.backend.Clients` by the database."""

    def __init__(self, database: DatabaseThreads) -> None:
        self._database = database

    async def find(self, token: str) -> Client | None:
        return await self._look(lambda connection: client_of(connection, token))

    async def named(self, company: str, name: str) -> Client | None:
        return await self._look(lambda connection: client_named(connection, company, name))

    async def _look(self, find: Callable[[Connection], Client | None]) -> Client | None:
        try:
            return await self._database.ask(find)
        except SQLAlchemyError as error:
            raise DatabaseAway from error


class MissedCallList:
    """Fulfils `web.backend.MissedCalls` by the log of events."""

    def __init__(self, engine: Engine, database: DatabaseThreads) -> None:
        self._engine = engine
        self._database = database

    async def of(self, company: str, queue: str, since: float) -> list[MissedCall]:
        return await self._do(lambda: missed_calls(self._engine, self._company(company), queue, since))

    async def handled(self, company: str, queue: str, number: str, by: str, at: float, since: float) -> bool:
        return await self._do(
            lambda: mark_handled(self._engine, self._company(company), queue, number, by=by, at=at, since=since)
        )

    def _company(self, company: str) -> Company:
        with self._engine.connect() as connection:
            return load_companies(connection, company)[company]

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await self._database.run(work, LIST_SECONDS)
        except SQLAlchemyError as error:
            raise DatabaseAway from error


class SoundLibraries:
    """Fulfils `web.backend.Sounds`."""

    def __init__(
        self, database: DatabaseThreads, state_directory: Path, limits: SoundLimits, clock: Callable[[], float]
    ) -> None:
        self._database = database
        self._state_directory = state_directory
        self._limits = limits
        self._clock = clock

    @property
    def most_bytes(self) -> int:
        return self._limits.upload.bytes

    async def shelf(self, company: str) -> SoundShelf:
        try:
            return await self._of(company).shelf()
        except SQLAlchemyError as error:
            raise DatabaseAway from error

    async def add(
        self,
        company: str,
        name: str,
        source: Path,
        *,
        made_by: str,
        kind: Literal["greeting", "prompt"],
        number: int | None,
        original_name: str,
    ) -> SoundEntry:
        new = NewSound(
            name=name,
            source=source,
            made_by=made_by,
            made_at=self._clock(),
            kind=kind,
            number=number,
            original_name=original_name,
        )
        try:
            return await self._of(company).add(new)
        except UploadRefused as refused:
            raise SoundRefused(f"{original_name}: {refused.why}") from refused
        except NotAllowed as refused:
            raise SoundRefused(str(refused)) from refused
        except SQLAlchemyError as error:
            raise DatabaseAway from error

    async def remove(self, company: str, name: str) -> None:
        try:
            await self._of(company).remove(name)
        except NotAllowed as refused:
            raise SoundRefused(str(refused)) from refused
        except SQLAlchemyError as error:
            raise DatabaseAway from error

    def _of(self, company: str) -> CompanySounds:
        return CompanySounds(self._database, self._state_directory, company, self._limits)


async def serve(configuration: Configuration, bound: socket.socket, ready: int | None) -> None:
    """Serve HTTP until SIGTERM."""
    engine = open_database(configuration.database_url)
    state = configuration.state_directory
    database = DatabaseThreads(engine, THREADS)
    boards, clients, kept = StateBoards(time.time), TokenTable(database), StandingRequestTable(database)
    poster = HttpPoster(configuration.web.private_webhooks, time.time)
    couriers = Couriers(boards, poster, clients, kept, time.time)
    free = FreeDesk(boards, kept, time.time)
    streams = OpenStreams(configuration.web.streams_per_token)
    limit = RateLimit(configuration.web.requests_per_minute, time.monotonic)
    pins = PinTable(database, time.time)
    log = AccessTable(database, configuration.web.accesses_days, time.time)
    app = create_app(
        ControlLine(control_path(state)),
        clients,
        SoundLibraries(database, state, configuration.own_sounds.limits, time.time),
        MissedCallList(engine, database),
        pins,
        StatusInterface(boards, couriers, free, streams, log, poster.fault, time.time),
        limit,
        create_pages(Renderer(), clients, pins, PinAttempts(), limit, time.monotonic),
    )
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ws_max_size=MOST_FROM_SOCKET,
        ssl_certfile=configuration.web.certificate,
        ssl_keyfile=configuration.web.key,
    )
    # The socket listens since the supervisor bound it: who connects from here on is served.
    say_ready(ready)
    works = [
        follow_states(control_path(state), boards),
        restore(kept, couriers, free),
        free.run(),
        log.run(),
        show_life(ready),
    ]
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await ApiServer(settings, boards).serve([bound])
    finally:
        for task in tasks:
            task.cancel()
        couriers.close()
        await poster.close()
        await log.flush()
        engine.dispose()


async def restore(kept: StandingRequestTable, couriers: Couriers, free: FreeDesk) -> None:
    """Go on with what clients have asked for in earlier runs, as soon as the database answers."""
    while True:
        try:
            for request in await kept.load():
                if isinstance(request, Webhook):
                    couriers.restore(request)
                else:
                    free.restore(request)
        except DatabaseAway:
            await asyncio.sleep(RESTORE_SECONDS)
        else:
            return


def main() -> None:
    """The process's entry."""
    parser = argparse.ArgumentParser(prog="lampfield.web_process")
    take_configuration(parser)
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--ready-fd", type=int)
    arguments = parser.parse_args()
    configuration = configuration_of(arguments)
    start_logging(configuration.log.level)
    asyncio.run(serve(configuration, socket.socket(fileno=arguments.socket), arguments.ready_fd))


if __name__ == "__main__":
    main()
