"""Transfers and pickups by real phones: who hears whom then, and what their lamps show."""

from pathlib import Path

from tests.interop.conftest import Phones, Voice, seconds_spoken
from tests.support.server import DOMAIN, Server
from tests.support.sipp import Sipp


def test_a_phone_transfers_its_caller_blind_and_the_two_hear_each_other(
    server: Server, phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    astrid, henrik, ingrid = [phones.registered(server, person) for person in ("astrid", "henrik", "ingrid")]
    watcher = phones.watcher(server, "maja")
    watcher.subscribe("209")
    watcher.expect("209", "idle")
    call = astrid.call("astrid", f"sip:209@{DOMAIN}", record=tmp_path / "astrid.wav", play=voices["caller"].file)
    answering = henrik.incoming("henrik")
    answering.answer()
    answering.expect("CONFIRMED")
    answering.expect_media()
    answering.transfer(f"sip:208@{DOMAIN}")
    ringing = ingrid.incoming("ingrid")
    assert "Astrid" in ringing.remote
    ringing.answer(180)
    answering.expect_transfer(180)
    ringing.answer(record=tmp_path / "ingrid.wav", play=voices["other"].file)
    assert answering.expect_transfer(200)["final"]
    answering.expect("DISCONNECTED")
    watcher.expect("209", "ringing")
    watcher.expect("209", "talking")
    watcher.expect("209", "idle")
    call.listen(3.0)
    call.hang_up()
    ringing.expect("DISCONNECTED")
    call.expect("DISCONNECTED")
    assert seconds_spoken(tmp_path / "astrid.wav", voices, last=2.5)["other"] >= 1
    assert seconds_spoken(tmp_path / "ingrid.wav", voices)["caller"] >= 2


def test_a_phone_joins_two_whom_it_talks_to(
    server: Server, phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    astrid = phones.registered(server, "astrid", codecs=("PCMU",))
    henrik = phones.registered(server, "henrik")
    ingrid = phones.registered(server, "ingrid", codecs=("PCMA",))
    call = astrid.call("astrid", f"sip:209@{DOMAIN}", record=tmp_path / "astrid.wav", play=voices["caller"].file)
    answering = henrik.incoming("henrik")
    answering.answer()
    answering.expect("CONFIRMED")
    answering.expect_media()
    answering.hold()
    answering.expect_media("local-hold")
    consulting = henrik.call("henrik", f"sip:208@{DOMAIN}")
    two = ingrid.incoming("ingrid")
    two.answer(record=tmp_path / "ingrid.wav", play=voices["other"].file)
    consulting.expect("CONFIRMED")
    consulting.expect_media()
    answering.join(consulting)
    assert answering.expect_transfer(200)["final"]
    answering.expect("DISCONNECTED")
    consulting.expect("DISCONNECTED")
    call.listen(3.0)
    two.hang_up()
    call.expect("DISCONNECTED")
    two.expect("DISCONNECTED")
    assert seconds_spoken(tmp_path / "astrid.wav", voices, last=2.5)["other"] >= 1
    assert seconds_spoken(tmp_path / "ingrid.wav", voices, last=2.5)["caller"] >= 1


def test_a_phone_parks_its_caller_and_whoever_dials_the_slot_talks_to_them(
    server: Server, phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    astrid, henrik, ingrid = [phones.registered(server, person) for person in ("astrid", "henrik", "ingrid")]
    watcher = phones.watcher(server, "maja")
    watcher.subscribe("71")
    watcher.expect("71", "idle")
    call = astrid.call("astrid", f"sip:209@{DOMAIN}", record=tmp_path / "astrid.wav", play=voices["caller"].file)
    answering = henrik.incoming("henrik")
    answering.answer()
    answering.expect("CONFIRMED")
    answering.expect_media()
    answering.transfer(f"sip:71@{DOMAIN}")
    assert answering.expect_transfer(200)["final"]
    answering.expect("DISCONNECTED")
    watcher.expect("71", "talking", phase="confirmed")
    taken = ingrid.call("ingrid", f"sip:71@{DOMAIN}", record=tmp_path / "ingrid.wav", play=voices["other"].file)
    taken.expect("CONFIRMED")
    watcher.expect("71", "idle")
    call.listen(3.0)
    taken.hang_up()
    call.expect("DISCONNECTED")
    assert seconds_spoken(tmp_path / "astrid.wav", voices, last=2.5)["other"] >= 1
    assert seconds_spoken(tmp_path / "ingrid.wav", voices)["caller"] >= 2


def test_a_lamp_key_takes_the_call_that_rings_by_what_the_lamp_tells(
    server: Server, phones: Phones, tmp_path: Path
) -> None:
    astrid, henrik = phones.registered(server, "astrid"), phones.registered(server, "henrik")
    watcher = phones.watcher(server, "maja")
    watcher.subscribe("209")
    watcher.expect("209", "idle")
    call = astrid.call("astrid", f"sip:209@{DOMAIN}")
    ringing = henrik.incoming("henrik")
    ringing.answer(180)
    (dialog,) = watcher.expect("209", "ringing", phase="early").dialogs
    taken = Sipp(
        tmp_path,
        "pickup-replaces",
        target=server.address,
        number="209",
        user="maja",
        domain=DOMAIN,
        password=server.password("maja"),
        auth_uri=f"209@{DOMAIN}",
        keys={"replaces": f"{dialog.call_id};to-tag={dialog.local_tag};from-tag={dialog.remote_tag}"},
        pause_ms=500,
    )
    call.expect("CONFIRMED")
    assert ringing.expect("DISCONNECTED")["code"] != 200
    taken.finish()
    call.expect("DISCONNECTED")
    watcher.expect("209", "idle")


def test_a_code_takes_the_call_that_rings_at_a_colleagues_phone(
    server: Server, phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    astrid, henrik, maja = [phones.registered(server, person) for person in ("astrid", "henrik", "maja")]
    call = astrid.call("astrid", f"sip:209@{DOMAIN}", record=tmp_path / "astrid.wav")
    ringing = henrik.incoming("henrik")
    ringing.answer(180)
    call.expect("EARLY")
    taken = maja.call("maja", f"sip:**209@{DOMAIN}", play=voices["other"].file)
    taken.expect("CONFIRMED")
    call.expect("CONFIRMED")
    ringing.expect("DISCONNECTED")
    call.listen(2.0)
    taken.hang_up()
    call.expect("DISCONNECTED")
    assert seconds_spoken(tmp_path / "astrid.wav", voices)["other"] >= 1
