"""New messages are transcribed and mailed, whatever the mail server does meanwhile."""

import asyncio
import sys
import wave
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import Engine

from lampfield.config_sections import Mail, Voicemail
from lampfield.database import open_database, upgrade
from lampfield.voicemail.errands import Errands
from lampfield.voicemail.mail_text import mail_of
from lampfield.voicemail.mailer import Mailer
from lampfield.voicemail.transcription import Transcriber
from media.prompts.library import LANGUAGES
from routing.voicemail.postbox import Message
from tests.lampfield.voicemail.office import Office, until, with_boxes
from tests.routing.nordlys import company
from tests.support.mail_server import CERTIFICATE, HOST, PASSWORD, USER, Does, MailServer

ADDRESS = "anna@nordlys.example"
QUICK = {"timeout_seconds": 0.5, "username": USER, "password": PASSWORD}


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_database(f"sqlite:///{tmp_path / 'lampfield.sqlite3'}")
    upgrade(engine)
    return engine


class Postroom:
    """An office whose errands run, with short patience."""

    def __init__(
        self, state: Path, engine: Engine, mail: Mail | None = None, voicemail: Voicemail | None = None
    ) -> None:
        self.office = Office(state, engine, with_boxes(mail=ADDRESS))
        self.errands = Errands(
            self.office.store,
            self.office.journal,
            Transcriber(voicemail or Voicemail()),
            Mailer(mail) if mail is not None else None,
            retry_seconds=0.05,
        )
        self.office.store.on_accepted = self.errands.accepted
        self.errands.restore()

    def run(self, scenario: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        async def whole() -> Any:
            self.errands.start()
            try:
                return await scenario()
            finally:
                await self.errands.close()

        return asyncio.run(whole())

    async def leave(self) -> Message:
        return await self.office.leave()

    async def done(self, message: Message) -> None:
        await until(lambda: not self.errands.is_busy(message.id))

    async def leave_and_wait(self) -> Message:
        message = await self.leave()
        await self.done(message)
        return message


def mail_to(server: MailServer, **changes: Any) -> Mail:
    return Mail(**{"host": HOST, "port": server.port, "sender": "l@nordlys.example", "ca_file": CERTIFICATE, **changes})


def attachment(mail: EmailMessage) -> EmailMessage:
    (part,) = mail.iter_attachments()
    assert isinstance(part, EmailMessage)
    return part


# Mail


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_message_is_mailed_with_its_sound_over_tls(tmp_path: Path, engine: Engine, tls: Any) -> None:
    with MailServer(tls=tls) as server:
        postroom = Postroom(tmp_path, engine, mail_to(server, tls=tls, **QUICK | {"timeout_seconds": 5.0}))
        message = postroom.run(postroom.leave_and_wait)
    (mail,) = server.mails
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "Besked fra Kim +4540404040")
    assert mail["Message-ID"] == f"<{message.id}@nordlys.example>"
    sound = attachment(mail)
    assert sound.get_content_type() == "audio/wav"
    assert sound.get_content() == postroom.office.store.sound(message).read_bytes()
    assert postroom.office.journal.load("voicemail-errand") == {}


@pytest.mark.parametrize("trouble", [["refuse now"], ["refuse recipient"], ["stall"], ["drop"], ["drop", "stall"]])
def test_a_mail_that_is_not_accepted_is_sent_again_until_it_is(
    tmp_path: Path, engine: Engine, trouble: list[Does]
) -> None:
    with MailServer(*trouble) as server:
        postroom = Postroom(tmp_path, engine, mail_to(server, **QUICK))
        postroom.run(postroom.leave_and_wait)
    assert server.attempts == len(trouble) + 1
    assert len(server.mails) == 1


def test_a_mail_that_was_not_accepted_before_a_kill_is_sent_by_the_next_run(tmp_path: Path, engine: Engine) -> None:
    with MailServer("stall") as server:
        postroom = Postroom(tmp_path, engine, mail_to(server, **QUICK | {"timeout_seconds": 30.0}))

        async def killed_while_the_server_stalls() -> None:
            await postroom.leave()
            await asyncio.to_thread(server.wait_for, lambda: server.attempts == 1, "the first attempt")

        postroom.run(killed_while_the_server_stalls)
        postroom.office.killed()
        assert server.mails == []
        later = Postroom(tmp_path, engine, mail_to(server, **QUICK))

        async def mailed() -> None:
            await asyncio.to_thread(server.wait_for, lambda: len(server.mails) == 1, "the mail")
            (message,) = later.office.log
            await later.done(message)

        later.run(mailed)
    assert later.office.journal.load("voicemail-errand") == {}


