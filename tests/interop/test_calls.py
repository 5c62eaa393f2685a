"""Calls between phones, from and to the telephone network, and what is heard in them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.conftest import Phones, Voice, seconds_spoken
from tests.support.pjsua_phone import PjsuaCall
from tests.support.server import DOMAIN, MAIN_NUMBER, OUTSIDE, Server

BOTH_CODECS = [
    (("PCMA",), ("PCMA",), ("PCMA", "PCMA")),
    (("PCMU",), ("PCMA",), ("PCMU", "PCMA")),
    (("G722", "PCMA"), ("G722", "PCMA"), ("G722", "G722")),
]


@pytest.mark.parametrize(("caller_codecs", "callee_codecs", "used"), BOTH_CODECS)
def test_two_phones_hear_each_other(
    server: Server,
    phones: Phones,
    voices: dict[str, Voice],
    tmp_path: Path,
    caller_codecs: tuple[str, ...],
    callee_codecs: tuple[str, ...],
    used: tuple[str, str],
) -> None:
    caller = phones.registered(server, "astrid", codecs=caller_codecs)
    callee = phones.registered(server, "henrik", codecs=callee_codecs)
    heard, heard_too = tmp_path / "caller.wav", tmp_path / "callee.wav"
    call = caller.call("astrid", f"sip:209@{DOMAIN}", record=heard, play=voices["caller"].file)
    answering = callee.incoming("henrik")
    assert "Astrid Kjær" in answering.remote
    assert "sip:210@" in answering.remote
    answering.answer(180)
    call.expect("EARLY", code=180)
    answering.answer(record=heard_too, play=voices["agent"].file)
    call.expect("CONFIRMED")
    call.listen(3.0)
    assert codecs_in_use(call, answering) == used
    call.hang_up()
    answering.expect("DISCONNECTED")
    call.expect("DISCONNECTED")
    assert seconds_spoken(heard, voices)["agent"] >= 2
    assert seconds_spoken(heard_too, voices)["caller"] >= 2


def test_a_phone_on_tcp_calls_a_phone_on_udp(
    server: Server, phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    caller = phones.registered(server, "astrid", transport="tcp")
    callee = phones.registered(server, "henrik")
    call = caller.call("astrid", f"sip:209@{DOMAIN}", record=tmp_path / "caller.wav")
    answering = callee.incoming("henrik")
    answering.answer(play=voices["agent"].file)
    call.expect("CONFIRMED")
    call.listen(3.0)
    answering.hang_up()
    call.expect("DISCONNECTED")
    back = callee.call("henrik", f"sip:210@{DOMAIN}")
    caller.incoming("astrid").hang_up(486)
    assert back.expect("DISCONNECTED")["code"] == 486
    assert seconds_spoken(tmp_path / "caller.wav", voices)["agent"] >= 2


def test_no_common_codec_is_refused_with_488(server: Server, phones: Phones) -> None:
    caller = phones.registered(server, "astrid", codecs=("G722",))
    callee = phones.registered(server, "henrik", codecs=("PCMA",))
    call = caller.call("astrid", f"sip:209@{DOMAIN}")
    assert call.expect("DISCONNECTED")["code"] == 488
    assert not [event for event in callee.events if event.fields.get("state") == "CONFIRMED"]


def test_keys_pressed_in_a_call_reach_the_other_side(server: Server, phones: Phones) -> None:
    call, answering = talking(server, phones)
    call.dtmf("1")
    answering.expect_dtmf("1")
    answering.dtmf("#")
    call.expect_dtmf("#")


def test_a_held_call_is_retrieved_and_heard_again(
    server: Server, phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    call, answering = talking(server, phones, play=voices["caller"].file, record=tmp_path / "callee.wav")
    answering.listen(1.0)
    call.hold()
    call.expect_media("local-hold")
    call.retrieve()
    call.expect_media("active")
    answering.listen(3.0)
    call.hang_up()
    answering.expect("DISCONNECTED")
    assert seconds_spoken(tmp_path / "callee.wav", voices, last=2.0)["caller"] >= 1


@pytest.mark.parametrize(("code", "told"), [(486, 486), (603, 603), (480, 480)])
def test_a_callee_who_refuses_is_told_to_the_caller(server: Server, phones: Phones, code: int, told: int) -> None:
    caller, callee = phones.registered(server, "astrid"), phones.registered(server, "henrik")
    call = caller.call("astrid", f"sip:209@{DOMAIN}")
    callee.incoming("henrik").hang_up(code)
    assert call.expect("DISCONNECTED")["code"] == told


def test_numbers_of_nobody_and_of_the_unregistered(server: Server, phones: Phones) -> None:
    caller = phones.registered(server, "astrid")
    assert caller.call("astrid", f"sip:299@{DOMAIN}").expect("DISCONNECTED")["code"] == 404
    assert caller.call("astrid", f"sip:209@{DOMAIN}").expect("DISCONNECTED")["code"] == 480


def test_giving_up_stops_the_ringing_on_every_phone(server: Server, phones: Phones) -> None:
    caller, desk = phones.registered(server, "astrid"), phones.registered(server, "henrik")
    mobile = phones.pjsua("mobile")
    phones.register(mobile, server, "henrik")
    call = caller.call("astrid", f"sip:209@{DOMAIN}")
    ringing = [desk.incoming("henrik"), mobile.incoming("henrik")]
    ringing[0].answer(180)
    call.expect("EARLY")
    call.hang_up()
    assert call.expect("DISCONNECTED")["code"] == 487
    for leg in ringing:
        leg.expect("DISCONNECTED")


def test_the_first_phone_to_answer_wins_and_the_other_stops_ringing(
    server: Server, phones: Phones, voices: dict[str, Voice]
) -> None:
    caller, desk = phones.registered(server, "astrid"), phones.registered(server, "henrik")
    mobile = phones.pjsua("mobile")
    phones.register(mobile, server, "henrik")
    call = caller.call("astrid", f"sip:209@{DOMAIN}")
    at_desk, at_mobile = desk.incoming("henrik"), mobile.incoming("henrik")
    at_desk.answer(180)
    at_mobile.answer(play=voices["agent"].file)
    call.expect("CONFIRMED")
    at_desk.expect("DISCONNECTED")
    call.listen(1.0)
    call.hang_up()
    at_mobile.expect("DISCONNECTED")


def test_baresip_and_pjsua_talk_through_the_server(
    server: Server, phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    callee = phones.registered(server, "henrik")
    caller = phones.baresip(server, "astrid", voices["other"])
    caller.call(f"sip:209@{DOMAIN}")
    answering = callee.incoming("henrik")
    answering.answer(record=tmp_path / "callee.wav", play=voices["agent"].file)
    caller.expect("CALL_ESTABLISHED")
    caller.dtmf("4")
    answering.expect_dtmf("4")
    answering.listen(3.0)
    caller.hang_up()
    answering.expect("DISCONNECTED")
    assert seconds_spoken(tmp_path / "callee.wav", voices)["other"] >= 2
    assert seconds_spoken(caller.heard(), voices)["agent"] >= 2


def test_a_phone_calls_out_through_the_trunk_and_shows_the_companys_number(
    server: Server, phones: Phones, voices: dict[str, Voice]
) -> None:
    outside = phones.pjsua("outside", host=OUTSIDE, port=server.outside_port)
    outside.account("outside", f"sip:+4540123456@{OUTSIDE}")
    caller = phones.registered(server, "astrid")
    call = caller.call("astrid", f"sip:40123456@{DOMAIN}")
    answering = outside.incoming("outside")
    assert MAIN_NUMBER in answering.remote
    answering.answer(play=voices["other"].file)
    call.expect("CONFIRMED")
    call.listen(1.0)
    answering.hang_up()
    call.expect("DISCONNECTED")


@pytest.fixture
def impatient_server(tmp_path: Path) -> Iterator[Server]:
    """A server that wonders after 5 s without audio."""
    with Server(tmp_path / "server", settings={"media": {"rtp_timeout_seconds": 5}}) as running:
        yield running


def test_a_phone_that_vanishes_is_noticed_and_its_lamp_cleared(
    impatient_server: Server, phones: Phones, voices: dict[str, Voice]
) -> None:
    server = impatient_server
    watcher = phones.watcher(server, "ingrid")
    watcher.subscribe("209")
    watcher.expect("209", "idle")
    call, _ = talking(server, phones, play=voices["caller"].file)
    watcher.expect("209", "ringing")
    watcher.expect("209", "talking")
    phones.named("henrik").vanish()
    # After 5 s of silence the phone is asked by re-INVITE, and given up when that is unanswered for 32 s.
    call.expect("DISCONNECTED", timeout=45.0)
    watcher.expect("209", "idle")


def talking(
    server: Server, phones: Phones, *, play: Path | None = None, record: Path | None = None
) -> tuple[PjsuaCall, PjsuaCall]:
    """Astrid's call to Henrik, answered: both ends of it."""
    caller, callee = phones.registered(server, "astrid"), phones.registered(server, "henrik")
    call = caller.call("astrid", f"sip:209@{DOMAIN}", play=play)
    answering = callee.incoming("henrik")
    answering.answer(record=record)
    call.expect("CONFIRMED")
    answering.expect("CONFIRMED")
    call.expect_media()
    answering.expect_media()
    return call, answering


def codecs_in_use(*calls: PjsuaCall) -> tuple[str, ...]:
    return tuple(call.codec() for call in calls)
