"""Notices on their way to webhooks and mail addresses."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec
import pytest

from lampfield.config_sections import Mail
from lampfield.journal import Journal
from lampfield.notices.notice import Notice
from lampfield.notices.outbox import GIVE_UP_SECONDS, NoticeOutbox, mail_of
from lampfield.voicemail.mailer import Mailer, MailNotAccepted
from routing.model import Company, NoticeTarget
from tests.routing.nordlys import company
from tests.support.rude_server import RudeServer
from tests.support.virtual_time import now, run

HOUSE = company(queues={})
NOTICE = Notice(
    id="n1", company=HOUSE.id, kind="last-passive", at=1_795_000_000.0, text="Nobody is active", queue="sales"
)
SECRET = "a secret of the company"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal")
    journal.open()
    yield journal
    journal.close()


def asked(**target: str) -> Company:
    kinds = NoticeTarget("desk", ("last-passive",), **target)
    return msgspec.structs.replace(HOUSE, notices={"desk": kinds})


def answers(*statuses: int) -> Callable[[BaseHTTPRequestHandler], None]:
    """One status after the other; 200 when they are used up."""
    left = list(statuses)

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(left.pop(0) if left else 200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return reply


class Posting:
    """An outbox with short patience."""

    def __init__(self, journal: Journal, house: Company, now: float = NOTICE.at) -> None:
        self.outbox = NoticeOutbox(journal, {"desk": SECRET}, None, lambda: now, first_retry_seconds=0.02)
        self.outbox.configure([house])
        self._journal = journal

    async def until_empty(self) -> None:
        async with asyncio.timeout(10):
            await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name().startswith("notice ")))
        assert self._journal.load("notice") == {}

    def run(self, work: Callable[["Posting"], Coroutine[None, None, None]]) -> None:
        async def whole() -> None:
            try:
                await work(self)
            finally:
                await self.outbox.close()

        asyncio.run(whole())


async def post(posting: Posting) -> None:
    posting.outbox(NOTICE)
    await posting.until_empty()


def test_a_webhook_is_sent_the_notice_as_json_with_a_signature_it_can_check(journal: Journal) -> None:
    with RudeServer(answers()) as server:
        Posting(journal, asked(webhook=server.url, secret_name="desk")).run(post)
    ((_, headers, body),) = server.requests
    assert json.loads(body) == {
        **dict.fromkeys(("member", "call", "caller", "box"), ""),
        "id": "n1",
        "company": HOUSE.id,
        "kind": "last-passive",
        "at": NOTICE.at,
        "over": False,
        "text": "Nobody is active",
        "queue": "sales",
    }
    at, mac = (part.partition("=")[2] for part in headers["Lampfield-Signature"].split(","))
    assert mac == hmac.new(SECRET.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def test_what_is_not_taken_is_sent_again_as_the_same_notice_until_it_is(journal: Journal) -> None:
    with RudeServer(answers(503, 500, 302)) as server:
        Posting(journal, asked(webhook=server.url)).run(post)
    assert [headers["Lampfield-Notice"] for _, headers, _ in server.requests] == ["n1"] * 4
    assert len({body for _, _, body in server.requests}) == 1


def test_a_restart_goes_on_with_what_was_not_taken(journal: Journal) -> None:
    async def post_and_stop(posting: Posting) -> None:
        posting.outbox(NOTICE)

    async def go_on(posting: Posting) -> None:
        assert posting.outbox.restore() == 1
        await posting.until_empty()

    with RudeServer(answers()) as server:
        Posting(journal, asked(webhook=server.url)).run(post_and_stop)
        assert server.requests == []
        Posting(journal, HOUSE).run(go_on)
    assert len(server.requests) == 1


def test_a_notice_that_nobody_has_taken_in_a_day_is_given_up(journal: Journal) -> None:
    with RudeServer(answers(*[503] * 5)) as server:
        Posting(journal, asked(webhook=server.url), NOTICE.at + GIVE_UP_SECONDS + 1).run(post)
    assert len(server.requests) == 1


def test_a_webhook_whose_name_can_be_nobodys_is_tried_and_given_up_as_others_are(journal: Journal) -> None:
    Posting(journal, asked(webhook="http://desk..nordlys.example/"), now=NOTICE.at + 90_000).run(post)


class Deaf(Mailer):
    """Does not hear that it is cancelled, as the SMTP client's waiting may not before Python 3.12."""

    async def send(self, message: EmailMessage) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        raise MailNotAccepted("nobody is there")


def test_a_stop_waits_for_no_mail_that_does_not_hear_of_it(journal: Journal) -> None:
    async def scenario() -> None:
        outbox = NoticeOutbox(journal, {}, Deaf(Mail(sender="l@nordlys.example")), now)
        outbox.configure([asked(mail="desk@nordlys.example")])
        outbox(NOTICE)
        await asyncio.sleep(1)
        stopped_at = now()
        await outbox.close()
        assert now() - stopped_at < 5

    run(scenario(), start=NOTICE.at)
    assert len(journal.load("notice")) == 1, "it is left to the next run"


def test_who_did_not_ask_for_the_kind_is_told_nothing(journal: Journal) -> None:
    async def post_other(posting: Posting) -> None:
        posting.outbox(msgspec.structs.replace(NOTICE, kind="box-full"))
        assert journal.load("notice") == {}

    Posting(journal, asked(webhook="http://127.0.0.1:9/")).run(post_other)


def test_a_caller_cannot_write_header_lines_into_the_mail() -> None:
    notice = msgspec.structs.replace(NOTICE, text="sales has missed a call of x\r\nBcc: all@nordlys.example")
    mail = mail_of(notice, None, to="ingrid@nordlys.example", sender="lampfield@nordlys.example")
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("nordlys: sales has missed")
    assert mail["Message-ID"] == "<notice-n1@nordlys.example>"


def test_a_mail_tells_the_facts_in_the_language_and_the_time_of_the_company() -> None:
    mail = mail_of(NOTICE, HOUSE, to="ingrid@nordlys.example", sender="lampfield@nordlys.example")
    assert mail["Subject"] == "Nordlys A/S: Nobody is active"
    assert mail.get_content() == "Nobody is active.\n\ntidspunkt: 2026-11-18 12:06:40 CET\nkø: sales\n"


def test_a_webhook_that_takes_nothing_is_told_to_the_log_without_its_query(
    journal: Journal, caplog: pytest.LogCaptureFixture
) -> None:
    with RudeServer(answers(503, 200)) as server:
        Posting(journal, asked(webhook=f"{server.url}?key=hush")).run(post)
    assert f"not taken by {server.url}?..., again" in caplog.text
    assert "hush" not in caplog.text
