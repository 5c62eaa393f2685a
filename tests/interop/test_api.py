"""The API, used by a client over HTTP while phones ring and lamps are watched."""

import getpass
import json
import math
import os
import re
import signal
import struct
import wave
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from call_records.event_log import member_events_of
from lampfield.database import open_database
from provisioning.pins import opens, pin_hash
from routing.queue.events import Author, LastMemberPassive, MemberActivated, MemberDeactivated
from tests.support.children import child
from tests.support.plain_phone import PlainPhone
from tests.support.ports import LOOPBACK, free_port
from tests.support.rude_server import RudeServer
from tests.support.server import DOMAIN, Server, ServerFailed
from tests.support.until import until
from tests.support.watcher import Watcher

SALES = "301"
COMPANY = {
    "hours": {"office": {"switch_code": "*60"}},
    "people": {"anna": {"outside_number": "+4540404040"}},
    "queues": {"sales": {"members": ["anna"], "wrap_up_seconds": 0, "on_no_members": "hangup"}},
}
SCOPES = ("members", "texts", "queues", "missed", "voicemail", "sounds", "hours", "people", "pins")


def accept(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


class Api:
    """A server with its API, and a client that may do everything."""

    def __init__(self, server: Server, port: int, told: RudeServer) -> None:
        self.server = server
        self._told = told
        self.base = f"http://{LOOPBACK}:{port}/api/v1"
        self.client = self.with_token(*SCOPES)

    def with_token(self, *scopes: str) -> httpx.Client:
        options = [word for scope in scopes for word in ("--scope", scope)]
        told = self.server.command("token", "add", "nordlys", "-".join(scopes), *options)
        headers = {"Authorization": f"Bearer {told.split()[0]}"}
        return httpx.Client(base_url=self.base, headers=headers, trust_env=False, timeout=15)

    def notices(self) -> list[dict[str, Any]]:
        """What the webhook was told, in order."""
        return [json.loads(body) for _, _, body in self._told.requests]

    def done(self, method: str, path: str, **request: Any) -> Any:
        answer = self.client.request(method, path, **request)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def refused(self, status: int, method: str, path: str, **request: Any) -> Any:
        answer = self.client.request(method, path, **request)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        return answer.json()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    port = free_port()
    settings = {"sip": {"authentication": False}, "web": {"listen": f"tcp:{LOOPBACK}:{port}"}}
    with RudeServer(accept) as told:
        notices = {"desk": {"kinds": ["last-passive", "missed-call"], "webhook": told.url}}
        company = COMPANY | {"notices": notices}
        with Server(tmp_path_factory.mktemp("api"), settings=settings, company=company) as server:
            yield Api(server, port, told)


@pytest.fixture
def phones(api: Api) -> Iterator[dict[str, PlainPhone]]:
    with ExitStack() as stack:
        found = {name: stack.enter_context(PlainPhone(api.server.socket_address, name)) for name in ("anna", "astrid")}
        assert found["anna"].register().status == 200
        stack.callback(found["anna"].register, 0)
        yield found


def is_offered_calls(member: PlainPhone, caller: PlainPhone) -> bool:
    call = caller.call(SALES)
    if call.final().status == 480:
        return False
    member.incoming().take()
    call.hang_up()
    member.expect("BYE")
    return True


def test_lamp_and_offers_follow_what_is_changed_by_the_api_by_text_and_by_the_key(
    api: Api, phones: dict[str, PlainPhone]
) -> None:
    anna, astrid, server = phones["anna"], phones["astrid"], api.server
    with Watcher(server.address, "anna", DOMAIN, server.password("anna")) as key:
        key.subscribe(f"*54{SALES}")
        key.expect(f"*54{SALES}", "idle")
        changed = api.done("POST", "/queues/sales/members/anna/deactivate")
        assert (changed["active"], changed["state"]) == (False, "passive")
        key.expect(f"*54{SALES}", "talking")
        assert not is_offered_calls(anna, astrid)
        answer = api.done("POST", "/texts", json={"from": "+4540404040", "text": "Aktiv SALES"})
        assert answer == {"member": "anna", "understood": True, "text": "sales: active"}
        key.expect(f"*54{SALES}", "idle")
        assert is_offered_calls(anna, astrid)
        for lamp in ("talking", "idle"):
            call = anna.call(f"*54{SALES}")
            call.answered()
            call.hung_up()
            key.expect(f"*54{SALES}", lamp)
    engine = open_database(f"sqlite:///{server.state / 'lampfield.sqlite3'}")

    def on_record() -> list[tuple[type, Author | None]]:
        decisions = (MemberDeactivated, LastMemberPassive, MemberActivated)
        return [(type(each), each.by) for each in member_events_of(engine, "nordlys") if isinstance(each, decisions)]

    until(lambda: len(on_record()) >= 6, "the decisions on record")
    api_token, text, code = Author("api", "-".join(SCOPES)), Author("text", "+4540404040"), Author("code", "anna")
    kinds, authors = zip(*on_record(), strict=True)
    assert kinds == (MemberDeactivated, LastMemberPassive, MemberActivated) * 2
    assert authors == (api_token, api_token, text, code, code, code)
    engine.dispose()

    def told_of_anna() -> list[str]:
        return [notice["member"] for notice in api.notices() if notice["kind"] == "last-passive"]

    until(lambda: told_of_anna() == ["anna"] * 2, "the notices")
    told = server.command("why", "--last")
    assert "Anna" in told
    assert "used the code for toggle 301" in told


def test_an_administrator_changes_members_by_command_and_history_tells_who_did(api: Api) -> None:
    told = api.server.command("members", "pause", "nordlys", "sales", "anna", "--reason", "lunch")
    assert re.search(r"in sales: (paused|gone)", told)
    assert re.search(r"yes +│ lunch", api.server.command("members", "list", "nordlys", "sales"))
    api.server.command("members", "resume", "nordlys", "sales", "201")
    until(lambda: "the pause is over" in api.server.command("members", "history", "nordlys"), "the history")
    history = api.server.command("members", "history", "nordlys", "--member", "anna")
    assert f"paused: lunch, by command of {getpass.getuser()}" in history
    assert f"paused: lunch, by command of {getpass.getuser()}" in api.server.command("why", "anna")
    with pytest.raises(ServerFailed, match=r"reason = 'weather': expected one of break, lunch"):
        api.server.command("members", "pause", "nordlys", "sales", "anna", "--reason", "weather")


def test_texts_need_a_right_of_their_own(api: Api) -> None:
    client = api.with_token("members")
    answer = client.post("/texts", json={"from": "+4540404040", "text": "passive"})
    assert (answer.status_code, answer.json()["expected"]) == (403, "one with the scope texts")


def test_a_pause_needs_a_reason_that_the_company_has_and_lights_its_keys(api: Api) -> None:
    problem = api.refused(422, "POST", "/queues/sales/members/anna/pause", json={"reason": "weather"})
    assert (problem["where"], problem["value"]) == ("reason", "weather")
    assert problem["expected"].startswith("one of break, lunch")
    with Watcher(api.server.address, "anna", DOMAIN, api.server.password("anna")) as keys:
        for key in (f"*52{SALES}", "*521"):
            keys.subscribe(key)
            keys.expect(key, "idle")
        assert api.done("POST", "/queues/sales/members/anna/pause", json={"reason": "lunch"})["pause_reason"] == "lunch"
        assert api.done("GET", "/queues/sales/members")[0]["paused_since"] is not None
        keys.expect(f"*52{SALES}", "talking")
        assert api.done("POST", "/queues/sales/members/anna/resume")["paused_since"] is None
        keys.expect(f"*52{SALES}", "idle")
    assert keys.lamps("*521") == ["idle"], "the key of another reason"


@pytest.mark.parametrize(
    ("method", "path", "request_", "where"),
    [
        ("GET", "/queues/nobody", {}, "queue"),
        ("POST", "/queues/sales/members/karl/activate", {}, "member"),
        ("POST", "/texts", {"json": {"from": "+4599999999", "text": "passive"}}, "from"),
        ("PUT", "/hours/nights/switch", {"json": {"position": "open"}}, "hours"),
        ("GET", "/voicemail/messages/none", {}, "message"),
        ("GET", "/nowhere", {}, "path"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(
    api: Api, method: str, path: str, request_: dict[str, Any], where: str
) -> None:
    problem = api.refused(404, method, path, **request_)
    assert problem["where"] == where
    assert problem["expected"]


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/texts", {"from": "40404040", "text": "passive"}, "from"),
        ("/texts", {"from": "+4540404040"}, "text"),
        ("/queues/sales/members/anna/pause", {"because": "lunch"}, "because"),
    ],
)
def test_a_body_that_is_wrong_is_told_by_its_field(api: Api, path: str, body: dict[str, str], where: str) -> None:
    assert api.refused(422, "POST", path, json=body)["where"] == where


def test_nobody_is_let_in_without_a_token_nor_beyond_its_scopes_nor_after_it_was_revoked(api: Api) -> None:
    answer = httpx.get(f"{api.base}/queues", trust_env=False)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert httpx.get(f"{api.base}/health", trust_env=False).json() == {"status": "ok"}
    with api.with_token("hours") as client:
        assert client.get("/hours").status_code == 200
        answer = client.get("/queues")
        assert (answer.status_code, answer.json()["expected"]) == (403, "one with the scope queues")
        api.server.command("token", "revoke", "nordlys", "hours")
        assert client.get("/hours").status_code == 401
    assert "voicemail" in api.server.command("token", "list", "nordlys")


def test_do_not_disturb_and_forwarding_are_set_by_api_and_command_and_calls_go_by_them(
    api: Api, phones: dict[str, PlainPhone]
) -> None:
    astrid, anna, server = phones["astrid"], phones["anna"], api.server
    with Watcher(server.address, "anna", DOMAIN, server.password("anna")) as key:
        key.subscribe("*78")
        key.expect("*78", "idle")
        told = api.done("PUT", "/people/anna/do-not-disturb", json={"on": True})
        assert (told["do_not_disturb"], told["state"]) == (True, "do-not-disturb")
        key.expect("*78", "talking")
        (member,) = api.done("GET", "/queues/sales/members")
        assert member["state"] == "do-not-disturb"
        assert astrid.call("201").final().status == 486
        assert "do not disturb │ off" in server.command("person", "do-not-disturb", "nordlys", "anna", "off")
        key.expect("*78", "idle")
    server.command("person", "forward", "nordlys", "henrik", "always", "201")
    assert api.done("GET", "/people/209")["forwardings"][0]["destination"] == "person:anna"
    call = astrid.call("209")
    anna.incoming().take()
    call.answered()
    call.hang_up()
    anna.expect("BYE")
    api.done("PUT", "/people/209/forwarding/always", json={"on": False})
    api.refused(404, "PUT", "/people/eve/do-not-disturb", json={"on": True})
    api.refused(422, "PUT", "/people/anna/do-not-disturb", json={"on": True, "off": False})


def test_the_switch_of_hours_is_turned(api: Api) -> None:
    closed = api.done("PUT", "/hours/office/switch", json={"position": "closed"})
    assert (closed["open"], closed["position"]) == (False, "closed")
    assert api.done("PUT", "/hours/office/switch", json={"position": "calendar"})["position"] == "calendar"
    assert {hours["hours"] for hours in api.done("GET", "/hours")} >= {"office"}


def tone(file: Path, seconds: int = 2) -> bytes:
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        samples = (round(8000 * math.sin(number / 3)) for number in range(8000 * seconds))
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.read_bytes()


def test_a_sound_is_uploaded_listed_and_removed_and_what_is_none_is_refused(api: Api, tmp_path: Path) -> None:
    data = tone(tmp_path / "welcome.wav")
    sound = api.done("PUT", "/sounds/welcome", content=data, params={"number": 7, "file_name": "welcome.wav"})
    assert (sound["number"], sound["original_name"]) == (7, "welcome.wav")
    assert [each["name"] for each in api.done("GET", "/sounds")] == ["welcome"]
    refused = api.refused(422, "PUT", "/sounds/other", content=b"no sound at all", params={"file_name": "hej.mp3"})
    assert refused["where"] == "sound"
    assert refused["detail"].startswith("hej.mp3: it cannot be read")
    api.done("DELETE", "/sounds/welcome")
    assert api.done("GET", "/sounds") == []


def test_an_administrator_asks_for_a_new_pin_and_changes_it(api: Api) -> None:
    def opened_by(owner: str, pin: str) -> bool:
        engine = open_database(f"sqlite:///{api.server.state / 'lampfield.sqlite3'}")
        with engine.connect() as connection:
            hashed = pin_hash(connection, "nordlys", owner)
        engine.dispose()
        assert hashed is None or pin not in hashed
        return hashed is not None and opens(hashed, pin)

    made = api.done("POST", "/pins/208")
    assert made["owner"] == "ingrid", "by extension as well"
    assert opened_by("ingrid", made["pin"])
    api.done("PUT", "/pins/ingrid", json={"pin": "471108"})
    assert opened_by("ingrid", "471108")
    assert not opened_by("ingrid", made["pin"])
    assert [each["owner"] for each in api.done("GET", "/pins")] == ["ingrid"]
    for easy in ("1234", "1111", "47", "47a108"):
        refused = api.refused(422, "PUT", "/pins/ingrid", json={"pin": easy})
        assert refused["where"] == "pin"
        assert easy not in json.dumps(refused), "what was sent is not repeated"
    for wrong in ({"pin": 471109}, {"pon": "471109"}, "471109"):
        assert "471109" not in json.dumps(api.refused(422, "PUT", "/pins/ingrid", json=wrong))
    assert "ingrid" in api.refused(404, "POST", "/pins/karl")["expected"]
    api.done("DELETE", "/pins/ingrid")
    assert not opened_by("ingrid", "471108")
    with api.with_token("people", "voicemail") as other:
        assert other.post("/pins/ingrid").status_code == 403


def test_a_body_without_end_is_refused_before_it_is_known_who_sends_it(api: Api) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(10_000):
            yield b" " * 1000

    with httpx.Client(base_url=api.base, trust_env=False) as nobody:
        for body in (b" " * 2_000_000, endless()):
            answer = nobody.post("/texts", content=body, headers={"Content-Type": "application/json"})
            assert (answer.status_code, answer.json()["where"]) == (413, "body")


def test_half_a_character_is_refused_as_what_it_is(api: Api) -> None:
    text = b'{"from": "+4540404040", "text": "\\ud800"}'
    refused = api.refused(422, "POST", "/texts", content=text, headers={"Content-Type": "application/json"})
    assert refused["where"] == "text"


def test_an_upload_that_is_broken_off_is_no_fault(api: Api) -> None:
    def half() -> Iterator[bytes]:
        yield b"RIFF"
        raise InterruptedError

    with pytest.raises(InterruptedError):
        api.client.put("/sounds/half", content=half())
    assert api.done("GET", "/sounds") == []
    assert "Traceback" not in api.server.log()


def test_boxes_are_listed(api: Api) -> None:
    assert isinstance(api.done("GET", "/voicemail/boxes"), list)


def test_a_caller_whom_nobody_answers_is_told_of_listed_and_marked_as_handled(
    api: Api, phones: dict[str, PlainPhone]
) -> None:
    before = len(api.notices())
    call = phones["astrid"].call(SALES)
    ringing = phones["anna"].incoming()
    ringing.respond(180)
    call.answered()
    call.hang_up()
    ringing.cancelled()
    until(lambda: len(api.notices()) > before, "the notice")
    assert (api.notices()[-1]["kind"], api.notices()[-1]["queue"]) == ("missed-call", "sales")
    path = "/queues/sales/missed"
    until(lambda: len(api.done("GET", path)) == 1, "the call on the list")
    (missed,) = api.done("GET", path)
    assert (missed["state"], missed["outcome"]) == ("new", "abandoned")
    assert api.refused(422, "POST", f"{path}/{missed['number']}/handled", json={"by": "karl"})["where"] == "by"
    api.done("POST", f"{path}/{missed['number']}/handled", json={"by": "anna"})
    assert api.done("GET", path) == []
    assert api.done("GET", path, params={"handled": True})[0]["by"] == "anna"
    assert api.refused(404, "POST", f"{path}/{missed['number']}/handled", json={"by": "anna"})["where"] == "number"


def test_a_crash_of_the_api_disturbs_no_call_and_it_comes_back(api: Api, phones: dict[str, PlainPhone]) -> None:
    anna, astrid = phones["anna"], phones["astrid"]
    call = astrid.call(SALES)
    anna.incoming().take()
    call.answered()
    before = child(api.server, "lampfield.web_process")
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return httpx.get(f"{api.base}/health", trust_env=False, timeout=1).is_success
        except httpx.TransportError:
            return False

    until(is_back, "the API")
    assert child(api.server, "lampfield.web_process") != before
    waiting = api.done("GET", "/queues/sales")["members"][0]
    assert waiting["state"] == "talking", "the call goes on"
    call.hang_up()
    anna.expect("BYE")


def test_the_description_has_examples_and_names_problems(api: Api) -> None:
    described = httpx.get(f"{api.base}/openapi.json", trust_env=False).json()
    assert described["components"]["schemas"]["Text"]["examples"][0]["text"] == "passive sales"
    assert "/api/v1/texts" in described["paths"]
