"""A mail server on loopback that accepts, refuses, stalls or drops, as the test says (aiosmtpd)."""

import asyncio
import ssl
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import free_port

HOST = "localhost"
DATA = Path(__file__).parents[1] / "data" / "mail"
CERTIFICATE = DATA / "certificate.pem"
USER, PASSWORD = "lampfield", "secret-of-mail"

Does = Literal["accept", "refuse recipient", "refuse now", "stall", "drop"]


class MailServer:
    """Use as a context manager. `does` says how each attempt is met; when it is used up, mails are accepted."""

    def __init__(self, *does: Does, tls: Literal["starttls", "implicit", "none"] = "starttls") -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.attempts = 0
        self._does = list(does)
        self._arrived = threading.Condition()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(CERTIFICATE, DATA / "key.pem")
        options: dict[str, Any] = {}
        if tls == "starttls":
            options = {"tls_context": context, "require_starttls": True}
        if tls != "none":
            options |= {"authenticator": _authenticated, "auth_require_tls": tls == "starttls"}
        self._auth_wanted = tls != "none"
        self._controller = Controller(
            self, hostname=HOST, port=self.port, ssl_context=context if tls == "implicit" else None, **options
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    def settings(self) -> dict[str, Any]:
        """Its part of a configuration of Lampfield's."""
        return {"host": HOST, "port": self.port, "sender": "lampfield@nordlys.example", "ca_file": str(CERTIFICATE)}

    def wait_for(self, condition: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
        with self._arrived:
            assert self._arrived.wait_for(condition, seconds), f"{what} did not happen: {self.attempts} attempts"

    # What aiosmtpd calls.

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._auth_wanted and not session.authenticated:
            return "530 5.7.0 who are you?"
        with self._arrived:
            self.attempts += 1
            self._now: Does = self._does.pop(0) if self._does else "accept"
            self._arrived.notify_all()
        if self._now == "refuse recipient":
            return "550 5.1.1 nobody here"
        if self._now == "drop":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._now == "stall":
            await asyncio.get_running_loop().create_future()
        if self._now == "refuse now":
            return "451 4.3.0 try again later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        with self._arrived:
            self.mails.append(mail)
            self._arrived.notify_all()
        return "250 OK"


def _authenticated(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right)
