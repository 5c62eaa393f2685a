"""Do not disturb and forwarding with real phones: dialled, heard, seen on lamps and obeyed."""

from collections.abc import Callable, Sequence
from pathlib import Path

from media.prompts.sound import Samples
from tests.interop.conftest import Phones, Voice, seconds_spoken
from tests.support import audio
from tests.support.pjsua_phone import PjsuaPhone
from tests.support.server import DOMAIN, Server

Clips = Callable[..., dict[str, Samples]]


def dial(phone: PjsuaPhone, account: str, code: str, recording: Path) -> None:
    """Dial a code and listen to what it says."""
    call = phone.call(account, f"sip:{code}@{DOMAIN}", record=recording)
    call.expect("CONFIRMED")
    call.expect("DISCONNECTED", timeout=15.0)


def said(recording: Path, clips: dict[str, Samples]) -> Sequence[str]:
    return [heard.name for heard in audio.timeline(audio.load(recording), clips)]


def test_do_not_disturb_is_dialled_heard_seen_on_lamps_and_obeyed(
    server: Server, phones: Phones, clips: Clips, tmp_path: Path
) -> None:
    henrik, astrid = phones.registered(server, "henrik"), phones.registered(server, "astrid")
    watcher, own = phones.watcher(server, "ingrid"), phones.watcher(server, "henrik")
    watcher.subscribe("209")
    watcher.expect("209", "idle")
    watcher.subscribe("henrik", "presence")
    own.subscribe("*78")
    own.expect("*78", "idle")
    dial(henrik, "henrik", "*78", tmp_path / "on.wav")
    assert said(tmp_path / "on.wav", clips("do-not-disturb/on", "do-not-disturb/off")) == ["do-not-disturb/on"]
    own.expect("*78", "talking")
    watcher.expect("209", "calling")
    watcher.expect("209", "talking")
    call = astrid.call("astrid", f"sip:209@{DOMAIN}")
    call.expect("DISCONNECTED", code=486)
    assert watcher.lamps("209")[-1] == "talking", "lit, although there is no call"
    assert any("Do not disturb" in told.body for told in watcher.notifications if told.resource == "henrik")
    dial(henrik, "henrik", "*78", tmp_path / "off.wav")
    assert said(tmp_path / "off.wav", clips("do-not-disturb/on", "do-not-disturb/off")) == ["do-not-disturb/off"]
    own.expect("*78", "idle")


def test_a_call_that_is_not_answered_rings_elsewhere_and_is_heard_there(
    server: Server, phones: Phones, voices: dict[str, Voice], clips: Clips, tmp_path: Path
) -> None:
    henrik, astrid = phones.registered(server, "henrik"), phones.registered(server, "astrid")
    maja = phones.registered(server, "maja")
    dial(henrik, "henrik", "*61210*5", tmp_path / "set.wav")
    wordings = clips("forwarding/no-answer", "forwarding/busy", "forwarding/always")
    assert said(tmp_path / "set.wav", wordings) == ["forwarding/no-answer"]
    heard = tmp_path / "caller.wav"
    call = maja.call("maja", f"sip:209@{DOMAIN}", record=heard, play=voices["caller"].file)
    unanswered = henrik.incoming("henrik")
    unanswered.answer(180)
    answering = astrid.incoming("astrid")
    unanswered.expect("DISCONNECTED")
    answering.answer(play=voices["agent"].file)
    call.expect("CONFIRMED")
    call.listen(2.0)
    call.hang_up()
    call.expect("DISCONNECTED")
    assert seconds_spoken(heard, voices)["agent"] >= 1
    server.command("person", "forward", "nordlys", "henrik", "no-answer", "off")
