"""A webhook that takes facts as JSON: one object, or a list of them."""

import asyncio
from collections.abc import Iterable

import msgspec

from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.facts import Facts, NobodyMeant, whom
from status_adapters.foreign_json import NO_JSON
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.matching import Ambiguous, People
from status_adapters.means import Means
from status_adapters.signature import HEADER, BadSignature, Signatures
from status_adapters.webhook.settings import WebhookSettings

MOST_FACTS = 10_000
"""In one request."""
AT_A_TIME = 200
"""Facts that are read before other adapters have their turn again."""
MOST_REFUSALS = 100
"""That are told in one answer."""


class Refusal(msgspec.Struct, frozen=True):
    """A fact that was not taken."""

    index: int
    expected: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a request."""

    taken: int
    refused: list[Refusal]


class Webhook:
    """One webhook. It has no log-in: it is there as long as it listens."""

    def __init__(self, name: str, settings: WebhookSettings, means: Means) -> None:
        self._name = name
        self._source = f"{settings.source}:{name}"
        self._url = means.hook_url
        self._signatures = Signatures(means.secret(settings.secret_name), settings.window_seconds)
        self._people = People()
        self._running: tuple[Report, Health] | None = None

    @property
    def name(self) -> str:
        return self._name

    async def run(self, report: Report, health: Health) -> None:
        self._running = report, health
        health.logged_in()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = None

    def watch(self, people: Iterable[Watched]) -> None:
        self._people = People(people)

    async def test(self, person: Watched) -> list[Finding]:
        listening = Finding("listening", bool(self._url), f"requests come to {self._url or 'nowhere'}")
        return [listening, Finding("person", True, f"{person.presentity}: {', '.join(person.numbers) or 'no number'}")]

    async def hooked(self, request: HookRequest) -> HookAnswer:
        """Take facts: 200 where at least one was taken, and what was wrong with each of the others."""
        if request.method != "POST":
            return HookAnswer(405, "expected POST", headers={"allow": "POST"})
        if self._running is None:
            return HookAnswer(503, "try again later", headers={"retry-after": "5"})
        try:
            self._signatures.check(request.header(HEADER), request.body, request.at)
            records = _records(request.body)
        except BadSignature as bad:
            return HookAnswer(401, str(bad))
        except NO_JSON as error:
            return HookAnswer(400, f"expected JSON: {error}")
        if len(records) > MOST_FACTS:
            return HookAnswer(413, f"{len(records)} reports: expected at most {MOST_FACTS}")
        outcome = await self._take(records, request.at, *self._running)
        status = 200 if outcome.taken or not records else 422
        return HookAnswer(status, msgspec.json.encode(outcome).decode(), "application/json")

    async def _take(self, records: list[msgspec.Raw], came: float, report: Report, health: Health) -> Outcome:
        taken = 0
        refused: list[Refusal] = []
        for index, record in enumerate(records):
            if index % AT_A_TIME == AT_A_TIME - 1:
                await asyncio.sleep(0)
            try:
                facts = msgspec.json.decode(record, type=Facts)
                report(facts.report(whom(facts, self._people), self._source, came))
                taken += 1
            except (*NO_JSON, NobodyMeant, Ambiguous) as fault:
                health.wrong(_sort(fault), str(fault))
                if len(refused) < MOST_REFUSALS:
                    refused.append(Refusal(index, str(fault)))
        return Outcome(taken, refused)


def _sort(fault: Exception) -> str:
    """What a refusal is counted as."""
    if isinstance(fault, NobodyMeant):
        return fault.what
    return "ambiguous" if isinstance(fault, Ambiguous) else "unreadable"


def _records(body: bytes) -> list[msgspec.Raw]:
    """The facts of a request, not yet read. Raises what NO_JSON says."""
    if body.lstrip()[:1] == b"[":
        return msgspec.json.decode(body, type=list[msgspec.Raw])
    return [msgspec.json.decode(body, type=msgspec.Raw)]
