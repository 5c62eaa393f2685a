"""The phones that test the server, proven against each other without it."""

from pathlib import Path

import pytest

from media.prompts.library import PromptLibrary
from tests.interop.conftest import Phones, Voice, seconds_spoken
from tests.support.baresip import SAMPLE_RATES, Baresip
from tests.support.pjsua_phone import PhoneError
from tests.support.sipp import Sipp, SippFailed
from tests.support.voice import write_voice


def test_two_pjsua_phones_hear_each_other_hold_and_press_keys(
    phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    heard = tmp_path / "heard.wav"
    caller, callee = phones.pjsua("caller"), phones.pjsua("callee")
    caller.account("caller", "sip:caller@127.0.0.1")
    callee.account("callee", "sip:callee@127.0.0.1")
    call = caller.call("caller", f"sip:callee@127.0.0.1:{callee.port}", record=heard, play=voices["caller"].file)
    answered = callee.incoming("callee")
    answered.answer(180)
    call.expect("EARLY", code=180)
    answered.answer(record=tmp_path / "heard-too.wav", play=voices["agent"].file)
    call.expect("CONFIRMED")
    assert call.expect_media()["codec"] == "PCMA"
    call.dtmf("5")
    answered.expect_dtmf("5")
    answered.dtmf("7", method="info")
    call.expect_dtmf("7")
    call.listen(3.0)
    call.hold()
    call.expect_media("local-hold")
    answered.expect_media("remote-hold")
    call.retrieve()
    answered.expect_media("active")
    answered.hang_up()
    call.expect("DISCONNECTED")
    assert seconds_spoken(heard, voices)["agent"] >= 2
    assert seconds_spoken(tmp_path / "heard-too.wav", voices)["caller"] >= 2


@pytest.mark.parametrize("codec", ["PCMA", "PCMU", "G722"])
def test_pjsua_and_baresip_hear_each_other_in_each_codec(
    codec: str, phones: Phones, voices: dict[str, Voice], library: PromptLibrary, tmp_path: Path
) -> None:
    heard = tmp_path / "heard.wav"
    caller = phones.pjsua("caller")
    caller.account("caller", "sip:caller@127.0.0.1")
    voice = write_voice(tmp_path / "agent.wav", library.find("unavailable", "sv"), rate=SAMPLE_RATES[codec])
    with Baresip(tmp_path / "callee", "sip:callee@127.0.0.1", voice=voice, codec=codec) as callee:
        call = caller.call("caller", f"sip:callee@127.0.0.1:{callee.port}", record=heard, play=voices["caller"].file)
        callee.expect("CALL_INCOMING")
        callee.answer()
        assert call.expect_media()["codec"] == codec
        callee.dtmf("5#")
        call.expect_dtmf("5")
        call.expect_dtmf("#")
        call.dtmf("7")
        callee.expect("CALL_DTMF_START", param="7")
        call.listen(3.0)
        call.hang_up()
        callee.expect("CALL_CLOSED")
        call.expect("DISCONNECTED")
        assert seconds_spoken(callee.heard(), voices)["caller"] >= 2
    assert seconds_spoken(heard, voices)["agent"] >= 2


@pytest.mark.parametrize(
    ("caller", "callee"), [("call", "answer"), ("cancel-before-answer", "ring-only"), ("call-refused", "busy")]
)
def test_scenarios_agree_with_each_other(caller: str, callee: str, tmp_path: Path) -> None:
    with Sipp(tmp_path, callee, seconds=10) as answering:
        calling = Sipp(tmp_path, caller, target=f"127.0.0.1:{answering.port}", seconds=10)
        messages = calling.finish()
        answering.finish()
    assert messages[0].sent
    assert messages[0].start_line.startswith("INVITE")
    assert messages[0].header("CSeq") == "1 INVITE"


def test_a_scenario_that_goes_wrong_says_what_came(tmp_path: Path) -> None:
    with Sipp(tmp_path, "busy", seconds=10) as answering, pytest.raises(SippFailed, match="486"):
        Sipp(tmp_path, "call", target=f"127.0.0.1:{answering.port}", seconds=10).finish()


@pytest.mark.parametrize("scenario", ["reinvite-hold", "cancel-crossing-200", "cancel-before-answer"])
def test_scenarios_agree_with_pjsua(scenario: str, phones: Phones, tmp_path: Path) -> None:
    callee = phones.pjsua("callee")
    callee.account("service", "sip:service@127.0.0.1")
    calling = Sipp(tmp_path, scenario, target=f"127.0.0.1:{callee.port}", seconds=15)
    call = callee.incoming("service")
    call.answer(180)
    if scenario != "cancel-before-answer":
        call.answer(200)
    call.expect("DISCONNECTED")
    calling.finish()


def test_a_refused_command_and_an_absent_event_are_told(phones: Phones) -> None:
    phone = phones.pjsua("phone")
    with pytest.raises(PhoneError, match="no such call or account"):
        phone.unregister("nobody")
    with pytest.raises(PhoneError, match="no incoming"):
        phone.expect("incoming", timeout=0.2)
