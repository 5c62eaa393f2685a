"""Calendars, Microsoft 365, operators and other PBXs: from their simulated servers to a phone's lamp, and back."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn

from status_adapters.simulated import asterisk, innovaphone
from status_adapters.simulated.asterisk import SimulatedAsterisk
from status_adapters.simulated.camara import SimulatedCamara
from status_adapters.simulated.graph import SimulatedGraph
from status_adapters.simulated.innovaphone import SimulatedInnovaphone
from status_adapters.simulated.sign_in import CLIENT_SECRET
from status_adapters.simulated.world import SimulatedWorld
from tests.interop.conftest import Phones
from tests.support import radicale
from tests.support.calendars import calendar
from tests.support.ports import LOOPBACK, free_port
from tests.support.radicale import Radicale
from tests.support.server import DOMAIN, Server
from tests.support.until import until
from tests.support.watcher import Watcher

MOBILE = "+4540506070"
FIRST_READING = 40.0
"""Seconds: a process that reads calendars is begun first."""
GATEWAY_SECRET = "of the gateway"
PORT, HOOKS, API = free_port(), free_port(), free_port()
PUBLIC = "https://hooks.nordlys.example"
ROOT = f"http://{LOOPBACK}:{PORT}"
CLIENT = "22553876-f5ab-4529-bffb-cfe50aa89f87"


@pytest.fixture(scope="module")
def world() -> Iterator[SimulatedWorld]:
    """The simulated servers, in a thread of their own."""
    world = SimulatedWorld(time.time)
    server = uvicorn.Server(uvicorn.Config(world, LOOPBACK, PORT, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "the simulated world listens")
    operator = world.servers["camara"]
    assert isinstance(operator, SimulatedCamara)
    # What a name and a proxy with its certificate do elsewhere.
    operator.leads[PUBLIC] = f"http://{LOOPBACK}:{HOOKS}"
    with httpx.Client(base_url=ROOT, trust_env=False) as client:
        soon = datetime.fromtimestamp(time.time() - 60, UTC)
        meeting = calendar(f"DTSTART:{soon:%Y%m%dT%H%M%SZ}\nDURATION:PT1H\nSUMMARY:Salaries")
        client.put("/feeds/astrid.ics", content=meeting).raise_for_status()
        client.put("/camara/devices/" + MOBILE, json={"roaming": True, "country": "DE"}).raise_for_status()
        client.put("/camara/devices/+4540506072", json={}).raise_for_status()
        client.put("/innovaphone/users/Freja", json={"fork": "0004540506072"}).raise_for_status()
        for name in ("henrik", "astrid"):
            say(client, f"/graph/presence/{name}@{DOMAIN}", availability="Available", activity="Available")
        say(client, "/asterisk/devices/PJSIP/210", state="NOT_INUSE")
    yield world
    server.should_exit = server.force_exit = True
    thread.join(10)


@pytest.fixture
def outside(world: SimulatedWorld) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=ROOT, trust_env=False) as client:
        yield client


def say(client: httpx.Client, path: str, **what: object) -> None:
    client.put(path, json=what).raise_for_status()


@pytest.fixture(scope="module")
def dav(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    """A CalDAV server with a meeting of Bjørn's that began a minute ago."""
    soon = datetime.fromtimestamp(time.time() - 60, UTC)
    with radicale.radicale(tmp_path_factory.mktemp("radicale")) as server:
        server.make_calendar("/bjorn/work/")
        server.put("/bjorn/work/1.ics", calendar(f"DTSTART:{soon:%Y%m%dT%H%M%SZ}\nDURATION:PT1H\nSUMMARY:Bonus"))
        yield server


