"""The status interface, used over HTTP by a service provider's server while phones ring."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from tests.support.plain_phone import PlainPhone
from tests.support.ports import LOOPBACK, free_port
from tests.support.server import Server
from tests.support.until import until

SEEN = ("states", "reasons", "forwarding", "mobile")


class StatusInterface:
    """A server with its API, and clients of it."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.base = f"http://{LOOPBACK}:{port}/api/v1"
        self.client = self.with_token(*SEEN)

    def with_token(self, *scopes: str, name: str = "") -> httpx.Client:
        options = [word for scope in scopes for word in ("--scope", scope)]
        told = self.server.command("token", "add", "nordlys", name or "-".join(scopes), *options)
        headers = {"Authorization": f"Bearer {told.split()[0]}"}
        return httpx.Client(base_url=self.base, headers=headers, trust_env=False, timeout=15)

    def state(self, person: str) -> Any:
        answer = self.client.get(f"/states/{person}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    @contextmanager
    def events(self, since: int = 0, **query: Any) -> Iterator[Iterator[tuple[str, Any]]]:
        """Server-sent events: kind and content of each."""
        headers = {"Last-Event-ID": str(since)} if since else {}
        with self.client.stream("GET", "/state-events", params=query, headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _read(answer.iter_lines())


def _read(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], json.loads(fields["data"])
            fields = {}


@pytest.fixture(scope="module")
def interface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatusInterface]:
    port = free_port()
    settings = {"sip": {"authentication": False}, "web": {"listen": f"tcp:{LOOPBACK}:{port}"}}
    with Server(tmp_path_factory.mktemp("status-interface"), settings=settings) as server:
        found = StatusInterface(server, port)
        until(lambda: found.client.get("/states").status_code == 200, "the states")
        yield found


@pytest.fixture
def phones(interface: StatusInterface) -> Iterator[dict[str, PlainPhone]]:
    with ExitStack() as stack:
        names = ("anna", "astrid")
        found = {name: stack.enter_context(PlainPhone(interface.server.socket_address, name)) for name in names}
        for phone in found.values():
            assert phone.register().status == 200
            stack.callback(phone.register, 0)
        for name in names:
            until(lambda name=name: interface.state(name)["phone"] == "available", "the registrations")  # type: ignore[misc]
        yield found
    for name in names:
        until(lambda name=name: interface.state(name)["phone"] == "unreachable", "the end of them")  # type: ignore[misc]


def test_a_state_follows_a_call(interface: StatusInterface, phones: dict[str, PlainPhone]) -> None:
    call = phones["astrid"].call("anna")
    until(lambda: interface.state("anna")["condition"] == "ringing", "ringing")
    phones["anna"].incoming().take()
    call.answered()
    until(lambda: interface.state("anna")["condition"] == "talking", "talking")
    told = interface.state("anna")
    assert told["phone"] == "busy"
    assert told["sources"][0]["name"] == "calls"
    call.hang_up()
    phones["anna"].expect("BYE")
    until(lambda: interface.state("anna")["phone"] == "available", "the end")


def test_events_are_told_in_order_and_again_to_who_was_away(
    interface: StatusInterface, phones: dict[str, PlainPhone]
) -> None:
    begin = interface.client.get("/states").json()["sequence"]

    def calls_told(since: int) -> list[Any]:
        with interface.events(since, person="201") as events:
            told = []
            for kind, content in events:
                assert kind == "state"
                told.append(content)
                if content["state"]["condition"] == "idle":
                    return told
        raise AssertionError("the stream ended")

    call = phones["astrid"].call("anna")
    taken = phones["anna"].incoming()
    with interface.events(begin, person="anna") as events:
        assert next(events)[1]["state"]["condition"] == "ringing"
        taken.take()
        call.answered()
        _, talking = next(events)
        assert talking["state"]["condition"] == "talking"
    call.hang_up()
    phones["anna"].expect("BYE")
    (ended,) = calls_told(talking["sequence"])
    assert ended["sequence"] > talking["sequence"]
    # Who missed all of it is told how it is now.
    assert calls_told(begin)[-1] == ended
    with interface.events(1) as events:
        assert next(events)[0] == "reset"
        assert next(events)[0] == "state"
    assert interface.client.get("/states", params={"since": 1}).status_code == 410
