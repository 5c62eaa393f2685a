"""From outside systems to phones' lamps: what others know of people is shown, whoever fails meanwhile."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from status_adapters.simulated.operator import SECRET as OPERATOR_SECRET
from status_adapters.simulated.operator import USER
from status_adapters.simulated.world import SimulatedWorld
from tests.interop.conftest import Phones
from tests.support.children import child
from tests.support.ports import LOOPBACK, free_port
from tests.support.server import Server
from tests.support.statuses import SECRET, post
from tests.support.until import until

HOOKS, WORLD = free_port(), free_port()
MOBILE = "+4540506070"
OTHER_MOBILE = "+4540506071"


@pytest.fixture(scope="module")
def world() -> Iterator[httpx.Client]:
    """A simulated operator, and a client to have it say things."""
    settings = uvicorn.Config(SimulatedWorld(time.time), LOOPBACK, WORLD, log_config=None, lifespan="off")
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "the simulated world listens")
    with httpx.Client(base_url=f"http://{LOOPBACK}:{WORLD}", trust_env=False) as client:
        yield client
    server.should_exit = server.force_exit = True
    thread.join(10)


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory, world: httpx.Client) -> Iterator[Server]:
    """A server with a webhook, and with an operator's feed asked and another pushed."""
    folder = tmp_path_factory.mktemp("fed")
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    (folder / "operator").write_text(OPERATOR_SECRET, encoding="utf-8")
    feed = {"kind": "operator", "secret_name": "operator"}
    settings = {
        "webhooks": {"listen": f"tcp:{LOOPBACK}:{HOOKS}"},
        "secrets": {"feed": {"file": "secret"}, "operator": {"file": "operator"}},
        "adapters": {
            "crm": {"kind": "webhook", "secret_name": "feed", "source": "mobile"},
            "telenor": feed
            | {"preset": "telenor", "username": USER, "url": f"{world.base_url}/operator/telenor/status"},
            "phonero": feed | {"preset": "phonero", "mode": "push"},
        },
    }
    people = {"people": {"astrid": {"mobile": MOBILE}, "henrik": {"mobile": OTHER_MOBILE}}}
    with Server(folder, settings=settings, company=people) as running:
        hook = {"url": f"http://{LOOPBACK}:{HOOKS}/hooks/phonero", "secret": OPERATOR_SECRET}
        world.post("/operator/phonero/push", json=hook).raise_for_status()
        yield running


def say(world: httpx.Client, number: str, **facts: object) -> None:
    world.post("/operator/say", json={"number": number, **facts}).raise_for_status()


def test_what_an_operator_says_lights_a_lamp_and_puts_it_out(fed: Server, phones: Phones, world: httpx.Client) -> None:
    phones.registered(fed, "astrid")
    watcher = phones.watcher(fed, "ingrid")
    watcher.subscribe("210")
    watcher.expect("210", "idle")
    say(world, MOBILE, activity="on-the-phone")
    watcher.expect("210", "talking")
    table = fed.command("adapters")
    assert all(name in table for name in ("crm", "telenor", "phonero"))
    trial = fed.command("adapters", "test", "telenor", "--person", "astrid@nordlys.example")
    assert "activity on-the-phone" in trial
    assert OPERATOR_SECRET not in trial + table + fed.log()
    say(world, MOBILE, activity="available")
    watcher.expect("210", "idle")


def test_a_webhooks_report_outlives_a_crash_of_every_process_it_passes(fed: Server, phones: Phones) -> None:
    phones.registered(fed, "henrik")
    watcher = phones.watcher(fed, "ingrid")
    watcher.subscribe("209")
    watcher.expect("209", "idle")
    until(lambda: "people are watched" in fed.log(), "the adapters know who there is")
    signalling, adapters = (child(fed, name) for name in ("lampfield.signalling", "lampfield.adapters_process"))
    os.kill(signalling, signal.SIGKILL)
    status, _ = post(HOOKS, "/hooks/crm", {"number": OTHER_MOBILE, "activity": "on-the-phone"})
    assert status == 200
    os.kill(adapters, signal.SIGKILL)
    watcher.expect("209", "talking", timeout=30)
