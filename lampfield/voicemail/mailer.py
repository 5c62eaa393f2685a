"""Mail by SMTP (RFC 5321), with TLS (RFC 3207, RFC 8314 §3.3)."""

import asyncio
import ssl
from email.message import EmailMessage

import aiosmtplib

from lampfield.config_sections import Mail

WHOLE_DELIVERY = 4
"""A delivery as a whole may take so many times what one answer of the mail server may."""


class MailNotAccepted(Exception):
    """The mail server did not take a mail; the text says why."""


class Mailer:
    """Hands mails to the mail server of the configuration."""

    def __init__(self, mail: Mail) -> None:
        self._mail = mail

    @property
    def sender(self) -> str:
        assert self._mail.sender is not None, "checked with the configuration"
        return self._mail.sender

    async def send(self, message: EmailMessage) -> None:
        """Return when the server has accepted the mail. Raises MailNotAccepted."""
        mail = self._mail
        context = None
        try:
            if mail.tls != "none":
                context = ssl.create_default_context(cafile=mail.ca_file)
            async with asyncio.timeout(WHOLE_DELIVERY * mail.timeout_seconds):
                await aiosmtplib.send(
                    message,
                    hostname=mail.host,
                    port=mail.port,
                    username=mail.username,
                    password=mail.password or None,
                    use_tls=mail.tls == "implicit",
                    start_tls=mail.tls == "starttls",
                    tls_context=context,
                    timeout=mail.timeout_seconds,
                )
        except (aiosmtplib.SMTPException, OSError, ValueError) as fault:
            raise MailNotAccepted(str(fault) or type(fault).__name__) from fault
