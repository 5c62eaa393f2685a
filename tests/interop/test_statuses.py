"""From outside systems to phones' lamps: what others know of people is shown, whoever fails meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.conftest import Phones
from tests.support.ports import LOOPBACK, free_port
from tests.support.server import Server
from tests.support.statuses import SECRET, post

HOOKS = free_port()
MOBILE = "+4540506070"


@pytest.fixture(scope="module")
def fed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a webhook, and Astrid's mobile number."""
    folder = tmp_path_factory.mktemp("fed")
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    settings = {
        "webhooks": {"listen": f"tcp:{LOOPBACK}:{HOOKS}"},
        "secrets": {"feed": {"file": "secret"}},
        "adapters": {"crm": {"kind": "webhook", "secret_name": "feed", "source": "mobile"}},
    }
    people = {"people": {"astrid": {"mobile": MOBILE}}}
    with Server(folder, settings=settings, company=people) as running:
        yield running


def test_a_webhooks_report_lights_a_lamp_and_puts_it_out(fed: Server, phones: Phones, tmp_path: Path) -> None:
    phones.registered(fed, "astrid")
    watcher = phones.watcher(fed, "ingrid")
    watcher.subscribe("210")
    watcher.expect("210", "idle")
    assert post(HOOKS, "/hooks/crm", {"number": MOBILE, "activity": "on-the-phone"})[0] == 200
    watcher.expect("210", "talking")
    assert "logged-in" in fed.command("adapters")
    assert post(HOOKS, "/hooks/crm", {"number": MOBILE, "activity": "available"})[0] == 200
    watcher.expect("210", "idle")
