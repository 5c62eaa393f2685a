"""Menus, hours and look-ups as phones hear them: somebody presses keys, listens, and looks at a lamp."""

from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from media.prompts.library import PromptLibrary
from media.prompts.sound import Samples
from tests.interop.conftest import Phones
from tests.support import audio
from tests.support.pjsua_phone import PjsuaCall
from tests.support.rude_server import RudeServer, says
from tests.support.server import DOMAIN, MAIN_NUMBER, OUTSIDE, Server

SECOND_NUMBER = "+4533221101"
CALLER = "+4540123456"
SLOW_SECONDS = 3.5
Clips = Callable[..., dict[str, Samples]]


@pytest.fixture(scope="module")
def customers() -> Iterator[RudeServer]:
    """The company's own server: knows every customer, slowly."""

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        server.ends.wait(SLOW_SECONDS)
        says(b'{"destination": "contract", "name": "Hansen A/S"}')(handler)

    with RudeServer(slowly) as server:
        yield server


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, customers: RudeServer) -> Iterator[Server]:
    """The example company with all of it in its menu, closed today as on a special day at its second number."""
    today = datetime.now(ZoneInfo("Europe/Copenhagen")).date().isoformat()
    always = {day: ["00:00-24:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")}
    always |= {day: ["00:00-24:00"] for day in ("saturday", "sunday")}
    main = {
        "extensions": True,
        "customer_numbers": "lookup:customers",
        "digit_seconds": 1.5,
        "keys": {"4": "names", "5": "menu:danish", "6": "hours:party"},
    }
    company = {
        "main_numbers": {
            MAIN_NUMBER: {"hours": "always", "closed_greeting": "busy", "closed": "message:goodbye"},
            SECOND_NUMBER: {
                "hours": "party",
                "open": "message:goodbye",
                "closed": "message:goodbye",
                "greeting": "greeting",
                "closed_greeting": "closed",
                "special_closed_greeting": "busy",
            },
        },
        "hours": {
            "always": always | {"switch_code": "*60"},
            "party": always | {"special_days": {today: []}},
        },
        "menus": {"main": main, "danish": {"language": "da", "prompt": "menu", "keys": {"9": "back"}}},
        "lookups": {
            "customers": {
                "url": customers.url,
                "secret_name": "crm",
                "timeout_seconds": 5,
                "otherwise": "message:closed",
                "destinations": {"contract": "person:ingrid"},
            }
        },
    }
    folder = tmp_path_factory.mktemp("menus")
    (folder / "crm").write_text("hush\n")
    settings = {"secrets": {"crm": {"file": "crm"}}}
    with Server(folder, company=company, settings=settings) as running:
        yield running


def dial(house: Server, phones: Phones, record: Path, number: str = MAIN_NUMBER) -> PjsuaCall:
    """An outside caller dials a main number, and it is answered."""
    caller = phones.pjsua("outside", host=OUTSIDE)
    caller.account("outside", f"sip:{CALLER}@{OUTSIDE}")
    call = caller.call("outside", f"sip:{number}@{house.address}", record=record)
    call.expect("CONFIRMED")
    call.listen(0.5)
    return call


def heard(record: Path, clips: dict[str, Samples]) -> list[str]:
    return [each.name for each in audio.timeline(audio.load(record), clips)]


def code(house: Server, phones: Phones, dialled: str, record: Path) -> None:
    """Anna dials a feature code, listens to the end and hangs up where the server does."""
    call = phones.named("anna").call("anna", f"sip:{dialled}@{DOMAIN}", record=record)
    call.expect("DISCONNECTED", timeout=20.0)


def test_an_extension_is_dialled_in_the_menu(house: Server, phones: Phones, tmp_path: Path) -> None:
    ingrid = phones.registered(house, "ingrid")
    call = dial(house, phones, tmp_path / "caller.wav")
    call.dtmf("208#")
    ringing = ingrid.incoming("ingrid")
    call.hang_up()
    ringing.expect("DISCONNECTED")


