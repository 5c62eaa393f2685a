"""Uploaded greetings, greetings recorded by phone, and a company's own music, as callers hear them."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from media.clips import ClipStore
from media.prompts.library import PromptLibrary
from media.prompts.sound import RATE, Samples, read_audio, speech_level
from media.uploads import SPEECH_LUFS
from tests.media.running_engine import real_time
from tests.media.sound_files import loudness, write
from tests.support import alaw, audio
from tests.support.event_log import recorded, told
from tests.support.plain_phone import PlainPhone
from tests.support.server import CLIPS, MAIN_NUMBER, OUTSIDE, Server
from tests.support.tape import Tape
from tests.support.until import until

COMPANY_ID = "nordlys"
CALLER = "+4540123456"
RECORDING_NUMBER = "+4533221199"
COMPANY = {
    "company": {"recording_number": RECORDING_NUMBER},
    "queues": {"sales": {"members": ["anna"], "position_every_seconds": 5, "ring_seconds": 40}},
}
SILENCE = 0xD5
"""The quietest code of A-law."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    settings = {"sip": {"authentication": False}, "own_sounds": {"longest_greeting_seconds": 30}}
    with Server(tmp_path_factory.mktemp("greetings"), settings=settings, company=COMPANY) as running:
        yield running


def heard_by_caller(server: Server, folder: Path, seconds: float = 4.5) -> Samples:
    """The first seconds of what somebody hears who dials the main number."""
    with PlainPhone(server.socket_address, CALLER, host=OUTSIDE) as phone:
        tape = phone.rtp.record()
        call = phone.call(MAIN_NUMBER)
        phone.rtp.say(call.answered().audio, SILENCE)
        tape.listen(seconds)
        call.hang_up()
        tape.write(folder / "heard.wav")
    return audio.load(folder / "heard.wav")


@pytest.mark.parametrize(
    ("ending", "rate", "channels", "said"),
    [("mp3", 44100, 2, "busy"), ("wav", 48000, 2, "unavailable"), ("wma", 22050, 1, "closed")],
)
def test_an_uploaded_greeting_is_heard_by_the_next_caller(
    ending: str, rate: int, channels: int, said: str, server: Server, library: PromptLibrary, tmp_path: Path
) -> None:
    spoken = library.find(said, "de")
    source = write(
        tmp_path / f"welcome.{ending}",
        0.2 * np.pad(read_audio(spoken, rate), rate),
        rate,
        channels=channels,
        tags={"title": "Velkommen"},
        cover=ending == "mp3",
    )
    # One name for all: each takes the place of the one before.
    assert "own/welcome" in server.command("sounds", "add", COMPANY_ID, "welcome", str(source))
    server.command("sounds", "use", COMPANY_ID, "open", "welcome")
    found = audio.heard(heard_by_caller(server, tmp_path), audio.load(spoken)[: 4 * audio.RATE])
    assert found.score > 0.8
    assert found.offset < 0.4, "the second of silence is gone"


def test_what_is_put_out_of_use_is_heard_no_more(server: Server, library: PromptLibrary, tmp_path: Path) -> None:
    server.command("sounds", "use", COMPANY_ID, "open", "none")
    heard = audio.heard(heard_by_caller(server, tmp_path, 3.0), audio.load(library.find("greeting", "en")))
    assert heard.score > audio.HEARD


