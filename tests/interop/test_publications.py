"""What phones and proxies publish, and what another server tells, as phones see it: PJSIP, SIPp, a second Lampfield."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.conftest import Phones, Voice
from tests.support.server import DOMAIN, Server
from tests.support.sipp import Sipp
from tests.support.until import until

PROXY = "127.0.0.3"
"""The address from which a trusted proxy publishes."""


@pytest.fixture(scope="module")
def branch(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A second server: a proxy publishes at it, and it watches Henrik's extension at the first for its own Astrid."""
    folder = tmp_path_factory.mktemp("branch")
    (folder / "password").write_text(f"{server.password('ingrid')}\n")
    watch = {
        "host": "127.0.0.1",
        "port": server.port,
        "domain": DOMAIN,
        "people": [f"209=astrid@{DOMAIN}"],
        "username": "ingrid",
        "password_file": str(folder / "password"),
    }
    publishers = {"proxy": {"sources": [PROXY], "domains": [DOMAIN]}}
    with Server(folder, settings={"publishers": publishers, "watch": {"main": watch}}) as running:
        yield running


def test_presence_that_a_pjsua_phone_publishes_reaches_baresip_and_every_watcher(
    server: Server, phones: Phones, voices: dict[str, Voice]
) -> None:
    publisher = phones.registered(server, "henrik", publish=True)
    baresip = phones.baresip(server, "astrid", voices["agent"], watch=["henrik"])
    watcher = phones.watcher(server, "henrik")
    baresip.expect_presence(f"sip:henrik@{DOMAIN}", "Online")
    watcher.subscribe("209", "presence")
    publisher.tell("henrik", "busy", "Out for lunch")
    baresip.expect_presence(f"sip:henrik@{DOMAIN}", "Busy")
    until(lambda: "Out for lunch" in watcher.notifications[-1].body, "the note is shown")
    assert "<rpid:busy/>" in watcher.notifications[-1].body
    told = server.command("why", "henrik")
    assert "is busy" in told
    assert "phone:127.0.0.1" in told
    publisher.tell("henrik", "", "Here")
    baresip.expect_presence(f"sip:henrik@{DOMAIN}", "Online")
    history = server.command("history", "209")
    assert "Out for lunch" in history


def test_a_proxy_publishes_calls_as_its_dialog_module_does(branch: Server, phones: Phones, tmp_path: Path) -> None:
    watcher = phones.watcher(branch, "ingrid")
    watcher.subscribe("207")
    watcher.expect("207", "idle")
    with Sipp(
        tmp_path, "publish-dialog", target=branch.address, number="207", domain=DOMAIN, host=PROXY, pause_ms=700
    ) as proxy:
        (ringing,) = watcher.expect("207", "ringing").dialogs
        assert ringing.direction == "recipient"
        (talking,) = watcher.expect("207", "talking").dialogs
        assert talking.id == ringing.id
        watcher.expect("207", "idle")
        proxy.finish()
    with pytest.raises(AssertionError):
        Sipp(tmp_path, "publish-dialog", target=branch.address, number="207", domain=DOMAIN, seconds=5).finish()


def test_a_call_at_one_lampfield_shows_on_the_lamps_of_another(server: Server, branch: Server, phones: Phones) -> None:
    watcher = phones.watcher(branch, "henrik")
    watcher.subscribe("210")
    watcher.expect("210", "idle")
    caller, callee = phones.registered(server, "maja"), phones.registered(server, "henrik")
    call = caller.call("maja", f"sip:209@{DOMAIN}")
    rings = callee.incoming("henrik")
    rings.answer(180)
    (ringing,) = watcher.expect("210", "ringing", phase="early").dialogs
    assert ringing.direction == "recipient"
    rings.answer()
    call.expect("CONFIRMED")
    watcher.expect("210", "talking")
    assert "pbx:main" in branch.command("why", f"astrid@{DOMAIN}")
    call.hang_up()
    watcher.expect("210", "idle")