def test_somebody_is_dialled_by_name(house: Server, phones: Phones, clips: Clips, tmp_path: Path) -> None:
    ingrid = phones.registered(house, "ingrid")
    call = dial(house, phones, tmp_path / "caller.wav")
    call.dtmf("4#")
    call.listen(2.0)
    call.dtmf("464")
    call.listen(4.0)
    call.dtmf("1")
    ringing = ingrid.incoming("ingrid")
    call.hang_up()
    ringing.expect("DISCONNECTED")
    call.expect("DISCONNECTED")
    assert "word/extension" in heard(tmp_path / "caller.wav", clips("word/extension", "names/type", "names/none"))


def test_the_caller_chooses_a_language_and_all_that_follows_speaks_it(
    house: Server, phones: Phones, library: PromptLibrary, tmp_path: Path
) -> None:
    call = dial(house, phones, tmp_path / "caller.wav")
    call.dtmf("5#")
    call.listen(1.0)
    call.hear_out()
    call.dtmf("9")
    call.listen(6.0)
    call.hang_up()
    call.expect("DISCONNECTED")
    menus = {language: audio.load(library.find("menu", language)) for language in ("en", "da")}
    assert heard(tmp_path / "caller.wav", menus)[-2:] == ["da", "da"]


def test_the_opening_hours_are_told_and_then_the_menu(
    house: Server, phones: Phones, clips: Clips, tmp_path: Path
) -> None:
    call = dial(house, phones, tmp_path / "caller.wav")
    call.dtmf("6#")
    call.listen(1.0)
    call.hear_out()
    call.hang_up()
    call.expect("DISCONNECTED")
    told = clips("hours/weekly", "hours/every-day", "hours/all-day", "hours/closed-today", "hours/today", "menu")
    assert heard(tmp_path / "caller.wav", told) == [
        *["hours/weekly", "hours/every-day", "hours/all-day", "hours/closed-today"],
        "menu",
    ]


def test_on_a_special_day_its_own_greeting_is_heard(
    house: Server, phones: Phones, clips: Clips, tmp_path: Path
) -> None:
    call = dial(house, phones, tmp_path / "caller.wav", SECOND_NUMBER)
    call.expect("DISCONNECTED", timeout=20.0)
    told = heard(tmp_path / "caller.wav", clips("greeting", "closed", "busy", "goodbye"))
    assert told == ["busy", "goodbye"]


def test_a_slow_server_is_asked_while_the_caller_is_told_to_hold(
    house: Server, phones: Phones, customers: RudeServer, clips: Clips, tmp_path: Path
) -> None:
    ingrid = phones.registered(house, "ingrid")
    call = dial(house, phones, tmp_path / "caller.wav")
    call.dtmf("4711#")
    ringing = ingrid.incoming("ingrid")
    assert "Hansen A/S" in ringing.remote
    call.hang_up()
    ringing.expect("DISCONNECTED")
    call.expect("DISCONNECTED")
    assert "please-hold" in heard(tmp_path / "caller.wav", clips("please-hold", "closed"))
    (_, headers, body) = customers.requests[-1]
    assert b'"customer_number":"4711"' in body
    assert headers["Lampfield-Signature"].startswith("t=")


def test_a_code_closes_the_company_and_lights_a_lamp_that_outlives_a_restart(
    house: Server, phones: Phones, clips: Clips, tmp_path: Path
) -> None:
    phones.registered(house, "anna")
    watcher = phones.watcher(house, "henrik")
    watcher.subscribe("*60")
    watcher.expect("*60", "idle")
    code(house, phones, "*602", tmp_path / "closing.wav")
    (dialog,) = watcher.expect("*60", "talking").dialogs
    assert dialog.state == "confirmed"
    assert heard(tmp_path / "closing.wav", clips("switch/closed", "switch/open", "switch/calendar")) == [
        "switch/closed"
    ]
    house.stop()
    house.start()
    again = phones.watcher(house, "freja")
    again.subscribe("*60")
    again.expect("*60", "talking")
    call = dial(house, phones, tmp_path / "caller.wav")
    call.expect("DISCONNECTED", timeout=20.0)
    # What is said in the instant of the answer may be cut short in the recording.
    assert heard(tmp_path / "caller.wav", clips("greeting", "goodbye")) == ["goodbye"]
    code(house, phones, "*600", tmp_path / "opening.wav")
    again.expect("*60", "idle")