def test_a_greeting_recorded_by_phone_with_a_pin_is_heard_by_the_next_caller(
    server: Server, library: PromptLibrary, tmp_path: Path
) -> None:
    (pin,) = re.findall(r": (\d{6}),", server.command("pin", COMPANY_ID, "ingrid"))
    said = audio.load(library.find("unavailable", "sv"))
    said = said[: said.size // 160 * 160]
    with PlainPhone(server.socket_address, CALLER, host=OUTSIDE) as phone:
        call = phone.call(RECORDING_NUMBER)
        remote = call.answered().audio
        rtp = phone.rtp
        rtp.say(remote, SILENCE)
        for key in f"208#{pin}#7#":
            rtp.press(key)
        until(lambda: told(server, "beep"), "the tone is announced")
        rtp.hear_out(0.7)
        # Silence, quiet words again and again, and silence.
        for voice, seconds in ((None, 1.5), (0.1 * said, 5.0), (None, 1.5)):
            if voice is None:
                rtp.say(remote, SILENCE)
            else:
                rtp.speak(remote, alaw.encode(voice))
            with pytest.raises(AssertionError, match="no sound"):
                rtp.expect_sound(seconds)
        rtp.say(remote, SILENCE)
        rtp.press("#")
        for prompt, key in (("recording/review", "3"), ("recording/use", "1")):
            until(lambda prompt=prompt: told(server, prompt), prompt)  # type: ignore[misc]
            rtp.press(key)
        until(lambda: recorded(server, "GreetingPutInUse"), "the greeting in use on record")
        call.hang_up()
    recording = heard_by_caller(server, tmp_path, 4.5)
    heard = audio.music_heard(recording, {"said": said}, threshold=0.6)
    assert [each.at for each in heard][:3] == [0.0, 1.0, 2.0], "from the beginning: the silence is gone"
    assert speech_level(recording[: 4 * audio.RATE]) == pytest.approx(speech_level(said), abs=3.0), (
        "as loud as the prompts"
    )
    kept = server.state / "sounds" / COMPANY_ID / "greeting-7.wav"
    assert loudness(kept) == pytest.approx(SPEECH_LUFS, abs=1.0), "quiet words, as loud as everything else"
    (seconds,) = re.findall(r"length +([\d.]+) s", server.command("sounds", "play-info", COMPANY_ID, "greeting-7"))
    assert 4.0 < float(seconds) < 6.5, "of eight that were recorded"
    listed = server.command("sounds", "list", COMPANY_ID)
    assert "greeting-7" in listed
    assert "ingrid" in listed
    assert pin not in server.log()


def test_a_wrong_pin_opens_nothing(server: Server) -> None:
    with PlainPhone(server.socket_address, "+4540999999", host=OUTSIDE) as phone:
        call = phone.call(RECORDING_NUMBER)
        phone.rtp.say(call.answered().audio, SILENCE)
        for key in "208#0000#" * 3:
            phone.rtp.press(key)
        call.hung_up(20.0)
    assert told(server, "pin/wrong")


@real_time
async def clip_frames(source: Path, into: list[bytes]) -> None:
    store = ClipStore(CLIPS)
    data = (await store.clip(source, "PCMA")).read_bytes()
    await store.close()
    into.extend(data[at : at + 160] for at in range(0, len(data), 160))


def frames_of(server: Server, name: str) -> list[bytes]:
    """What the engine sends of a file of the company's, frame by frame."""
    found: list[bytes] = []
    clip_frames(server.state / "sounds" / COMPANY_ID / f"{name}.wav", found)
    return found


def test_music_plays_a_file_to_its_end_across_positions_and_takes_a_changed_list_at_the_next(
    server: Server, library: PromptLibrary, tmp_path: Path
) -> None:
    for number, (name, piece) in enumerate(zip(("first", "second"), library.music("default"), strict=False)):
        file = write(tmp_path / f"{name}.mp3", read_audio(piece)[number * RATE : (number + 12) * RATE], RATE)
        server.command("music", "add", COMPANY_ID, name, str(file))
    server.command("music", "activate", COMPANY_ID, "first")
    with (
        PlainPhone(server.socket_address, "anna") as agent,
        PlainPhone(server.socket_address, CALLER, host=OUTSIDE) as phone,
    ):
        assert agent.register().status == 200
        tape = phone.rtp.record()
        call = phone.call(MAIN_NUMBER)
        phone.rtp.say(call.answered().audio, SILENCE)
        phone.rtp.press("1")
        agent.incoming().respond(180)
        tape.listen(8.0)
        server.command("music", "activate", COMPANY_ID, "second")
        tape.listen(15.0)
        call.hang_up()
        agent.register(0)
    first, second = (frames_of(server, f"{name}-{name}") for name in ("first", "second"))
    places = {
        **{frame: ("first", at) for at, frame in enumerate(first)},
        **{frame: ("second", at) for at, frame in enumerate(second)},
    }
    played = [places[frame] for frame in tape.frames if frame in places]
    assert tape.missing == 0
    assert [at for name, at in played if name == "first"] == list(range(len(first))), "every frame of it once, in order"
    assert [name for name, _ in itertools.groupby(played, key=lambda each: each[0])] == ["first", "second"]
    assert parts_of(tape, set(first)) >= 3, "positions were told within it"
    server.command("music", "activate", COMPANY_ID, "standard")


def parts_of(tape: Tape, frames: set[bytes]) -> int:
    """Into how many parts the file was cut by what is none of its frames."""
    return sum(mine for mine, _ in itertools.groupby(tape.frames, key=lambda frame: frame in frames))
