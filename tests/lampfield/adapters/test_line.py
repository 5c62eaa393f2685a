"""Adapters and signalling over their line: nothing accepted is lost, whoever begins anew; people and states told."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from lampfield.adapters.configured import AdapterSection
from lampfield.adapters.desk import AdapterDesk
from lampfield.adapters.hooks import HookServer
from lampfield.adapters.intake import Intake
from lampfield.adapters.line import ReportLine
from lampfield.journal import Journal
from lampfield.presence.lamps import Lamps
from presence_pidf.dialog_state import DialogState
from presence_pidf.status_report import Activity, StatusReport
from routing.model import Company, Person
from sipcore.notifier import NotifierConfig
from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.means import Means
from status_adapters.registry import AdapterKind
from status_adapters.signature import HEADER, header_of
from status_adapters.webhook import KIND as WEBHOOK
from status_adapters.webhook.settings import WebhookSettings
from tests.support.virtual_time import now, run

SECRET = "of tests"
ANNA = "sip:anna@nordlys.example"


def company(*people: Person) -> Company:
    return Company(
        id="nordlys",
        name="Nordlys",
        domain="nordlys.example",
        country="NO",
        time_zone="Europe/Oslo",
        language="nb",
        people={person.id: person for person in people},
        main_numbers={},
        hours={},
        menus={},
        queues={},
    )


PEOPLE = company(
    Person("anna", "Anna", "201", mobile="+4740506070", mail="anna@nordlys.example"), Person("bjorn", "Bjørn", "202")
)


class Mouth:
    """An adapter that says what the test says, and hears what people do."""

    def __init__(self, name: str, settings: object, means: Means) -> None:
        self.name = name
        self.watched: list[Watched] = []
        self.told: list[tuple[str, str]] = []
        self.report: Report = lambda report: None
        self.began = asyncio.Event()
        self.changed = asyncio.Event()

    async def run(self, report: Report, health: Health) -> None:
        self.report = report
        health.logged_in()
        self.began.set()
        await asyncio.get_running_loop().create_future()

    def watch(self, people: Iterable[Watched]) -> None:
        self.watched = list(people)
        self.changed.set()

    async def test(self, person: Watched) -> list[Finding]:
        return [Finding("person", True, f"{person.presentity} {SECRET}")]

    def tell(self, presentity: str, activity: str, note: str, since: float) -> None:
        self.told.append((presentity, activity))
        self.changed.set()

    def say(self, activity: Activity, at: float | None = None) -> None:
        moment = now() if at is None else at
        self.report(StatusReport(presentity=ANNA, source=f"mobile:{self.name}", activity=activity, at=moment))

    async def until_told(self, told: tuple[str, str]) -> None:
        while told not in self.told:
            self.changed.clear()
            await self.changed.wait()


class Signalling:
    """Lamps with an intake, as signalling has them."""

    def __init__(self, path: Path, consents: Callable[[str], Mapping[str, bool]]) -> None:
        tokens = iter(range(10_000))
        self.lamps = Lamps(lambda: f"t{next(tokens)}", [PEOPLE], NotifierConfig(), now)
        self.woken = asyncio.Event()
        self.intake = Intake(path, self.lamps, now, self.woken.set, consents)
        self.intake.configure([PEOPLE])

    async def until_shown(self, condition: str) -> None:
        while self.condition != condition:
            self.woken.clear()
            await self.woken.wait()

    @property
    def condition(self) -> str:
        state = self.lamps.state(ANNA)
        assert state is not None
        return state.condition


class Office:
    """A desk with the adapters `mouth` and `hook`, and its line."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "reports.sock"
        self.journal = Journal(folder / "journal")
        self.journal.open()
        sections = {
            "mouth": AdapterSection("mouth", "mouth", AdapterKind(WebhookSettings, Mouth), WebhookSettings("s")),
            "hook": AdapterSection("hook", "webhook", WEBHOOK, WebhookSettings("s", "mobile")),
        }
        dice = random.Random(1)
        self.desk = AdapterDesk(sections, {"s": SECRET}, self.journal, now, lambda: "t", dice, public_url="http://x")
        self.line = ReportLine(self.path, self.desk, now, dice)

    @property
    def mouth(self) -> Mouth:
        adapter = self.desk.named("mouth").adapter
        assert isinstance(adapter, Mouth)
        return adapter


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[Office]:
    opened = Office(folder)
    tasks = [asyncio.ensure_future(opened.desk.run()), asyncio.ensure_future(opened.line.run())]
    await opened.mouth.began.wait()
    try:
        yield opened
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(opened.journal.close)