@pytest.fixture(scope="module")
def linked(tmp_path_factory: pytest.TempPathFactory, world: SimulatedWorld, dav: Radicale) -> Iterator[Server]:
    """A server with an adapter of each kind."""
    folder = tmp_path_factory.mktemp("linked")
    secrets = {
        "client": CLIENT_SECRET,
        "pbx": innovaphone.PASSWORD,
        "asterisk": asterisk.PASSWORD,
        "dav": radicale.PASSWORD,
        "gateway": GATEWAY_SECRET,
    }
    for name, value in secrets.items():
        (folder / name).write_text(value, encoding="utf-8")
    settings = {
        "web": {"listen": f"tcp:{LOOPBACK}:{API}"},
        "webhooks": {"listen": f"tcp:{LOOPBACK}:{HOOKS}", "public_url": PUBLIC},
        "secrets": {name: {"file": name} for name in secrets},
        "adapters": {
            "office": {"kind": "calendars", "people": [f"astrid@{DOMAIN}={ROOT}/feeds/astrid.ics"]},
            "nextcloud": {
                "kind": "calendars",
                "protocol": "caldav",
                "url": f"{dav.url}/{{user}}/",
                "username": radicale.USER,
                "secret_name": "dav",
            },
            "sms": {"kind": "text", "secret_name": "gateway"},
            "m365": {
                "kind": "microsoft-365",
                "tenant": DOMAIN,
                "client_id": CLIENT,
                "secret_name": "client",
                "poll_seconds": 5,
                "calendars": False,
                "api_url": f"{ROOT}/graph/v1.0",
                "login_url": f"{ROOT}/graph",
            },
            "telco": {
                "kind": "camara",
                "url": f"{ROOT}/camara",
                "token_url": f"{ROOT}/camara/oauth2/token",
                "client_id": "nordlys",
                "secret_name": "client",
                "consents": [f"astrid@{DOMAIN}=roaming,reachability"],
            },
            "hq": {
                "kind": "innovaphone",
                "url": f"{ROOT}/innovaphone/PBX0/user.soap",
                "username": innovaphone.USER,
                "secret_name": "pbx",
            },
            "old-pbx": {
                "kind": "asterisk",
                "url": f"{ROOT}/asterisk/ari",
                "username": asterisk.USER,
                "secret_name": "asterisk",
                "device": "",
                "people": [f"ingrid@{DOMAIN}=PJSIP/208"],
            },
        },
    }
    people = {
        "astrid": {"mobile": MOBILE},
        "henrik": {"mail": f"henrik@{DOMAIN}"},
        "freja": {"mobile": "+4540506072"},
    }
    with Server(folder, settings=settings, company={"people": people}) as running:
        yield running


def test_a_calendars_meeting_is_shown_without_its_title(linked: Server, phones: Phones) -> None:
    watcher = phones.watcher(linked, "ingrid")
    watcher.subscribe("210", "presence")
    until(
        lambda: bool(watcher.notifications) and "<rpid:meeting/>" in watcher.notifications[-1].body,
        "the meeting is shown",
        FIRST_READING,
    )
    assert "Salaries" not in watcher.notifications[-1].body + linked.command("why", "astrid") + linked.log()


def test_a_call_in_teams_is_on_the_lamp(linked: Server, phones: Phones, outside: httpx.Client) -> None:
    watcher = phones.watcher(linked, "ingrid")
    watcher.subscribe("209")
    watcher.expect("209", "idle")
    say(outside, f"/graph/presence/henrik@{DOMAIN}", availability="Busy", activity="InACall")
    watcher.expect("209", "talking", timeout=20)
    say(outside, f"/graph/presence/henrik@{DOMAIN}", availability="Available", activity="Available")
    watcher.expect("209", "idle", timeout=20)


def test_calls_at_other_pbxs_are_on_the_lamp(linked: Server, phones: Phones, outside: httpx.Client) -> None:
    watcher = phones.watcher(linked, "astrid")
    for extension in ("203", "208"):
        watcher.subscribe(extension)
        watcher.expect(extension, "idle")
    say(outside, "/innovaphone/calls/Freja", call=1, state=5)
    watcher.expect("203", "talking")
    say(outside, "/innovaphone/calls/Freja", call=1, state=7)
    watcher.expect("203", "idle")
    say(outside, "/asterisk/devices/PJSIP/208", state="INUSE")
    watcher.expect("208", "talking")
    say(outside, "/asterisk/devices/PJSIP/208", state="NOT_INUSE")
    watcher.expect("208", "idle")


def test_a_call_here_is_shown_to_teams_and_to_the_other_pbxs(
    linked: Server, phones: Phones, world: SimulatedWorld
) -> None:
    teams, pbx, old = (world.servers[name] for name in ("graph", "innovaphone", "asterisk"))
    assert isinstance(teams, SimulatedGraph)
    assert isinstance(pbx, SimulatedInnovaphone)
    assert isinstance(old, SimulatedAsterisk)
    freja, henrik = phones.registered(linked, "freja"), phones.registered(linked, "henrik")
    call = freja.call("freja", f"sip:209@{DOMAIN}")
    henrik.incoming("henrik").answer()
    call.expect("CONFIRMED")
    until(lambda: f"id-henrik@{DOMAIN}" in teams.sessions, "Teams shows Henrik in a call")
    until(lambda: pbx.presence.get(("Freja", "mob:"), ("", ""))[0] == "on-the-phone", "innovaphone shows Freja")
    until(lambda: old.states.get("Stasis:henrik") == "INUSE", "Asterisk shows Henrik")
    call.hang_up()
    until(lambda: not teams.sessions, "Teams shows no call")
    until(lambda: pbx.presence["Freja", "mob:"] == ("", ""), "innovaphone shows no call")
    until(lambda: old.states["Stasis:henrik"] == "NOT_INUSE", "Asterisk shows no call")


