"""Changes on disk that are taken over while the server runs."""

import asyncio
import threading
import tomllib
from pathlib import Path

import tomli_w
from sqlalchemy import event

from provisioning.accounts import new_password
from provisioning.company_file import read_company
from provisioning.company_import import import_company
from provisioning.problems import Problems
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN, EXAMPLE

SECOND_SECONDS = 1.0
"""How long the first reading is held up, if the second does not end before; real ones."""


def import_with_name(exchange: Exchange, folder: Path, name: str) -> None:
    company = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    company["people"]["anna"]["name"] = name
    (folder / "company.toml").write_text(tomli_w.dumps(company), encoding="utf-8")
    problems = Problems()
    import_company(exchange.parts.database, read_company(folder / "company.toml", problems), new_password=new_password)
    assert not problems


def test_of_two_reloads_at_once_the_later_change_stays(tmp_path: Path) -> None:
    was_read, go_on = threading.Event(), threading.Event()

    def hold_up(*_: object) -> None:
        if threading.current_thread() is not threading.main_thread() and not was_read.is_set():
            was_read.set()
            go_on.wait(SECOND_SECONDS)

    with Exchange(tmp_path / "exchange") as exchange:

        async def reload() -> None:
            parts = exchange.parts
            import_with_name(exchange, tmp_path, "Anna First")
            event.listen(parts.database, "checkin", hold_up)
            first = asyncio.create_task(parts.reloading.companies())
            await asyncio.to_thread(was_read.wait)
            import_with_name(exchange, tmp_path, "Anna Second")
            await parts.reloading.companies()
            go_on.set()
            await first
            assert parts.door.directory.companies[DOMAIN].people["anna"].name == "Anna Second"

        exchange.run(reload())
