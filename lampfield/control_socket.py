"""The Unix socket by which the command line talks to the running server: one JSON request, JSON lines back."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from call_records.mended import mended
from lampfield.private_socket import private_socket

logger = logging.getLogger(__name__)

BACKLOG = 1000
"""Lines kept for a slow reader; the oldest go first."""
LONGEST_REQUEST = 1 << 20
"""Bytes of a request: what a program may name in a path of the API, each byte of it escaped."""
LONGEST_LINE = 1 << 28
"""Bytes of an answer: all people of a company, or all messages of a box, are one line."""


class ControlRequest(msgspec.Struct, frozen=True):
    """`verb` is what to do; `arguments` are its own."""

    verb: str
    arguments: dict[str, str] = {}


class Outbox:
    """Lines on their way to one client. A slow client loses the oldest and never holds anybody up."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(BACKLOG)
        self._empty = asyncio.Event()

    def put(self, item: Any) -> None:
        """Queue one item as a JSON line."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(_json(item) + b"\n")
        self._empty.clear()

    async def next(self) -> bytes:
        line = await self._queue.get()
        if self._queue.empty():
            self._empty.set()
        return line

    async def emptied(self) -> None:
        """Wait until everything put so far is on its way: who does so before each item never loses one."""
        if not self._queue.empty():
            await self._empty.wait()

    def rest(self) -> bytes:
        """Everything that waits still."""
        self._empty.set()
        return b"".join(self._queue.get_nowait() for _ in range(self._queue.qsize()))


def _json(item: Any) -> bytes:
    try:
        return msgspec.json.encode(item)
    except UnicodeEncodeError:
        # Of a call or a message that is told as it was sent.
        return msgspec.json.encode(mended(msgspec.to_builtins(item)))


Verb = Callable[[dict[str, str], Outbox], Awaitable[None]]
"""Serves one request: puts its lines into the outbox; the connection ends when it returns and the box is empty."""


class ControlServer:
    """Serves the verbs on a Unix socket that only this user may open (mode 0600)."""

    def __init__(self, path: Path, verbs: dict[str, Verb]) -> None:
        self._path = path
        self._verbs = verbs
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        bound = private_socket(self._path)
        self._server = await asyncio.start_unix_server(self._serve, sock=bound, limit=LONGEST_REQUEST)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        outbox = Outbox()
        try:
            request = await _request(reader)
            verb = self._verbs.get(request.verb)
            if verb is None:
                outbox.put({"error": f"verb = {request.verb!r}: expected one of {', '.join(sorted(self._verbs))}"})
                writer.write(await outbox.next())
                return
            await self._answer(verb, request, outbox, reader, writer)
        except msgspec.DecodeError as error:
            writer.write(msgspec.json.encode({"error": f"request: {error}"}) + b"\n")
        except (ConnectionError, BrokenPipeError):
            logger.debug("control: the client left")
        except asyncio.CancelledError:
            # asyncio would complain of a connection that ends cancelled, with a traceback at each stop of the server.
            logger.debug("control: the server stops")
        finally:
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            writer.close()

    @staticmethod
    async def _answer(
        verb: Verb,
        request: ControlRequest,
        outbox: Outbox,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        async def pump() -> None:
            while True:
                writer.write(await outbox.next())
                await writer.drain()

        pumping = asyncio.ensure_future(pump())
        serving = asyncio.ensure_future(verb(request.arguments, outbox))
        leaving = asyncio.ensure_future(reader.read())
        try:
            await asyncio.wait({serving, pumping, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()
                pumping.cancel()
                writer.write(outbox.rest())
        finally:
            for task in (serving, pumping, leaving):
                task.cancel()


async def _request(reader: asyncio.StreamReader) -> ControlRequest:
    """Raises msgspec.DecodeError."""
    try:
        line = await reader.readline()
    except ValueError:
        raise msgspec.DecodeError(f"expected at most {LONGEST_REQUEST} bytes") from None
    return msgspec.json.decode(line, type=ControlRequest)


async def converse(path: Path, verb: str, arguments: dict[str, str] | None = None) -> AsyncIterator[Any]:
    """Ask the running server and yield its answers as they come. Raises OSError when none runs."""
    async for line in lines(path, verb, arguments):
        yield msgspec.json.decode(line)


async def first_answer(path: Path, verb: str, arguments: dict[str, str] | None = None) -> Any:
    """The first answer of the running server. Raises OSError when none runs, or it goes away before."""
    async for said in converse(path, verb, arguments):
        return said
    raise ConnectionResetError(f"{path}: it has not answered")


async def lines(path: Path, verb: str, arguments: dict[str, str] | None = None) -> AsyncIterator[bytes]:
    """As `converse`, with each answer as JSON."""
    reader, writer = await asyncio.open_unix_connection(str(path), limit=LONGEST_LINE)
    try:
        writer.write(msgspec.json.encode(ControlRequest(verb, arguments or {})) + b"\n")
        await writer.drain()
        while line := await reader.readline():
            yield line
    finally:
        writer.close()
