"""Lamps and presence as phones see them: PJSIP, baresip and Linphone watch, a plain watcher reads every NOTIFY body."""

from pathlib import Path

import pytest

from tests.interop.conftest import Phones, Voice
from tests.support.server import DOMAIN, Server


def test_a_pjsua_buddy_follows_a_colleague_from_unregistered_to_a_call(server: Server, phones: Phones) -> None:
    watcher = phones.registered(server, "astrid")
    watcher.watch("astrid", f"sip:henrik@{DOMAIN}")
    assert watcher.expect("buddy", subscription="ACTIVE")["status"] == "closed"
    watched = phones.registered(server, "henrik")
    assert watcher.expect("buddy", status="open")["activity"] == "unknown"
    call = watched.call("henrik", f"sip:210@{DOMAIN}")
    answering = watcher.incoming("astrid")
    answering.answer()
    call.expect("CONFIRMED")
    watcher.expect("buddy", status="open", activity="busy", text="On the phone")
    call.hang_up()
    watcher.expect("buddy", status="open", activity="unknown")
    watched.unregister("henrik")
    watcher.expect("buddy", status="closed")


def test_baresip_sees_a_colleague_idle_busy_and_gone(server: Server, phones: Phones, voices: dict[str, Voice]) -> None:
    watched = phones.registered(server, "astrid")
    watcher = phones.baresip(server, "henrik", voices["agent"], watch=["astrid"])
    watcher.expect_presence(f"sip:astrid@{DOMAIN}", "Online")
    call = watched.call("astrid", f"sip:209@{DOMAIN}")
    watcher.expect("CALL_INCOMING")
    watcher.answer()
    call.expect("CONFIRMED")
    watcher.expect_presence(f"sip:astrid@{DOMAIN}", "Busy")
    call.hang_up()
    watcher.expect_presence(f"sip:astrid@{DOMAIN}", "Online")
    watched.unregister("astrid")
    watcher.expect_presence(f"sip:astrid@{DOMAIN}", "Offline")


@pytest.mark.parametrize("rls", ["", f"sip:friends@{DOMAIN}"], ids=["one by one", "as a list"])
def test_linphone_sees_its_friends_ring_talk_and_be_free_again(server: Server, phones: Phones, rls: str) -> None:
    watcher = phones.linphone(server, "ingrid", watch=["astrid", "henrik"], rls=rls)
    watcher.expect(f"sip:henrik@{DOMAIN}", "Offline")
    caller, callee = phones.registered(server, "astrid"), phones.registered(server, "henrik")
    watcher.expect(f"sip:astrid@{DOMAIN}", "Online")
    watcher.expect(f"sip:henrik@{DOMAIN}", "Online")
    call = caller.call("astrid", f"sip:209@{DOMAIN}")
    ringing = callee.incoming("henrik")
    ringing.answer(180)
    watcher.expect(f"sip:henrik@{DOMAIN}", "Busy")
    ringing.answer()
    call.expect("CONFIRMED")
    watcher.expect(f"sip:astrid@{DOMAIN}", "On the phone")
    watcher.expect(f"sip:henrik@{DOMAIN}", "On the phone")
    call.hang_up()
    watcher.expect(f"sip:henrik@{DOMAIN}", "Online")


def test_message_lamps_say_that_there_are_no_messages(server: Server, phones: Phones, voices: dict[str, Voice]) -> None:
    pjsua = phones.registered(server, "astrid", mwi=True)
    assert "Messages-Waiting: no" in pjsua.expect("mwi")["message"]
    baresip = phones.baresip(server, "henrik", voices["agent"], mwi=True)
    baresip.expect_output("Messages-Waiting: no")


def test_every_lamp_of_a_call_is_told_with_who_talks_to_whom(server: Server, phones: Phones) -> None:
    caller, callee = phones.registered(server, "freja"), phones.registered(server, "anna")
    watcher = phones.watcher(server, "bjorn")
    for extension in ("201", "203"):
        watcher.subscribe(extension)
        watcher.expect(extension, "idle")
    call = caller.call("freja", f"sip:201@{DOMAIN}")
    answering = callee.incoming("anna")
    answering.answer(180)
    (ringing,) = watcher.expect("201", "ringing", phase="early").dialogs
    assert ringing.direction == "recipient"
    assert ringing.remote_display == "Freja Nørgaard"
    assert ringing.remote_identity == f"sip:203@{DOMAIN}"
    assert ringing.call_id
    assert ringing.local_tag
    assert ringing.remote_tag
    (calling,) = watcher.expect("203", "calling").dialogs
    assert calling.direction == "initiator"
    answering.answer()
    call.expect("CONFIRMED")
    (talking,) = watcher.expect("201", "talking").dialogs
    assert (talking.id, talking.call_id, talking.local_tag) == (ringing.id, ringing.call_id, ringing.local_tag)
    watcher.expect("203", "talking")
    call.hold()
    call.expect_media("local-hold")
    watcher.expect("203", "held")
    call.retrieve()
    watcher.expect("203", "talking")
    call.hang_up()
    watcher.expect("201", "idle")
    watcher.expect("203", "idle")


def test_a_subscription_is_refreshed_in_its_dialog_and_ends_with_a_last_notify(server: Server, phones: Phones) -> None:
    watcher = phones.watcher(server, "ingrid")
    watcher.subscribe("207")
    assert watcher.next("207").subscription_state.startswith("active")
    watcher.refresh("207")
    assert watcher.next("207").subscription_state.startswith("active")
    watcher.refresh("207", expires=0)
    assert watcher.next("207").subscription_state.startswith("terminated")


def test_lamps_go_on_after_a_restart_without_a_new_subscription(tmp_path: Path) -> None:
    settings = {"sip": {"digest_algorithms": ["SHA-256"]}}
    with Server(tmp_path / "server", settings=settings) as server, Phones(tmp_path) as phones:
        watcher = phones.watcher(server, "ingrid")
        watcher.subscribe("209")
        watcher.expect("209", "idle")
        server.stop()
        server.start()
        # The watcher itself fails when CSeq or version went back.
        caller, callee = phones.registered(server, "astrid"), phones.registered(server, "henrik")
        call = caller.call("astrid", f"sip:209@{DOMAIN}")
        ringing = callee.incoming("henrik")
        watcher.expect("209", "ringing")
        ringing.hang_up(486)
        call.expect("DISCONNECTED", code=486)
        watcher.expect("209", "idle")
