"""Phones and gateways that name no telephone-event in their SDP: their keys are tones in the audio."""

import wave
from pathlib import Path

import numpy as np
import pytest

from media.codec import Codec
from media.prompts.sound import Samples, read_audio
from tests.interop.conftest import Phones
from tests.media.key_tones import RATE, silence, sounding, tone
from tests.support.server import DOMAIN, MAIN_NUMBER, OUTSIDE, Server

CALLER = "+4540123456"


def written(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("codec", ["PCMA", "PCMU", "G722"])
def test_a_caller_who_sends_tones_alone_chooses_in_the_menu(
    server: Server, phones: Phones, tmp_path: Path, codec: Codec
) -> None:
    anna = phones.registered(server, "anna")
    gateway = phones.pjsua("gateway", (codec,), host=OUTSIDE, without_events=True)
    gateway.account("gateway", f"sip:{CALLER}@{OUTSIDE}")
    keys = written(tmp_path / "keys.wav", np.concatenate([silence(2.5), tone("1"), silence(60)]))
    call = gateway.call("gateway", f"sip:{MAIN_NUMBER}@{server.address}", play=keys)
    call.expect("CONFIRMED")
    ringing = anna.incoming("anna")
    call.hang_up()
    ringing.expect("DISCONNECTED")


def test_keys_of_a_phone_with_telephone_events_are_heard_as_tones_and_tones_come_as_telephone_events(
    server: Server, phones: Phones, tmp_path: Path
) -> None:
    old = phones.pjsua("astrid", ("PCMA",), without_events=True)
    phones.register(old, server, "astrid")
    henrik = phones.registered(server, "henrik")
    keys = written(tmp_path / "keys.wav", np.concatenate([silence(2.5), tone("#"), silence(60)]))
    call = old.call("astrid", f"sip:209@{DOMAIN}", record=tmp_path / "old.wav", play=keys)
    answering = henrik.incoming("henrik")
    answering.answer()
    call.expect("CONFIRMED")
    answering.expect_dtmf("#")
    answering.dtmf("5")
    call.listen(0.7)
    answering.dtmf("8", method="info")
    call.listen(1.5)
    call.hang_up()
    answering.expect("DISCONNECTED")
    heard = sounding(read_audio(tmp_path / "old.wav", RATE))
    assert [key for key, _, _ in heard] == ["5", "8"]
    assert all(0.08 < end - start < 0.2 for _, start, end in heard)
