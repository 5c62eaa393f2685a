"""The process of the status adapters: what other systems know of people, reported to signalling.

Started by the supervisor as `python -m lampfield.process lampfield.adapters_process`. No call needs it.
"""

import argparse
import asyncio
import logging
import random
import secrets
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

import msgspec
import uvicorn

from lampfield.adapters.desk import AdapterDesk, UnknownAdapter
from lampfield.adapters.hooks import HookServer
from lampfield.adapters.line import ReportLine
from lampfield.configuration import Configuration
from lampfield.control_socket import ControlServer, Outbox
from lampfield.handed_over import configuration_of, take_configuration
from lampfield.journal import Journal
from lampfield.life_line import say_ready, show_life
from lampfield.logs import start_logging
from lampfield.supervisor import adapters_path, reports_path
from status_adapters.turns import Turns

logger = logging.getLogger("lampfield.adapters")

GRACE_SECONDS = 3
"""How long a stop waits for answers that are being given."""


class HookListener(uvicorn.Server):
    """The HTTP server; signals are the process's business."""

    def install_signal_handlers(self) -> None:
        """Leave them as they are."""


async def serve(configuration: Configuration, sockets: Sequence[socket.socket], ready: int | None) -> None:
    """Run all adapters until SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    state = configuration.state_directory
    journal = Journal(state / "adapters-journal")
    journal.open()
    dice = random.Random()
    desk = AdapterDesk(
        configuration.adapters,
        {name: secret.value for name, secret in configuration.secrets.items()},
        journal,
        time.time,
        lambda: secrets.token_urlsafe(24),
        dice,
        public_url=configuration.webhooks.url,
    )
    control = ControlServer(adapters_path(state), {"test": lambda asked, outbox: _test(desk, asked, outbox)})
    await control.start()
    works = [
        desk.run(),
        ReportLine(reports_path(state), desk, time.time, dice).run(),
        Turns().watch(),
        show_life(ready),
    ]
    if sockets:
        works.append(_hooks(configuration, desk, sockets))
    tasks = [asyncio.ensure_future(work) for work in works]
    say_ready(ready)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (stopping, *tasks):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await control.stop()
        await loop.run_in_executor(None, journal.close)


async def _hooks(configuration: Configuration, desk: AdapterDesk, sockets: Sequence[socket.socket]) -> None:
    webhooks = configuration.webhooks
    app = HookServer(desk, time.time, most_bytes=webhooks.max_bytes, per_second=webhooks.requests_per_second)
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    await HookListener(settings).serve(list(sockets))


async def _test(desk: AdapterDesk, asked: dict[str, str], outbox: Outbox) -> None:
    """Try the adapter `name` and one `person`; each finding is a line."""
    try:
        findings = await desk.test(asked.get("name", ""), asked.get("person", ""))
    except UnknownAdapter as unknown:
        outbox.put({"error": f"name = {asked.get('name', '')!r}: expected {unknown}"})
        return
    for finding in findings:
        outbox.put(msgspec.to_builtins(finding))


def main() -> None:
    """The process's entry."""
    parser = argparse.ArgumentParser(prog="lampfield.adapters_process")
    take_configuration(parser)
    parser.add_argument("--socket", action="append", default=[], type=int)
    parser.add_argument("--ready-fd", type=int)
    arguments = parser.parse_args()
    configuration = configuration_of(arguments)
    start_logging(configuration.log.level)
    try:
        sockets = [socket.socket(fileno=number) for number in arguments.socket]
        asyncio.run(serve(configuration, sockets, arguments.ready_fd))
    except OSError as error:
        logger.error("adapters cannot run: %s", error)
        sys.exit(1)


if __name__ == "__main__":
    main()
