"""Notices on their way: kept on disk until a webhook or a mail server has taken them, tried later and later."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import httpx
import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.lookups import SIGNATURE, signature
from lampfield.notices.notice import Notice
from lampfield.notices.wording import FALLBACK, labels
from lampfield.shown_url import shown
from lampfield.voicemail.mailer import Mailer, MailNotAccepted
from routing.model import Company
from routing.ports import Clock

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 2.0
LONGEST_RETRY_SECONDS = 600.0
GIVE_UP_SECONDS = 86_400.0
"""A notice that nobody has taken in a day is of no use any more."""
ANSWER_SECONDS = 10.0
"""What a webhook may take to answer."""
CANCEL_SECONDS = 0.2
AT_ONCE = 8
"""Notices that are sent at the same time."""
_KIND = "notice"


class Errand(msgspec.Struct, frozen=True):
    """A notice for one webhook or one mail address."""

    notice: Notice
    target: str
    """Name of the target."""
    webhook: str = ""
    secret_name: str = ""
    mail: str = ""

    @property
    def key(self) -> str:
        return f"{self.notice.id}/{self.target}/{'webhook' if self.webhook else 'mail'}"


class NotTaken(Exception):
    """The webhook or the mail server did not take it; the text says why."""


class NoticeOutbox:
    """Sends notices beside the calls. Each target gets each notice once, or again where an answer was lost."""

    def __init__(
        self,
        journal: Journal,
        secrets: Mapping[str, str],
        mailer: Mailer | None,
        clock: Clock,
        *,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
    ) -> None:
        self._journal = journal
        self._secrets = secrets
        self._mailer = mailer
        self._clock = clock
        self._first_retry = first_retry_seconds
        self._companies: dict[str, Company] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._client = httpx.AsyncClient(timeout=ANSWER_SECONDS, follow_redirects=False, trust_env=False)

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now; what is on its way goes where it was to go."""
        self._companies = {company.id: company for company in companies}

    def restore(self) -> int:
        """Go on with what an earlier run left; returns how many."""
        left = list(decoded(self._journal, _KIND, Errand))
        for errand in left:
            self._begin(errand)
        return len(left)

    async def close(self) -> None:
        """Leave the rest to the next run."""
        # Again and again: before Python 3.12 asyncio.wait_for, where the SMTP client waits, may swallow a cancellation.
        while tasks := list(self._tasks):
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
        await self._client.aclose()

    def __call__(self, notice: Notice) -> None:
        """Send a notice to all of its company who asked for its kind."""
        company = self._companies.get(notice.company)
        targets = company.notices.values() if company is not None else ()
        for target in targets:
            if notice.kind not in target.kinds:
                continue
            if target.webhook:
                self._send(Errand(notice, target.name, webhook=target.webhook, secret_name=target.secret_name))
            if target.mail:
                self._send(Errand(notice, target.name, mail=target.mail))

    def _send(self, errand: Errand) -> None:
        self._journal.put(_KIND, errand.key, msgspec.msgpack.encode(errand))
        self._begin(errand)

    def _begin(self, errand: Errand) -> None:
        task = asyncio.create_task(self._run(errand), name=f"notice {errand.key}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, errand: Errand) -> None:
        delay = self._first_retry
        deliver = self._post if errand.webhook else self._mail
        while True:
            try:
                async with self._turn:
                    await deliver(errand)
                break
            except NotTaken as fault:
                where = shown(errand.webhook) if errand.webhook else errand.mail
                if self._clock() - errand.notice.at > GIVE_UP_SECONDS:
                    log.error("notice %s: given up after a day, %s: %s", errand.notice.id, where, fault)
                    break
                log.warning("notice %s: not taken by %s, again in %.0f s: %s", errand.notice.id, where, delay, fault)
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_RETRY_SECONDS)
        self._journal.delete(_KIND, errand.key)

    async def _post(self, errand: Errand) -> None:
        body = msgspec.json.encode(errand.notice)
        headers = {"Content-Type": "application/json", "Lampfield-Notice": errand.notice.id}
        if errand.secret_name:
            secret = self._secrets.get(errand.secret_name)
            if secret is None:
                raise NotTaken(f"the server has no secret {errand.secret_name}")
            headers[SIGNATURE] = signature(secret, int(self._clock()), body)
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                self._client.stream("POST", errand.webhook, content=body, headers=headers) as answer,
            ):
                if not answer.is_success:
                    raise NotTaken(f"answered {answer.status_code}")
        except TimeoutError as fault:
            raise NotTaken(f"no answer within {ANSWER_SECONDS:.0f} s") from fault
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as fault:
            raise NotTaken(str(fault) or type(fault).__name__) from fault

    async def _mail(self, errand: Errand) -> None:
        if self._mailer is None:
            raise NotTaken("the configuration has no mail.host")
        try:
            company = self._companies.get(errand.notice.company)
            await self._mailer.send(mail_of(errand.notice, company, to=errand.mail, sender=self._mailer.sender))
        except MailNotAccepted as fault:
            raise NotTaken(str(fault)) from fault


def mail_of(notice: Notice, company: Company | None, *, to: str, sender: str) -> EmailMessage:
    """The notice as mail, for a company or one that is there no more.

    With the same Message-ID each time, so that one sent twice is known for the same.
    """
    mail = EmailMessage()
    # A caller's number comes from outside and must not begin a header line of its own.
    text = _one_line(notice.text)
    at = datetime.fromtimestamp(notice.at, ZoneInfo(company.time_zone) if company is not None else UTC)
    words = labels(company.language if company is not None else FALLBACK)
    mail["From"] = sender
    mail["To"] = to
    mail["Subject"] = f"{_one_line(company.name) if company is not None else notice.company}: {text}"
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<notice-{notice.id}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no holiday notice shall answer it
    known = {words.call: notice.call, words.queue: notice.queue, words.member: notice.member, words.box: notice.box}
    facts = "".join(f"{name}: {value}\n" for name, value in known.items() if value)
    mail.set_content(f"{text}.\n\n{words.at}: {at:%Y-%m-%d %H:%M:%S %Z}\n{facts}")
    return mail


def _one_line(text: str) -> str:
    return " ".join(text.split())
