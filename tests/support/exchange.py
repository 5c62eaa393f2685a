"""All of signalling in virtual time, with phones in the same event loop and an engine that notes who hears whom."""

import asyncio
import tomllib
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import tomli_w

from lampfield.beginning import Beginning
from lampfield.configuration import load
from lampfield.database import open_database, upgrade
from lampfield.kept_picture import KeptPicture
from lampfield.parts import Parts
from provisioning.accounts import new_password
from provisioning.company_file import read_company
from provisioning.company_import import import_company
from provisioning.picture import read_picture
from provisioning.problems import Problems
from routing.events import CallEvent
from sipcore.io.listener import Listener
from tests.support.clips import make_clips
from tests.support.fake_engine import FakeEngine
from tests.support.ports import free_port
from tests.support.server import CLIPS, DOMAIN, EXAMPLE, OUTSIDE, merged
from tests.support.virtual_phone import Line, VirtualPhone
from tests.support.virtual_time import VirtualTimeLoop

T = TypeVar("T")
E = TypeVar("E", bound=CallEvent)


class Exchange:
    """The server of the example company; use as a context manager. Tests run one after the other in its loop."""

    def __init__(
        self, folder: Path, *, company: Mapping[str, Any] | None = None, settings: Mapping[str, Any] | None = None
    ) -> None:
        self._folder = folder
        self._company = company or {}
        self._settings = settings or {}
        self._outside_port = free_port()
        self.events: list[CallEvent] = []
        """Of all calls of the test."""
        self.phones: dict[str, VirtualPhone] = {}

    def __enter__(self) -> Self:
        make_clips(tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))["company"]["language"])
        self._loops = asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(limit=10_000_000.0))
        self._loops.run(self._begin())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loops.run(self._end())
        self._loops.close()

    async def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        configuration = load(self._write_files())
        database = open_database(configuration.database_url)
        kept = KeptPicture(configuration.state_directory / "companies", configuration.database_url)
        self.parts = parts = Parts(configuration, loop.now, Beginning(database, kept, read_picture(database)))
        self.engine = FakeEngine(self._folder / "engine")
        self.engine.begin()
        await parts.media.connect(self.engine.path)
        parts.records.start()
        parts.park_lamps.configure(parts.door.directory.companies.values())
        await parts.spares.begin()
        await parts.endpoint.listen([Listener("udp", "127.0.0.1", 0)])
        (listening,) = parts.endpoint.listening
        self.address = listening.host, listening.port
        parts.events.follow(self.events.append)
        parts.begun.set()

    async def _end(self) -> None:
        parts = self.parts
        parts.houses.close()
        await parts.endpoint.close()
        parts.spares.close()
        await parts.media.disconnect()
        await parts.clips.close()
        self.engine.close()
        parts.journal.close()
        parts.records.stop()
        parts.database.dispose()

    def _write_files(self) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        company = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
        for number in company["main_numbers"].values():
            number.pop("hours")
        company["company"]["limits"] = {"shortest_ring_seconds": 1}
        settings = {
            "state_directory": "state",
            "sip": {"authentication": False},
            "media": {"clips": str(CLIPS)},
            "trunks": {"outside": {"kind": "address", "host": OUTSIDE, "port": self._outside_port}},
        }
        file = self._folder / "lampfield.toml"
        file.write_text(tomli_w.dumps(merged(settings, self._settings)), encoding="utf-8")
        (self._folder / "company.toml").write_text(tomli_w.dumps(merged(company, self._company)), encoding="utf-8")
        configuration = load(file)
        configuration.state_directory.mkdir(exist_ok=True)
        database = open_database(configuration.database_url)
        upgrade(database)
        problems = Problems()
        import_company(database, read_company(self._folder / "company.toml", problems), new_password=new_password)
        assert not problems, problems.sentences
        database.dispose()
        return file

    # For tests

    def run(self, test: Coroutine[Any, Any, T]) -> T:
        """Run a test to its end, with all phones gone and nothing left of its calls."""
        return self._loops.run(self._alone(test))

    async def _alone(self, test: Coroutine[Any, Any, T]) -> T:
        self.events.clear()
        self.phones.clear()
        self.engine.refused.clear()
        try:
            result = await test
        finally:
            for phone in self.phones.values():
                for line in phone.lines:
                    line.hang_up()
            await asyncio.sleep(60)
            for phone in self.phones.values():
                await phone.stop()
        await asyncio.sleep(60)
        self.assert_nothing_is_left()
        return result

    def assert_nothing_is_left(self) -> None:
        """No call, no leg, no lit lamp, no session of the stack, no queue with somebody in it."""
        parts = self.parts
        assert parts.switchboard.calls == 0
        assert not parts.legs.live()
        counts = parts.stack.counts()
        assert not any(counts[name] for name in ("sessions", "dialogs", "referrals")), counts
        lit = {name: state.dialogs for name, state in parts.lamps.people(DOMAIN).items() if state.dialogs}
        assert not lit
        house = parts.houses.of_domain(DOMAIN)
        assert house is not None
        for runner in house.queues.values():
            assert not runner.state.callers
            assert not runner.state.offers
            assert not runner.state.talks
        assert not self.engine.refused
        joined = [session for session in self.engine.sessions.values() if session.remote is not None]
        assert not joined, "an RTP session was left open"

    async def phone(self, person: str) -> VirtualPhone:
        """A registered phone of a person; a second one for who has one already."""
        phone = VirtualPhone(person, self.address)
        await phone.start()
        self.phones[f"{person} {len(self.phones)}"] = phone
        return phone

    async def outside(self, number: str = "+4540123456") -> VirtualPhone:
        """Somebody in the telephone network, behind the trunk."""
        phone = VirtualPhone(number, self.address)
        await phone.start(OUTSIDE, self._outside_port, register=False)
        self.phones[f"{number} {len(self.phones)}"] = phone
        return phone

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def hears(self, line: Line) -> str:
        """Whom or what a phone hears: a user, `music`, a prompt, or `nothing`."""
        heard = self.engine.heard_by(line.rtp)
        if not heard.startswith("phone "):
            return heard
        lines = (each for phone in self.phones.values() for each in phone.lines)
        return next(each.phone.user for each in lines if f"phone {each.rtp}" == heard)

    def lamp(self, person: str) -> tuple[str, list[str]]:
        """What the person's lamp shows, and the names of those at the other ends."""
        state = self.parts.lamps.people(DOMAIN)[person]
        return state.condition, [dialog.remote_display or dialog.remote_identity for dialog in state.dialogs]
