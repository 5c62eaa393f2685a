"""An operator's feed as an adapter. What comes is read record by record; one that is of no use harms no other."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode, urlsplit

import msgspec

from provisioning.problems import Problems
from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.facts import NobodyMeant, whom
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.http_client import Answer, HttpClient, SourceFault, basic, refusal
from status_adapters.matching import Ambiguous, People
from status_adapters.means import Means
from status_adapters.operator.documents import Document, Record, UnreadableFeed, read_document
from status_adapters.operator.reading import UnreadableRecord, facts_of
from status_adapters.operator.settings import OperatorSettings
from status_adapters.signature import HEADER, BadSignature, Signatures

CURSOR = "cursor"
AT_A_TIME = 200
"""Records that are read before other adapters have their turn again."""
PATIENCE_SECONDS = 15.0
"""How much longer than it was asked to a server may wait."""
SHORTEST_SECONDS = 0.2
"""Between two questions of a long-poll whose server does not wait."""


class OperatorFeed:
    """One operator's feed."""

    def __init__(self, name: str, settings: OperatorSettings, means: Means) -> None:
        self._name = name
        self._settings = settings
        self._means = means
        self._source = f"{settings.source}:{name}"
        self._mapping = settings.layout(Problems())
        self._secret = means.secret(settings.secret_name)
        self._signatures = Signatures(self._secret, settings.window_seconds)
        self._people = People()
        self._running: tuple[Report, Health] | None = None

    @property
    def name(self) -> str:
        return self._name

    def watch(self, people: Iterable[Watched]) -> None:
        self._people = People(people)

    async def run(self, report: Report, health: Health) -> None:
        """Ask again and again, or wait for what is sent. Raises SourceFault, UnreadableFeed."""
        self._running = report, health
        try:
            if self._settings.mode == "push":
                health.logged_in()
                await asyncio.get_running_loop().create_future()
            async with HttpClient(self._means) as client:
                while True:
                    await self._ask(client, report, health)
        finally:
            self._running = None

    async def _ask(self, client: HttpClient, report: Report, health: Health) -> None:
        settings, layout = self._settings, self._mapping.layout
        cursor = (self._means.memory.get(CURSOR) or b"").decode()
        parameters = {layout.cursor_parameter: cursor} if cursor else {}
        patience = PATIENCE_SECONDS
        if settings.mode == "long-poll":
            parameters[layout.wait_parameter] = f"{settings.wait_seconds:g}"
            patience += settings.wait_seconds
        asked = self._means.clock()
        answer = await self._request(client, parameters, patience)
        document = read_document(answer.body, answer.headers, layout)
        health.logged_in()
        await self._take(document.records, report, health)
        self._remember(document)
        if settings.mode == "poll":
            await asyncio.sleep(settings.every_seconds)
        elif self._means.clock() - asked < SHORTEST_SECONDS:
            await asyncio.sleep(SHORTEST_SECONDS)

    async def _request(self, client: HttpClient, parameters: Mapping[str, str], patience: float) -> Answer:
        settings = self._settings
        login = basic(settings.username, self._secret) if settings.username else f"Bearer {self._secret}"
        joint = "&" if urlsplit(settings.url).query else "?"
        url = f"{settings.url}{joint}{urlencode(parameters)}" if parameters else settings.url
        answer = await client.request("GET", url, headers={"Authorization": login}, timeout=patience)
        if answer.status != 200:
            raise refusal(answer, "the feed")
        return answer

    def _remember(self, document: Document) -> None:
        """Keep where the feed is to go on; after the reports, so that it is on disk no sooner than they are."""
        cursor = document.cursor
        theirs = self._mapping.fields.get("sequence", "")
        if not self._mapping.layout.cursor and theirs:
            sequences = [int(value) for record in document.records if (value := record.get(theirs, "")).isdecimal()]
            cursor = str(max(sequences)) if sequences else ""
        if cursor:
            self._means.memory.put(CURSOR, cursor.encode())

    async def _take(self, records: Sequence[Record], report: Report, health: Health) -> int:
        """Report what can be; how many records that were."""
        taken = 0
        for index, record in enumerate(records, start=1):
            if index % AT_A_TIME == 0:
                await asyncio.sleep(0)
            try:
                facts = facts_of(record, self._mapping)
                report(facts.report(whom(facts, self._people), self._source, self._means.clock()))
                taken += 1
            except UnreadableRecord as fault:
                health.wrong("unreadable", str(fault))
            except NobodyMeant as fault:
                health.wrong(fault.what, str(fault))
            except Ambiguous as fault:
                health.wrong("ambiguous", str(fault))
        return taken

    async def hooked(self, request: HookRequest) -> HookAnswer:
        """Take a push: 200 where the document could be read, else the sender would send all of it again."""
        if self._settings.mode != "push" or self._running is None:
            return HookAnswer(503, "try again later", headers={"retry-after": "5"})
        if request.method != "POST":
            return HookAnswer(405, "expected POST", headers={"allow": "POST"})
        try:
            self._signatures.check(request.header(HEADER), request.body, request.at)
            document = read_document(request.body, request.headers, self._mapping.layout)
        except BadSignature as bad:
            return HookAnswer(401, str(bad))
        except UnreadableFeed as fault:
            return HookAnswer(400, str(fault))
        taken = await self._take(document.records, *self._running)
        told = {"taken": taken, "passed over": len(document.records) - taken}
        return HookAnswer(200, msgspec.json.encode(told).decode(), "application/json")

    async def test(self, person: Watched) -> list[Finding]:
        """Ask for one person's state, where the feed can be asked."""
        number = next(iter(person.numbers), "")
        named = Finding("number", bool(number), number or f"{person.presentity} has no number")
        if self._settings.mode == "push":
            url = self._means.hook_url
            return [named, Finding("listening", bool(url), f"pushes come to {url or 'nowhere'}")]
        parameters = {self._mapping.layout.number_parameter: number} if number else {}
        try:
            async with HttpClient(self._means) as client:
                answer = await self._request(client, parameters, PATIENCE_SECONDS)
            logged_in = Finding("log-in", True, f"{self._settings.url} lets us in")
            document = read_document(answer.body, answer.headers, self._mapping.layout)
        except SourceFault as fault:
            return [named, Finding("log-in", False, str(fault))]
        except UnreadableFeed as fault:
            return [named, logged_in, Finding("document", False, str(fault))]
        read = Finding("document", True, f"{len(document.records)} records in {self._mapping.layout.format}")
        return [named, logged_in, read, self._found(document.records, person)]

    def _found(self, records: Sequence[Record], person: Watched) -> Finding:
        people = People([person])
        fault = "no record of this person"
        for record in reversed(records):
            try:
                facts = facts_of(record, self._mapping)
                whom(facts, people)
                return Finding("person", True, _shown(facts))
            except UnreadableRecord as unreadable:
                fault = str(unreadable)
            except (NobodyMeant, Ambiguous):
                continue
        return Finding("person", False, fault)


def _shown(facts: msgspec.Struct) -> str:
    """What is told of somebody, in one line; not where they are."""
    told = msgspec.to_builtins(facts)
    for name in ("latitude", "longitude", "accuracy"):
        told.pop(name)
    return ", ".join(f"{name} {value}" for name, value in told.items() if value not in (None, ""))