@asynccontextmanager
async def signalling(
    folder: Path, consents: Callable[[str], Mapping[str, bool]] = lambda presentity: {}
) -> AsyncIterator[Signalling]:
    opened = Signalling(folder / "reports.sock", consents)
    await opened.intake.start()
    try:
        yield opened
    finally:
        await opened.intake.stop()


async def known(opened: Office) -> None:
    """Wait until the adapters know whom to watch."""
    while not opened.mouth.watched:
        opened.mouth.changed.clear()
        await opened.mouth.changed.wait()


def test_adapters_are_told_whom_to_watch_also_when_companies_change(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with signalling(tmp_path) as server, office(tmp_path) as opened:
            await known(opened)
            anna = opened.mouth.watched[0]
            assert anna == Watched(ANNA, ("+4740506070",), "anna@nordlys.example", "Europe/Oslo", "nb")
            opened.mouth.watched = []
            server.intake.configure([company(Person("carl", "Carl", "203"))])
            await known(opened)
            assert [person.presentity for person in opened.mouth.watched] == ["sip:carl@nordlys.example"]

    run(scenario())


def test_a_report_is_shown_and_how_adapters_are_is_known(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with signalling(tmp_path) as server, office(tmp_path) as opened:
            await known(opened)
            opened.mouth.say("on-the-phone")
            await server.until_shown("talking")
            await asyncio.sleep(2)
            assert {each.name: each.standing for each in server.intake.adapters} == {
                "mouth": "logged-in",
                "hook": "logged-in",
            }
            assert server.intake.became == {"shown": 1}

    run(scenario())


def test_what_was_said_before_signalling_began_anew_is_told_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with office(tmp_path) as opened:
            async with signalling(tmp_path) as server:
                await known(opened)
                opened.mouth.say("meeting")
                await server.until_shown("meeting")
            opened.mouth.say("on-the-phone", now() + 1)
            async with signalling(tmp_path) as server:
                await server.until_shown("talking")

    run(scenario())


def test_what_was_accepted_outlives_the_process_of_the_adapters(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with signalling(tmp_path) as first, office(tmp_path) as opened:
            await known(opened)
            opened.mouth.say("meeting")
            await first.until_shown("meeting")
        async with office(tmp_path), signalling(tmp_path) as second:
            await second.until_shown("meeting")

    run(scenario())


def test_own_calls_are_told_out_and_what_others_say_is_not(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with signalling(tmp_path) as server, office(tmp_path) as opened:
            await known(opened)
            await opened.mouth.until_told((ANNA, "available"))
            opened.mouth.say("meeting")
            await server.until_shown("meeting")
            opened.mouth.told.clear()
            call = DialogState("d1", "recipient", "confirmed", started=now())
            server.lamps.dialog_changed(ANNA, call, now())
            await opened.mouth.until_told((ANNA, "on-the-phone"))
            assert (ANNA, "meeting") not in opened.mouth.told

    run(scenario())


def test_a_trial_tells_no_secret(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with signalling(tmp_path), office(tmp_path) as opened:
            await known(opened)
            (finding,) = await opened.desk.test("mouth", "anna@nordlys.example")
            assert finding.said == f"{ANNA} ***"
            (unknown,) = await opened.desk.test("mouth", "nobody@nordlys.example")
            assert not unknown.ok

    run(scenario())


@asynccontextmanager
async def hooks(opened: Office, per_second: int = 100) -> AsyncIterator[httpx.AsyncClient]:
    app = HookServer(opened.desk, now, most_bytes=1000, per_second=per_second)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
        yield client


def test_a_report_that_comes_before_it_is_known_who_there_is_is_to_be_sent_again(tmp_path: Path) -> None:
    body = b'{"number": "40506070", "activity": "busy"}'

    async def scenario() -> None:
        async with office(tmp_path) as opened, hooks(opened) as client:
            answer = await client.post("/hooks/hook", content=body, headers=signed(body, now()))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
            async with signalling(tmp_path):
                while (answer := await client.post("/hooks/hook", content=body, headers=signed(body, now()))).is_error:
                    assert answer.status_code == 503
                    await asyncio.sleep(0.1)
                assert answer.json()["taken"] == 1

    run(scenario())


def signed(body: bytes, at: float) -> dict[str, str]:
    return {HEADER: header_of(SECRET, int(at), body)}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b'{"number": "40506070", "activity": "busy"}', 200, '{"taken":1,"refused":[]}'),
        (b'{"mail": "Anna@Nordlys.example", "activity": "busy"}', 200, '{"taken":1,"refused":[]}'),
        (b'[{"person": "anna@nordlys.example", "activity": "busy"}, {"number": "1"}]', 200, "nobody is known by 1"),
        (b'{"number": "40506070", "activity": "dancing"}', 422, "Invalid enum value"),
        (b'{"number": "40506070", "latitude": "north"}', 422, "latitude"),
        (b'{"number": "40506070", "colour": 1}', 422, "colour"),
        (b'{"number": "40506070", "at": "0001-01-01T00:00:00+23:59"}', 200, '{"taken":1,"refused":[]}'),
        (b'{"number": "40506070", "at": "yesterday"}', 422, "at"),
        (b'{"activity": "busy"}', 422, "one of person, number and mail"),
        (
            '[{"number": "40506070"}, {"number": "40506070", "note": "K\xf8benhavn"}]'.encode("latin-1"),
            200,
            '"index":1',
        ),
        ('{"number": "40506070", "note": "K\xf8benhavn"}'.encode("latin-1"), 422, "utf-8"),
        (b'{"number": ' + b"[" * 900, 400, "expected JSON"),
        (b"\xff\xfe", 400, "expected JSON"),
        (b"[" * 900, 400, "expected JSON"),
        (b" " * 1001, 413, "more than 1000 bytes"),
    ],
)
def test_what_a_webhook_sends_is_taken_or_refused_with_the_reason(
    tmp_path: Path, body: bytes, status: int, said: str
) -> None:
    async def scenario() -> None:
        async with signalling(tmp_path), office(tmp_path) as opened, hooks(opened) as client:
            await known(opened)
            answer = await client.post("/hooks/hook", content=body, headers=signed(body, now()))
            assert answer.status_code == status
            assert said in answer.text

    run(scenario())


def test_hooks_of_a_flood_are_refused_and_counted_and_others_go_on(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with signalling(tmp_path) as server, office(tmp_path) as opened, hooks(opened, 5) as client:
            await known(opened)
            answers = [(await client.post("/hooks/hook", content=b"{}")).status_code for _ in range(50)]
            assert answers.count(401) == 5
            assert answers.count(429) == 45
            assert opened.desk.named("hook").figures().counts["hooks over the limit"] == 45
            opened.mouth.say("busy")
            await server.until_shown("busy")

    run(scenario())


def test_nobody_learns_by_hooks_what_adapters_there_are(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with signalling(tmp_path), office(tmp_path) as opened, hooks(opened) as client:
            assert (
                (await client.post("/hooks/other")).status_code
                == (await client.post("/hooks/mouth")).status_code
                == 503
            )
            await known(opened)
            assert (await client.post("/hooks/other")).text == "there is no such adapter"
            assert (await client.post("/hooks/mouth")).status_code == 404
            assert (await client.get("/")).status_code == 404

    run(scenario())


def test_consents_are_told_to_adapters_soon_and_many_at_once(tmp_path: Path) -> None:
    async def scenario() -> None:
        said: dict[str, bool] = {}
        async with (
            signalling(tmp_path, consents=lambda presentity: said if presentity == ANNA else {}) as server,
            office(tmp_path) as opened,
        ):
            await known(opened)
            assert [person.consents for person in opened.mouth.watched] == [{}, {}]
            begin = now()
            opened.mouth.changed.clear()
            for purpose in ("roaming", "location"):
                said[purpose] = True
                server.intake.consents_changed()
            await opened.mouth.changed.wait()
            assert [person.consents for person in opened.mouth.watched] == [{"roaming": True, "location": True}, {}]
            assert now() - begin < 1

    run(scenario())