def test_no_mail_goes_to_a_server_whose_certificate_is_not_trusted(
    tmp_path: Path, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with MailServer() as server:
        postroom = Postroom(tmp_path, engine, mail_to(server, **QUICK | {"ca_file": None}))

        async def left() -> None:
            message = await postroom.leave()
            await until(lambda: "certificate verify failed" in caplog.text)
            assert postroom.errands.is_busy(message.id)

        postroom.run(left)
    assert server.attempts == 0


def test_a_deleted_message_is_mailed_no_more(tmp_path: Path, engine: Engine) -> None:
    refused: list[Does] = ["refuse now"] * 1000
    with MailServer(*refused) as server:
        postroom = Postroom(tmp_path, engine, mail_to(server, **QUICK))

        async def deleted_after_the_first_attempt() -> None:
            message = await postroom.leave()
            await asyncio.to_thread(server.wait_for, lambda: server.attempts == 1, "the first attempt")
            postroom.office.store.delete(message, call="call-2", person="anna")
            await postroom.done(message)

        postroom.run(deleted_after_the_first_attempt)
    assert postroom.office.journal.load("voicemail-errand") == {}


def test_without_a_mail_server_nothing_waits(tmp_path: Path, engine: Engine) -> None:
    postroom = Postroom(tmp_path, engine)
    postroom.run(postroom.leave_and_wait)
    assert postroom.office.journal.load("voicemail-errand") == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_is_in_the_companys_language(language: str) -> None:
    house = company(language=language)
    message = Message("m1", house.id, "anna", "c", 1_800_000_000.0, "+4540404040", "Kim", 83.2, text="Ring mig.")
    mail = mail_of(message, house, b"RIFF", to=ADDRESS, sender="l@nordlys.example")
    body = mail.get_body()
    assert body is not None
    text = body.get_content()
    for part in ("Kim +4540404040", "Anna Holm", "1:23 min", "2027-01-15 09:00", "Ring mig."):
        assert part in text
    assert attachment(mail).get_filename() == "2027-01-15-0900-4540404040.wav"


@pytest.mark.parametrize(
    ("language", "subject", "begins"),
    [
        ("en", "Message from an unknown number", "An unknown number left a message of 12 s for Anna Holm"),
        ("da", "Besked fra et ukendt nummer", "Et ukendt nummer har lagt en besked"),
        ("nb", "Beskjed fra et ukjent nummer", "Et ukjent nummer la igjen en beskjed"),
        ("sv", "Meddelande från ett okänt nummer", "Ett okänt nummer lämnade ett meddelande"),
        ("de", "Nachricht von Unbekannt", "Unbekannt hat am 2027-01-15 09:00 eine Nachricht"),
    ],
)
def test_a_caller_without_a_number_is_named_as_the_language_has_it(language: str, subject: str, begins: str) -> None:
    message = Message("m1", "nordlys", "anna", "c", 1_800_000_000.0, "", "", 12.0)
    mail = mail_of(message, company(language=language), b"RIFF", to=ADDRESS, sender="l@nordlys.example")
    body = mail.get_body()
    assert body is not None
    assert mail["Subject"] == subject
    assert body.get_content().startswith(begins)


def test_a_callers_name_begins_no_header_of_its_own() -> None:
    message = Message("m1", "nordlys", "anna", "c", 1_800_000_000.0, "", "Kim\r\nBcc: all@example.com")
    mail = mail_of(message, company(), b"RIFF", to=ADDRESS, sender="l@nordlys.example")
    assert mail["Bcc"] is None
    assert "\n" not in mail["Subject"]


# Transcription

HEARS = "import sys, wave; print('it lasts', round(wave.open(sys.argv[1]).getparams().nframes / 8000), 's')"


def command(*words: str, seconds: float = 10.0) -> Voicemail:
    return Voicemail(transcription_command=words, transcription_seconds=seconds)


def test_the_text_of_a_command_is_kept_and_mailed(tmp_path: Path, engine: Engine) -> None:
    with MailServer() as server:
        postroom = Postroom(tmp_path, engine, mail_to(server, **QUICK), command(sys.executable, "-c", HEARS))
        message = postroom.run(postroom.leave_and_wait)
    kept = postroom.office.store.get(message.id)
    assert kept is not None
    assert kept.text == "it lasts 3 s"
    body = server.mails[0].get_body()
    assert body is not None
    assert "it lasts 3 s" in body.get_content()


@pytest.mark.parametrize(
    "broken",
    [
        command("/nowhere/whisper"),
        command(sys.executable, "-c", "import sys; print('half'); sys.exit(3)"),
        command(sys.executable, "-c", "import time; time.sleep(60)", seconds=0.2),
        Voicemail(transcription_url="http://127.0.0.1:1/", transcription_seconds=1.0),
    ],
    ids=["missing", "fails", "hangs", "server away"],
)
def test_a_transcription_that_fails_harms_nothing(tmp_path: Path, engine: Engine, broken: Voicemail) -> None:
    with MailServer() as server:
        postroom = Postroom(tmp_path, engine, mail_to(server, **QUICK), broken)
        message = postroom.run(postroom.leave_and_wait)
    assert len(server.mails) == 1
    kept = postroom.office.store.get(message.id)
    assert kept is not None
    assert kept.text == ""


@contextmanager
def transcriber(answer: bytes, content_type: str, status: int = 200) -> Iterator[tuple[str, list[bytes]]]:
    """A server that answers so; its URL and what it was sent."""
    sent: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/", sent
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "content_type", "status", "text"),
    [
        (b"Ring mig.\n", "text/plain; charset=utf-8", 200, "Ring mig."),
        (b'{"text": "Ring mig.", "language": "da"}', "application/json", 200, "Ring mig."),
        (b'{"error": "no"}', "application/json", 200, ""),
        ('{"text": "Ring til S\xf8ren."}'.encode("latin-1"), "application/json", 200, ""),
        (b'{"words": ' + b"[" * 10_000, "application/json", 200, ""),
        (b"try later", "text/plain", 503, ""),
        (b"x" * 200_000, "text/plain", 200, ""),
    ],
)
def test_a_server_is_sent_the_sound_and_answers_with_text_or_json(
    tmp_path: Path, engine: Engine, answer: bytes, content_type: str, status: int, text: str
) -> None:
    with transcriber(answer, content_type, status) as (url, sent):
        postroom = Postroom(tmp_path, engine, voicemail=Voicemail(transcription_url=url))
        message = postroom.run(postroom.leave_and_wait)
    assert postroom.office.journal.load("voicemail-errand") == {}, "it is done, and a mail would have gone"
    with wave.open(BytesIO(sent[0])) as sound:
        assert sound.getnframes() == 3 * 8000
    kept = postroom.office.store.get(message.id)
    assert kept is not None
    assert kept.text == text