def test_what_the_operator_tells_is_known_of_who_has_consented(
    linked: Server, world: SimulatedWorld, outside: httpx.Client
) -> None:
    operator = world.servers["camara"]
    assert isinstance(operator, SimulatedCamara)
    until(lambda: len(operator.subscriptions) == 4, "all is subscribed to")
    until(lambda: "mobile:telco" in linked.command("why", "astrid"), "the mobile is known")
    say(outside, f"/camara/devices/{MOBILE}", reachable=False)
    until(lambda: operator.event_answers == [204], "the event is taken")
    assert "mobile:telco" not in linked.command("why", "freja")
    assert operator.asked.keys() == {"roaming", "reachability"}
    assert operator.wrong == []


def test_a_meeting_on_a_caldav_server_is_shown_without_its_title(linked: Server, phones: Phones) -> None:
    watcher = phones.watcher(linked, "ingrid")
    watcher.subscribe("202", "presence")
    until(lambda: "<rpid:meeting/>" in _last(watcher), "the meeting is shown", FIRST_READING)
    assert "Bonus" not in _last(watcher) + linked.command("why", "bjorn") + linked.log()


def test_what_a_person_writes_is_on_the_lamp_until_they_are_free(linked: Server, phones: Phones) -> None:
    watcher = phones.watcher(linked, "ingrid")
    watcher.subscribe("203", "presence")
    assert _written("lunch") == "You are shown as: lunch"
    until(lambda: "lunch" in _last(watcher), "lunch is shown")
    _written("free")
    until(lambda: "lunch" not in _last(watcher), "lunch is shown no more")


def _written(text: str) -> str:
    """A text of Freja's, as the gateway sends it on; what she is answered."""
    query = {"from": "+4540506072", "text": text, "token": GATEWAY_SECRET}
    return httpx.get(f"http://{LOOPBACK}:{HOOKS}/hooks/sms", params=query, trust_env=False).raise_for_status().text


def _last(watcher: Watcher) -> str:
    return watcher.notifications[-1].body if watcher.notifications else ""


def test_the_api_tells_what_each_source_says(api: httpx.Client) -> None:
    def sources() -> set[tuple[str, str]]:
        states = api.get("/states").json()["states"]
        return {(state["person"], source["name"]) for state in states for source in state["sources"]}

    wanted = {
        ("astrid", "calendar:office"),
        ("astrid", "mobile:telco"),
        ("bjorn", "calendar:nextcloud"),
        ("henrik", "computer:m365"),
        ("freja", "pbx:hq"),
        ("ingrid", "pbx:old-pbx"),
    }
    until(lambda: wanted <= sources(), "all sources are told of")


def test_a_consent_counts_while_the_server_runs(api: httpx.Client) -> None:
    def consent(given: bool) -> None:
        api.put("/states/freja/consents/network", json={"given": given, "by": "Freja"}).raise_for_status()

    def attached() -> object:
        return api.get("/states/freja").json()["data_attached"]

    assert attached() is None
    consent(True)
    until(lambda: attached() is True, "the operator is asked")
    consent(False)
    until(lambda: attached() is None, "what it told is forgotten")


@pytest.fixture(scope="module")
def api(linked: Server) -> Iterator[httpx.Client]:
    """A client of the server's API."""
    scopes = [word for scope in ("states", "reasons", "mobile", "consent") for word in ("--scope", scope)]
    token = linked.command("token", "add", "nordlys", "wall", *scopes).split()[0]
    base = f"http://{LOOPBACK}:{API}/api/v1"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        until(lambda: client.get("/states").status_code == 200, "the states")
        yield client


def test_a_link_can_be_tried_by_command(linked: Server) -> None:
    assert "is Freja" in linked.command("adapters", "test", "hq", "--person", f"freja@{DOMAIN}")
