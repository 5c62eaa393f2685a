"""The database is away: whoever was known before telephones on, also when signalling ends meanwhile."""

import os
import time
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import tomli_w

from tests.interop.conftest import Phones
from tests.support.children import child, kill
from tests.support.pjsua_phone import PjsuaPhone
from tests.support.ports import LOOPBACK, free_port
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.server import DOMAIN, Server
from tests.support.until import until

BEGUN_WITHOUT = "the database is away, and is read when it is back"
BACK = "the database is back"


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as running:
        yield running


def talk(caller: PjsuaPhone, callee: PjsuaPhone, number: str = "209") -> None:
    call = caller.call("astrid", f"sip:{number}@{DOMAIN}")
    answering = callee.incoming("henrik")
    answering.answer()
    call.expect("CONFIRMED", code=200)
    call.hang_up()
    answering.expect("DISCONNECTED")


def change_number(server: Server, number: str) -> None:
    """Give henrik another extension, as an administrator does."""
    file = server.folder / "company.toml"
    company = tomllib.loads(file.read_text(encoding="utf-8"))
    company["people"]["henrik"]["extension"] = number
    file.write_text(tomli_w.dumps(company), encoding="utf-8")
    assert "companies read anew" in server.command("company", "import", "company.toml")


def test_phones_are_served_by_a_signalling_that_begins_while_the_database_is_away(
    tmp_path: Path, postgres: PostgresServer, phones: Phones
) -> None:
    settings = {"database": {"url": postgres.new_database()}}
    with Server(tmp_path / "server", settings=settings) as server:
        kept = server.state / "companies"
        until(kept.exists, "what was read on disk")
        assert kept.stat().st_mode & 0o777 == 0o600
        assert server.password("henrik").encode() not in kept.read_bytes()
        postgres.stop()
        kill(server, "lampfield.signalling")
        assert BEGUN_WITHOUT in server.log()
        caller, callee = phones.registered(server, "astrid"), phones.registered(server, "henrik")
        talk(caller, callee)
        postgres.start()
        until(lambda: BACK in server.log(), "the database is read again")
        until(lambda: server.finished_calls().count("209") == 1, "the call on record")
        change_number(server, "299")
        talk(caller, callee, "299")


def test_a_server_is_started_while_the_database_is_away(
    tmp_path: Path, postgres: PostgresServer, phones: Phones
) -> None:
    settings = {"database": {"url": postgres.new_database()}}
    with Server(tmp_path / "server", settings=settings) as server:
        until((server.state / "companies").exists, "what was read on disk")
        server.stop()
        postgres.stop()
        server.start()
        assert BEGUN_WITHOUT in server.log()
        talk(phones.registered(server, "astrid"), phones.registered(server, "henrik"))
        postgres.start()
        until(lambda: BACK in server.log(), "the database is read again")


def test_phones_are_served_while_the_file_of_the_database_cannot_be_read(tmp_path: Path, phones: Phones) -> None:
    with Server(tmp_path / "server") as server:
        until((server.state / "companies").exists, "what was read on disk")
        file = server.state / "lampfield.sqlite3"
        file.rename(aside := file.with_name("aside.sqlite3"))
        file.mkdir()
        kill(server, "lampfield.signalling")
        assert BEGUN_WITHOUT in server.log()
        talk(phones.registered(server, "astrid"), phones.registered(server, "henrik"))
        os.rmdir(file)
        aside.rename(file)
        until(lambda: BACK in server.log(), "the database is read again")


# The API


def threads_of(server: Server) -> int:
    return len(os.listdir(f"/proc/{child(server, 'lampfield.web_process')}/task"))


def told(answer: httpx.Response) -> tuple[int, str, str]:
    return answer.status_code, answer.headers["content-type"], answer.headers.get("retry-after", "")


def test_the_api_says_so_when_the_database_hangs_and_goes_on_when_it_answers(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    port = free_port()
    settings = {"database": {"url": postgres.new_database()}, "web": {"listen": f"tcp:{LOOPBACK}:{port}"}}
    with Server(tmp_path / "server", settings=settings) as server:
        token = server.command("token", "add", "nordlys", "desk", "--scope", "pins", "--scope", "queues").split()[0]
        client = httpx.Client(
            base_url=f"http://{LOOPBACK}:{port}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
            timeout=40,
        )
        requests: list[Callable[[], httpx.Response]] = [
            lambda: client.get("/queues"),
            lambda: client.put("/pins/anna", json={"pin": "271828"}),
        ]
        assert all(request().is_success for request in requests)
        before = threads_of(server)
        postgres.freeze()
        try:
            for _ in range(3):
                began = time.monotonic()
                with ThreadPoolExecutor(40) as pool:
                    answers = [asked.result() for asked in [pool.submit(request) for request in requests * 20]]
                assert time.monotonic() - began < 30
                assert {told(answer) for answer in answers} == {(503, "application/problem+json", "5")}
            assert "database" in answers[0].json()["detail"]
            health = client.get("/health")
            assert (health.status_code, health.json()) == (503, {"status": "database away"})
            assert threads_of(server) - before <= 10
        finally:
            postgres.thaw()
        until(lambda: all(request().is_success for request in requests), "the API answers again")
        assert client.get("/health").json() == {"status": "ok"}
