"""The main job: main number, greeting, menu, queue with music and position, a colleague, lamps, the record."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from media.prompts.sound import Samples, read_audio
from tests.interop.conftest import Phones, Voice, seconds_spoken
from tests.support import alaw, audio
from tests.support.pjsua_phone import PjsuaCall
from tests.support.plain_phone import PlainPhone
from tests.support.server import MAIN_NUMBER, OUTSIDE, Server
from tests.support.tape import RATE

Clips = Callable[..., dict[str, Samples]]
CALLER = "+4540123456"
SAID = (
    "greeting",
    "menu",
    "please-wait",
    "invalid-choice",
    "please-choose",
    "busy",
    "closed",
    "goodbye",
    "unavailable",
)


@pytest.fixture
def caller(server: Server) -> Iterator[PlainPhone]:
    """An outside caller who loses nothing: the jitter buffer of a phone drops frames on a busy machine."""
    with PlainPhone(server.socket_address, CALLER, host=OUTSIDE) as phone:
        yield phone


def test_a_caller_reaches_a_colleague_through_menu_and_queue(
    server: Server,
    phones: Phones,
    caller: PlainPhone,
    voices: dict[str, Voice],
    clips: Clips,
    music: dict[str, Samples],
    tmp_path: Path,
) -> None:
    agent = phones.registered(server, "anna")
    watchers = [phones.watcher(server, "ingrid"), phones.watcher(server, "henrik")]
    for watcher in watchers:
        watcher.subscribe("201")
        watcher.expect("201", "idle")
    heard, heard_by_agent = tmp_path / "caller.wav", tmp_path / "agent.wav"
    tape = caller.rtp.record()
    call = caller.call(MAIN_NUMBER)
    caller.rtp.speak(call.answered().audio, alaw.encode(read_audio(voices["caller"].file, RATE)))
    tape.listen(1.0)
    caller.rtp.hear_out()
    caller.rtp.press("1")
    ringing = agent.incoming("anna")
    assert CALLER in ringing.remote
    ringing.answer(180)
    for watcher in watchers:
        (dialog,) = watcher.expect("201", "ringing", phase="early").dialogs
        assert dialog.direction == "recipient"
        assert CALLER in dialog.remote_identity
    tape.listen(11.0)
    waited_until = tape.seconds
    ringing.answer(record=heard_by_agent, play=voices["agent"].file)
    ringing.expect("CONFIRMED")
    for watcher in watchers:
        watcher.expect("201", "talking")
    tape.listen(4.0)
    ringing.hang_up()
    call.hung_up()
    for watcher in watchers:
        watcher.expect("201", "idle")
        assert watcher.lamps("201") == ["idle", "ringing", "talking", "idle"]

    assert (len(tape.sources), tape.missing) == (1, 0)
    tape.write(heard)
    recording = audio.load(heard)
    told = audio.timeline(recording, clips(*SAID, "position/1", "position/2", "position/3"))
    assert [each.name for each in told][:4] == ["greeting", "menu", "please-wait", "position/1"]
    assert {each.name for each in told[4:]} <= {"position/1"}
    played = audio.music_heard(recording, music, start=told[2].end, end=waited_until)
    announced = told[3]
    assert audio.music_pause(played, announced) == pytest.approx(announced.end - announced.start, abs=0.3)
    for _, after in audio.music_jumps(played):
        assert any(spoken.start - 1.0 <= after.at <= spoken.end + 2.0 for spoken in told[3:]), (after, told)
    assert seconds_spoken(heard, voices)["agent"] >= 2
    assert seconds_spoken(heard_by_agent, voices)["caller"] >= 2
    record = server.finished_calls()
    assert CALLER in record
    assert "sales" in record
    assert "Anna" in record or "anna" in record


def test_a_colleague_who_is_busy_passes_the_caller_on_to_the_next(
    server: Server, phones: Phones, voices: dict[str, Voice]
) -> None:
    # Both on one phone, so that it does not matter whose turn it is.
    agents = phones.registered(server, "anna")
    phones.register(agents, server, "bjorn")
    watcher = phones.watcher(server, "ingrid")
    extensions = {"anna": "201", "bjorn": "202"}
    for extension in extensions.values():
        watcher.subscribe(extension)
        watcher.expect(extension, "idle")
    call = dial_main_number(server, phones)
    call.listen(0.5)
    call.dtmf("1")
    first = agents.incoming()
    watcher.expect(extensions[first.account], "ringing")
    first.hang_up(486)
    watcher.expect(extensions[first.account], "idle")
    second = agents.incoming()
    assert second.account != first.account
    watcher.expect(extensions[second.account], "ringing")
    second.answer(play=voices["agent"].file)
    watcher.expect(extensions[second.account], "talking")
    call.listen(1.0)
    call.hang_up()
    second.expect("DISCONNECTED")
    watcher.expect(extensions[second.account], "idle")


def test_a_caller_who_leaves_the_queue_stops_the_ringing(server: Server, phones: Phones) -> None:
    agent = phones.registered(server, "anna")
    watcher = phones.watcher(server, "ingrid")
    watcher.subscribe("201")
    watcher.expect("201", "idle")
    call = dial_main_number(server, phones)
    call.listen(0.5)
    call.dtmf("1")
    ringing = agent.incoming("anna")
    watcher.expect("201", "ringing")
    call.hang_up()
    ringing.expect("DISCONNECTED")
    watcher.expect("201", "idle")


def test_silence_and_a_wrong_key_are_answered_apart_and_the_operator_takes_over(
    server: Server, phones: Phones, clips: Clips, tmp_path: Path
) -> None:
    operator = phones.registered(server, "ingrid")
    call = dial_main_number(server, phones, record=tmp_path / "caller.wav")
    call.listen(1.0)
    call.hear_out()
    call.dtmf("5")
    call.listen(1.0)
    call.hear_out()
    call.listen(3.0)
    call.dtmf("0")
    answering = operator.incoming("ingrid", timeout=15.0)
    answering.answer()
    answering.expect("CONFIRMED")
    call.hang_up()
    answering.expect("DISCONNECTED")
    told = [each.name for each in audio.timeline(audio.load(tmp_path / "caller.wav"), clips(*SAID))]
    assert told[:5] == ["greeting", "menu", "invalid-choice", "menu", "please-choose"]


def test_a_queue_without_anyone_says_so_in_the_companys_own_recording_and_ends(
    server: Server, phones: Phones, clips: Clips, tmp_path: Path
) -> None:
    call = dial_main_number(server, phones, record=tmp_path / "caller.wav")
    call.listen(0.5)
    call.dtmf("2")
    call.expect("DISCONNECTED", timeout=20.0)
    told = [each.name for each in audio.timeline(audio.load(tmp_path / "caller.wav"), clips(*SAID))]
    assert told[-1] == "closed"


def test_two_callers_are_told_their_own_positions_and_who_moves_up_the_new_one(
    server: Server, phones: Phones, clips: Clips, tmp_path: Path
) -> None:
    agent = phones.registered(server, "anna")
    callers = phones.pjsua("callers", host=OUTSIDE)
    callers.account("outside", f"sip:{CALLER}@{OUTSIDE}")
    calls = []
    for number in (1, 2):
        uri = f"sip:{MAIN_NUMBER}@{server.address}"
        call = callers.call("outside", uri, record=tmp_path / f"{number}.wav")
        call.expect("CONFIRMED")
        call.listen(0.5)
        call.dtmf("1")
        calls.append(call)
        if number == 1:
            agent.incoming("anna").answer(180)
    calls[1].listen(7.0)
    for call in calls:
        call.hang_up()
        call.expect("DISCONNECTED")
        if call is calls[0]:
            calls[1].listen(12.0)
    positions = clips(*(f"position/{number}" for number in range(1, 6)))
    for number, expected in ((1, ["position/1"]), (2, ["position/2", "position/1"])):
        told = [each.name for each in audio.timeline(audio.load(tmp_path / f"{number}.wav"), positions)]
        assert list(dict.fromkeys(told)) == expected, told


def dial_main_number(
    server: Server, phones: Phones, *, record: Path | None = None, play: Path | None = None
) -> PjsuaCall:
    """An outside caller dials the company's main number, and it is answered."""
    caller = phones.pjsua("outside", host=OUTSIDE)
    caller.account("outside", f"sip:{CALLER}@{OUTSIDE}")
    call = caller.call("outside", f"sip:{MAIN_NUMBER}@{server.address}", record=record, play=play)
    call.expect("CONFIRMED")
    return call
