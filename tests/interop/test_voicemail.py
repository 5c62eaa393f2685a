"""Voicemail with real phones: left, lit, heard; and what outlives a kill."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from lampfield.database import open_database
from lampfield.voicemail.table import read_messages
from media.prompts.library import PromptLibrary
from media.prompts.sound import Samples
from provisioning.pins import set_pin
from routing.voicemail.postbox import Message
from tests.interop.conftest import Phones
from tests.support import alaw, audio
from tests.support.children import kill
from tests.support.event_log import recorded
from tests.support.plain_phone import PlainPhone
from tests.support.ports import LOOPBACK, free_port
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.server import DOMAIN, OUTSIDE, Server
from tests.support.until import until
from tests.support.watcher import Watcher

CALLER = "+4540123456"
BOX_NUMBER = "+4533221177"
"""Leads straight to henrik's box."""
MAILBOX_NUMBER = "+4533221178"
"""Where messages are listened to from outside."""
HENRIK = "209"
COMPANY = {
    "main_numbers": {
        BOX_NUMBER: {"open": "voicemail:henrik", "closed": "voicemail:henrik"},
        MAILBOX_NUMBER: {"open": "mailbox", "closed": "mailbox"},
    },
    "boxes": {"henrik": {}},
}
NO_PASSWORDS = {"sip": {"authentication": False}}
SILENCE = 0xD5
"""The quietest code of A-law."""


@pytest.fixture(scope="module")
def api_address() -> str:
    return f"{LOOPBACK}:{free_port()}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, api_address: str) -> Iterator[Server]:
    settings = NO_PASSWORDS | {"web": {"listen": f"tcp:{api_address}"}}
    with Server(tmp_path_factory.mktemp("voicemail"), settings=settings, company=COMPANY) as running:
        yield running


@pytest.fixture(scope="module")
def said(library: PromptLibrary) -> Samples:
    """What the caller says, again and again; whole frames of 20 ms."""
    whole = audio.load(library.find("busy", "sv"))
    return whole[: whole.size // 160 * 160]


def seconds_of(said: Samples, recording: Path) -> int:
    """For how many seconds the caller is heard in it."""
    return len(audio.music_heard(audio.load(recording), {"caller": said}, threshold=0.6))


class Caller:
    """Somebody who calls the box."""

    def __init__(self, server: Server, said: Samples) -> None:
        self._phone = PlainPhone(server.socket_address, CALLER, host=OUTSIDE)
        self._said = said

    def __enter__(self) -> "Caller":
        self._phone.__enter__()
        self.call = self._phone.call(BOX_NUMBER)
        self._remote = self.call.answered().audio
        self._rtp = self._phone.rtp
        return self

    def __exit__(self, *exception: object) -> None:
        self._phone.vanish()

    def speak(self, seconds: float) -> None:
        """Cut the greeting by a key and speak after the tone."""
        self._rtp.say(self._remote, SILENCE)
        self._rtp.expect_sound()
        self._rtp.press("1")
        self._rtp.hear_out(0.7)
        self._rtp.speak(self._remote, alaw.encode(self._said))
        with pytest.raises(AssertionError, match="no sound"):
            self._rtp.expect_sound(seconds)

    def send(self) -> None:
        """Press #, and # again at the choice; hear that the message is sent, and goodbye."""
        self._rtp.say(self._remote, SILENCE)
        self._rtp.press("#")
        self._rtp.expect_sound()
        self._rtp.press("#")
        self.call.hung_up()

    def hang_up(self) -> None:
        self.call.hang_up()


def messages(server: Server) -> list[Message]:
    """What the database knows."""
    engine = open_database(f"sqlite:///{server.state / 'lampfield.sqlite3'}")
    found = read_messages(engine)
    engine.dispose()
    return found


def heard_by(server: Server, person: str, folder: Path, seconds: float) -> Path:
    """What a person hears in so many seconds who calls the mailbox and goes straight to the first message."""
    with PlainPhone(server.socket_address, person) as phone:
        call = phone.call("*98")
        remote = call.answered().audio
        tape = phone.rtp.record()
        phone.rtp.say(remote, SILENCE)
        phone.rtp.press("1")
        tape.listen(seconds)
        call.hang_up()
        tape.write(folder / "heard.wav")
    return folder / "heard.wav"


def test_a_message_lights_the_lamps_is_heard_by_the_owner_and_puts_them_out(
    server: Server, phones: Phones, said: Samples, tmp_path: Path
) -> None:
    pjsua = phones.registered(server, "henrik", mwi=True)
    assert "Messages-Waiting: no\r\n" in pjsua.expect("mwi")["message"]
    unasked = phones.pjsua("at home")
    phones.register(unasked, server, "henrik")
    with Watcher(server.address, "henrik", DOMAIN, server.password("henrik")) as watcher:
        watcher.subscribe("henrik", "message-summary")
        assert "Messages-Waiting: no\r\n" in watcher.next("henrik").body
        with Caller(server, said) as caller:
            caller.speak(5.0)
            caller.send()
        lit = watcher.next("henrik").body
        assert "Messages-Waiting: yes\r\n" in lit
        assert "Voice-Message: 1/0 (0/0)\r\n" in lit
        assert "Messages-Waiting: yes\r\n" in pjsua.expect("mwi")["message"]
        assert "Messages-Waiting: yes\r\n" in unasked.expect("mwi")["message"]
        assert seconds_of(said, heard_by(server, "henrik", tmp_path, 8.0)) >= 3
        out = watcher.next("henrik").body
        assert "Messages-Waiting: no\r\n" in out
        assert "Voice-Message: 0/1 (0/0)\r\n" in out
        assert "Messages-Waiting: no\r\n" in pjsua.expect("mwi")["message"]
        assert "Messages-Waiting: no\r\n" in unasked.expect("mwi")["message"]
    until(lambda: recorded(server, "MessageHeard"), "the hearing on record")
    assert recorded(server, "MessageLeft")


def test_who_hangs_up_while_speaking_has_left_a_message_which_programs_fetch_by_the_api(
    server: Server, api_address: str, said: Samples, tmp_path: Path
) -> None:
    before = {message.id for message in messages(server)}
    with Caller(server, said) as caller:
        caller.speak(2.5)
        caller.hang_up()
    until(lambda: len(messages(server)) > len(before), "the message in the database")
    (message,) = [message for message in messages(server) if message.id not in before]
    assert message.caller_number == CALLER
    assert 2.0 < message.seconds < 5.0
    token = server.command("token", "add", "nordlys", "archive", "--scope", "voicemail").split()[0]
    headers, base = {"Authorization": f"Bearer {token}"}, f"http://{api_address}/api/v1/voicemail"
    with (
        httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=15) as api,
        Watcher(server.address, "henrik", DOMAIN, server.password("henrik")) as watcher,
    ):
        watcher.subscribe("henrik", "message-summary")
        assert "Voice-Message: 1/" in watcher.next("henrik").body
        listed = {each["id"]: each for each in api.get("/boxes/henrik/messages").json()}
        assert listed[message.id]["caller_number"] == CALLER
        sound = api.get(f"/messages/{message.id}/audio")
        assert sound.headers["content-type"] == "audio/wav"
        (tmp_path / "fetched.wav").write_bytes(sound.content)
        assert seconds_of(said, tmp_path / "fetched.wav") >= 1
        assert api.post(f"/messages/{message.id}/heard").json()["heard_at"] is not None
        assert "Voice-Message: 0/" in watcher.next("henrik").body
        assert api.delete(f"/messages/{message.id}").status_code == 204
        assert api.get(f"/messages/{message.id}/audio").status_code == 404


