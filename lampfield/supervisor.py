"""`lampfield serve`: binds the sockets, keeps media, signalling, the API and the adapters running, stops them cleanly.

The sockets outlive a crash of the signalling process: what phones send meanwhile waits in the kernel. So does the
memory with what its journal and its records had not on disk yet.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any

from lampfield.child import Child
from lampfield.configuration import Configuration, ListenAddress
from lampfield.handed_over import HandedOver
from lampfield.life_line import BEAT_SECONDS
from lampfield.service_manager import ServiceManager
from lampfield.tail import Tails, make_tail
from sipcore.io.listener import Listener, bind

logger = logging.getLogger(__name__)

GRACE_SECONDS = 10.0
"""What a child is given beyond the drain time before it is killed."""


def listeners_of(configuration: Configuration) -> list[Listener]:
    """The SIP listeners that the configuration names."""
    return [
        Listener("tcp" if address.transport == "tcp" else "udp", address.host, address.port)
        for address in configuration.sip.listen
    ]


class Supervisor:
    """The children: the media engine first, so that signalling finds it; then the API and adapters, where there are."""

    def __init__(self, source: Path | None, configuration: Configuration) -> None:
        self._configuration = configuration
        self._manager = ServiceManager()
        state = configuration.state_directory
        try:
            state.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(f"state_directory = {state} cannot be made: {error.strerror}") from error
        self._sockets = [(listener, bind(listener)) for listener in listeners_of(configuration)]
        silent_seconds = configuration.restart.silent_seconds
        self._media = Child(
            "media", "media.process", _media_arguments(configuration, state), silent_seconds=silent_seconds
        )
        self._tails = {name: make_tail(name) for name in Tails._fields}
        self._handed = HandedOver(source)
        descriptors = [*self._handed.descriptors, *self._tails.values()]
        descriptors += [bound.fileno() for _, bound in self._sockets]
        arguments = self._handed.arguments
        for name, descriptor in self._tails.items():
            arguments += ["--tail", f"{name}={descriptor}"]
        for listener, bound in self._sockets:
            arguments += ["--socket", f"{listener}={bound.fileno()}"]
        self._signalling = Child(
            "signalling",
            "lampfield.signalling",
            arguments,
            descriptors,
            first=["--upgrade-database"],
            spare=configuration.restart.spare,
            silent_seconds=silent_seconds,
        )
        self._others = [*self._api(), *self._adapters()]

    def _api(self) -> Iterator[Child]:
        listen = self._configuration.web.listen
        if listen is not None:
            yield self._listening("web", "lampfield.web_process", listen)

    def _adapters(self) -> Iterator[Child]:
        if self._configuration.adapters:
            yield self._listening("adapters", "lampfield.adapters_process", self._configuration.webhooks.listen)

    def _listening(self, name: str, module: str, listen: ListenAddress | None) -> Child:
        """A child that answers HTTP at an address, if there is one."""
        arguments, descriptors = self._handed.arguments, [*self._handed.descriptors]
        if listen is not None:
            listener = Listener("tcp", listen.host, listen.port)
            bound = bind(listener)
            self._sockets.append((listener, bound))
            arguments += ["--socket", str(bound.fileno())]
            descriptors.append(bound.fileno())
        return Child(name, module, arguments, descriptors, silent_seconds=self._configuration.restart.silent_seconds)

    async def run(self, started: asyncio.Event | None = None) -> None:
        """Run until SIGTERM or SIGINT, of which a second one gives calls no more time to end.

        Raises ChildFailed when a child cannot start.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop, stop)
        loop.add_signal_handler(signal.SIGHUP, self._signalling.send_signal, signal.SIGHUP)
        try:
            await _until(stop, [self._start()])
            if stop.is_set():
                return
            if started is not None:
                started.set()
            listening = ", ".join(str(listener) for listener, _ in self._sockets)
            logger.info("ready: %s", listening)
            self._manager.ready(f"serves {listening}")
            keepers = [child.keep() for child in (self._media, self._signalling, *self._others)]
            await _until(stop, [*keepers, self._tell_of_database(f"serves {listening}")])
        finally:
            self._manager.stopping()
            for child in self._others:
                await child.stop(GRACE_SECONDS)
            await self._signalling.stop(self._configuration.shutdown.drain_seconds + GRACE_SECONDS)
            await self._media.stop(GRACE_SECONDS)
            for _, bound in self._sockets:
                bound.close()
            for descriptor in self._tails.values():
                os.close(descriptor)
            self._handed.close()

    async def _start(self) -> None:
        for child in (self._media, self._signalling, *self._others):
            await child.start()

    async def _tell_of_database(self, serves: str) -> None:
        """Have the service manager know while signalling goes by what it has read last."""
        told = False
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            if told != self._signalling.lacks_database:
                told = not told
                self._manager.status(f"{serves}, without the database: by the companies read last" if told else serves)

    def _told_to_stop(self, stop: asyncio.Event) -> None:
        if stop.is_set():
            self._signalling.send_signal(signal.SIGTERM)
        stop.set()


def _media_arguments(configuration: Configuration, state: Path) -> Sequence[str]:
    media = configuration.media
    return [
        "--control",
        str(media_control(state)),
        "--ports",
        f"{media.ports.first}-{media.ports.last}",
    ]


def media_control(state: Path) -> Path:
    """The Unix socket of the media engine."""
    return state / "media.sock"


def control_path(state: Path) -> Path:
    """The Unix socket of the signalling process, for the command line."""
    return state / "control.sock"


def reports_path(state: Path) -> Path:
    """The Unix socket of the signalling process for the adapters' reports."""
    return state / "reports.sock"


def adapters_path(state: Path) -> Path:
    """The Unix socket of the adapters, for the command line."""
    return state / "adapters.sock"


async def _until(stop: asyncio.Event, keepers: Sequence[Coroutine[Any, Any, None]]) -> None:
    tasks = [asyncio.ensure_future(keeper) for keeper in keepers]
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, *tasks):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
