"""`lampfield serve`: binds the sockets, keeps media, signalling and the API running, and stops them cleanly.

The sockets outlive a crash of the signalling process: what phones send meanwhile waits in the kernel.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from lampfield.child import Child
from lampfield.configuration import Configuration
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
    """The children: the media engine first, so that signalling finds it; the API, where there is one, last."""

    def __init__(self, source: Path | None, configuration: Configuration) -> None:
        self._configuration = configuration
        state = configuration.state_directory
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sockets = [(listener, bind(listener)) for listener in listeners_of(configuration)]
        self._media = Child("media", "media.process", _media_arguments(configuration, state))
        descriptors = [bound.fileno() for _, bound in self._sockets]
        arguments = ["--config", str(source)] if source is not None else []
        for (listener, _), descriptor in zip(self._sockets, descriptors, strict=True):
            arguments += ["--socket", f"{listener}={descriptor}"]
        self._signalling = Child(
            "signalling", "lampfield.signalling", arguments, descriptors, first=["--upgrade-database"]
        )
        self._web = self._api(source)

    def _api(self, source: Path | None) -> Child | None:
        listen = self._configuration.web.listen
        if listen is None:
            return None
        listener = Listener("tcp", listen.host, listen.port)
        bound = bind(listener)
        self._sockets.append((listener, bound))
        arguments = ["--config", str(source)] if source is not None else []
        return Child("web", "lampfield.web_process", [*arguments, "--socket", str(bound.fileno())], [bound.fileno()])

    async def run(self, started: asyncio.Event | None = None) -> None:
        """Run until SIGTERM or SIGINT. Raises ChildFailed when a child cannot start."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._signalling.send_signal, signal.SIGHUP)
        try:
            await self._media.start()
            await self._signalling.start()
            if self._web is not None:
                await self._web.start()
            if started is not None:
                started.set()
            logger.info("ready: %s", ", ".join(str(listener) for listener, _ in self._sockets))
            children = (self._media, self._signalling, *([self._web] if self._web is not None else []))
            await _until(stop, [child.keep() for child in children])
        finally:
            if self._web is not None:
                await self._web.stop(GRACE_SECONDS)
            await self._signalling.stop(self._configuration.shutdown.drain_seconds + GRACE_SECONDS)
            await self._media.stop(GRACE_SECONDS)
            for _, bound in self._sockets:
                bound.close()


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


async def _until(stop: asyncio.Event, keepers: Sequence[Coroutine[Any, Any, None]]) -> None:
    tasks = [asyncio.ensure_future(keeper) for keeper in keepers]
    waiting = asyncio.ensure_future(stop.wait())
    await asyncio.wait({waiting, *tasks}, return_when=asyncio.FIRST_COMPLETED)
    for task in (waiting, *tasks):
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
