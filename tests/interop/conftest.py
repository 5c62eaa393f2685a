"""A real server, real phones and what they say, for the interop tests."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

import pytest

from media.prompts.library import PromptLibrary
from media.prompts.sound import Samples
from tests.support import audio
from tests.support.baresip import Baresip
from tests.support.linphone import Linphone
from tests.support.pjsua_phone import PjsuaPhone
from tests.support.ports import LOOPBACK
from tests.support.server import DOMAIN, Server
from tests.support.voice import round_length, write_voice
from tests.support.watcher import Watcher

HERE = Path(__file__).parent

BRISK = {
    "queues": {"sales": {"position_every_seconds": 6, "ring_seconds": 20, "wrap_up_seconds": 0}},
    "menus": {"main": {"silence_seconds": 2}},
    "company": {"park": {"slots": ["71", "72"]}},
}
"""The example company with a caller's patience shortened, and two park slots."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.interop)
            item.add_marker(pytest.mark.timeout(180, func_only=True))


@pytest.fixture(scope="session")
def own_recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a company's own prompts: another text for `closed`, as a WAV in studio quality."""
    folder = tmp_path_factory.mktemp("own-recordings")
    (folder / "en").mkdir()
    write_voice(folder / "en" / "closed.wav", PromptLibrary().find("busy", "de"), rate=44100, seconds=4.0)
    return folder


@pytest.fixture(scope="session")
def library(own_recordings: Path) -> PromptLibrary:
    """The prompts that the server of these tests plays."""
    return PromptLibrary(own_recordings)


@pytest.fixture(scope="session")
def clips(library: PromptLibrary) -> Callable[..., dict[str, Samples]]:
    """English prompts by name, ready to be found in recordings."""
    return lambda *names: {name: audio.load(library.find(name, "en")) for name in names}


@pytest.fixture(scope="session")
def music(library: PromptLibrary) -> dict[str, Samples]:
    return {path.stem: audio.load(path) for path in library.music("default")}


class Voice(NamedTuple):
    """What somebody says again and again: a WAV at 8 kHz to play, and one round of it to look for."""

    file: Path
    round: Samples


@pytest.fixture(scope="session")
def voices(library: PromptLibrary, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Voice]:
    """Three people, each with words of their own."""
    folder = tmp_path_factory.mktemp("voices")
    said = {"caller": ("unavailable", "de"), "agent": ("unavailable", "sv"), "other": ("unavailable", "da")}
    found = {}
    for who, clip in said.items():
        file = write_voice(folder / f"{who}.wav", library.find(*clip))
        found[who] = Voice(file, audio.load(file)[: round_length(library.find(*clip), audio.RATE)])
    return found


def seconds_spoken(recording: Path, voices: dict[str, Voice], *, last: float | None = None) -> Counter[str]:
    """For how many seconds each voice was heard in a recording, or in its `last` seconds."""
    samples = audio.load(recording)
    start = 0.0 if last is None else max(0.0, samples.size / audio.RATE - last)
    rounds = {who: voice.round for who, voice in voices.items()}
    # Another voice reaches 0.4; frames that a jitter buffer lost or repeated cost the right one up to 0.4.
    return Counter(each.piece for each in audio.music_heard(samples, rounds, start, threshold=0.5))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, own_recordings: Path) -> Iterator[Server]:
    """One server for all tests of this process; each test leaves its people as they were."""
    settings = {"media": {"prompts": str(own_recordings)}}
    with Server(tmp_path_factory.mktemp("server"), settings=settings, company=BRISK) as running:
        yield running


@pytest.fixture
def phones(tmp_path: Path) -> Iterator["Phones"]:
    with Phones(tmp_path) as started:
        yield started


class Phones:
    """Starts phones, and ends them all at the end of its block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stack = ExitStack()
        self._by_name: dict[str, PjsuaPhone] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def pjsua(
        self,
        name: str,
        codecs: tuple[str, ...] = ("PCMA", "PCMU", "G722"),
        host: str = LOOPBACK,
        port: int = 0,
        without_events: bool = False,
    ) -> PjsuaPhone:
        made = PjsuaPhone(self.folder / name, codecs, host, port, without_events=without_events)
        phone = self._stack.enter_context(made)
        self._by_name[name] = phone
        return phone

    def named(self, name: str) -> PjsuaPhone:
        """The PJSIP phone started under this name."""
        return self._by_name[name]

    def registered(
        self,
        server: Server,
        person: str,
        *,
        codecs: tuple[str, ...] = ("PCMA", "PCMU", "G722"),
        mwi: bool = False,
        publish: bool = False,
        transport: str = "udp",
    ) -> PjsuaPhone:
        """A PJSIP phone whose account is registered and named after the person."""
        phone = self.pjsua(person, codecs)
        self.register(phone, server, person, mwi=mwi, publish=publish, transport=transport)
        return phone

    def register(
        self,
        phone: PjsuaPhone,
        server: Server,
        person: str,
        *,
        mwi: bool = False,
        publish: bool = False,
        transport: str = "udp",
    ) -> None:
        """Give a phone the account of a person, and wait until it is registered."""
        phone.account(
            person,
            f"sip:{person}@{DOMAIN}",
            server=server.address,
            password=server.password(person),
            mwi=mwi,
            publish=publish,
            transport=transport,
        )
        assert phone.expect("registration", account=person)["code"] == 200

    def baresip(
        self, server: Server, person: str, voice: Voice, *, mwi: bool = False, watch: Sequence[str] = ()
    ) -> Baresip:
        """A registered baresip phone; `watch` names people whose presence it subscribes to."""
        phone = Baresip(
            self.folder / person,
            f"sip:{person}@{DOMAIN}",
            voice=voice.file,
            server=server.address,
            password=server.password(person),
            mwi=mwi,
            watch=[f"sip:{watched}@{DOMAIN}" for watched in watch],
        )
        self._stack.enter_context(phone)
        phone.expect_registered()
        return phone

    def linphone(self, server: Server, person: str, *, watch: Sequence[str], rls: str = "") -> Linphone:
        """A Linphone that watches people's presence, each by itself or as the list `rls`."""
        phone = Linphone(
            self.folder / f"linphone-{person}",
            f"sip:{person}@{DOMAIN}",
            server=server.address,
            password=server.password(person),
            friends=[f"sip:{watched}@{DOMAIN}" for watched in watch],
            rls=rls,
        )
        return self._stack.enter_context(phone)

    def watcher(self, server: Server, person: str) -> Watcher:
        return self._stack.enter_context(Watcher(server.address, person, DOMAIN, server.password(person)))