def test_a_message_that_a_kill_cut_off_is_delivered_at_the_next_start(server: Server, said: Samples) -> None:
    before = {message.id for message in messages(server)}
    with (
        Watcher(server.address, "henrik", DOMAIN, server.password("henrik")) as watcher,
        Caller(server, said) as caller,
    ):
        watcher.subscribe("henrik", "message-summary")
        watcher.next("henrik")
        caller.speak(3.0)
        kill(server, "lampfield.signalling")
        until(lambda: len(messages(server)) > len(before), "the message in the database")
        (message,) = [message for message in messages(server) if message.id not in before]
        while f"Voice-Message: {sum(each.is_new for each in messages(server))}/" not in watcher.next("henrik").body:
            pass
    assert message.caller_number == CALLER
    folder = server.state / "voicemail" / "nordlys" / "henrik"
    assert seconds_of(said, folder / f"{message.id}.wav") >= 2
    assert not list(folder.glob("*.json")), "nothing is delivered twice"


def test_messages_are_listened_to_from_outside_with_the_pin_alone(
    server: Server, said: Samples, tmp_path: Path
) -> None:
    with Caller(server, said) as caller:
        caller.speak(3.0)
        caller.hang_up()
    engine = open_database(f"sqlite:///{server.state / 'lampfield.sqlite3'}")
    with engine.begin() as connection:
        set_pin(connection, "nordlys", "henrik", "471108", 0.0)
    engine.dispose()
    with PlainPhone(server.socket_address, CALLER, host=OUTSIDE) as phone:
        call = phone.call(MAILBOX_NUMBER)
        phone.rtp.say(call.answered().audio, SILENCE)
        for key in f"{HENRIK}#471107#{HENRIK}#471108#":
            phone.rtp.press(key)
        phone.rtp.press("1")
        tape = phone.rtp.record()
        tape.listen(14.0)
        call.hang_up()
        tape.write(tmp_path / "heard.wav")
    assert seconds_of(said, tmp_path / "heard.wav") >= 1


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as running:
        yield running


def test_messages_left_while_the_database_is_away_light_the_lamp_and_are_written_when_it_is_back(
    tmp_path: Path, postgres: PostgresServer, said: Samples
) -> None:
    url = postgres.new_database()
    settings = NO_PASSWORDS | {"database": {"url": url}}
    with (
        Server(tmp_path / "server", settings=settings, company=COMPANY) as server,
        Watcher(server.address, "henrik", DOMAIN, server.password("henrik")) as watcher,
    ):
        watcher.subscribe("henrik", "message-summary")
        watcher.next("henrik")
        postgres.stop()
        with Caller(server, said) as caller:
            caller.speak(2.5)
            caller.hang_up()
        assert "Voice-Message: 1/0 (0/0)" in watcher.next("henrik").body
        postgres.start()
        engine = open_database(url)
        until(lambda: len(read_messages(engine)) == 1, "the message in the database")
        engine.dispose()
