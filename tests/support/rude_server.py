"""An HTTP server on loopback that misbehaves to order."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

Reply = Callable[[BaseHTTPRequestHandler], None]
"""Answers a request, or does not."""


class RudeServer:
    """Answers each request as `reply` does; `requests` are those that came. Use as a context manager."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        """Path, headers and body."""
        self.ends = threading.Event()
        """Set when the server is stopped: a reply that waits for it is slow without end."""
        rude = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                rude.requests.append((self.path, dict(self.headers), body))
                self.close_connection = True
                rude.reply(self)

            do_GET = _take  # noqa: N815  named by http.server
            do_POST = _take  # noqa: N815

            def log_message(self, format: str, *arguments: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]  # who is cut off is no news
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ends.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


def says(body: bytes, status: int = 200, **headers: str) -> Reply:
    """A reply with this body; an underscore in a header's name is a hyphen."""

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply
