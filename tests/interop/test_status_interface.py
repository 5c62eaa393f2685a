"""The status interface, used over HTTPS by a service provider's server while phones ring."""

import json
import os
import signal
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from presence_pidf.utm import Utm, degrees_of
from provisioning.tokens import SCOPES
from status_adapters.signature import Signatures
from tests.support.certificate import make_certificate
from tests.support.children import child
from tests.support.plain_phone import PlainPhone
from tests.support.ports import LOOPBACK, free_port
from tests.support.rude_server import RudeServer
from tests.support.server import DOMAIN, Server
from tests.support.statuses import SECRET as FEED_SECRET
from tests.support.statuses import post
from tests.support.until import PATIENCE, until

SECRET = "only-the-two-of-us-know"
STREAMS = 5
"""That one token may have open."""
SEEN = ("states", "reasons", "forwarding", "mobile")


class StatusInterface:
    """A server with its API, and clients of it."""

    def __init__(self, server: Server, port: int, hooks: int, certificate: Path) -> None:
        self.server = server
        self.certificate = certificate
        self._trust = ssl.create_default_context(cafile=certificate)
        self._socket_trust = ssl.create_default_context(cafile=certificate)
        self._socket_trust.maximum_version = ssl.TLSVersion.TLSv1_2
        self._hooks = hooks
        self.base = f"https://{LOOPBACK}:{port}/api/v1"
        self.client = self.with_token(*SEEN)

    def with_token(self, *scopes: str, name: str = "") -> httpx.Client:
        options = [word for scope in scopes for word in ("--scope", scope)]
        told = self.server.command("token", "add", "nordlys", name or "-".join(scopes), *options)
        headers = {"Authorization": f"Bearer {told.split()[0]}"}
        return httpx.Client(base_url=self.base, headers=headers, trust_env=False, timeout=PATIENCE, verify=self._trust)

    def state(self, person: str) -> Any:
        answer = self.client.get(f"/states/{person}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def report(self, person: str, **facts: Any) -> None:
        """An operator tells something of a person."""
        facts |= {"person": f"{person}@{DOMAIN}", "at": time.time()}
        status, told = post(self._hooks, "/hooks/operator", facts, secret=FEED_SECRET)
        assert status == 200, told

    @contextmanager
    def events(self, since: int = 0, **query: Any) -> Iterator[Iterator[tuple[str, Any]]]:
        """Server-sent events: kind and content of each."""
        headers = {"Last-Event-ID": str(since)} if since else {}
        with self.client.stream("GET", "/state-events", params=query, headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            yield _read(answer.iter_lines())

    def socket(self, query: str = "") -> ClientConnection:
        """A WebSocket, over TLS 1.2.

        This client reads in a thread of its own while it sends. What a server of TLS 1.3 sends behind the handshake
        (session tickets, RFC 8446 §4.6.1) then is read while the request is written, which OpenSSL does not allow:
        about two of 1,000 connections get stuck.
        """
        url = self.base.replace("https:", "wss:") + f"/state-socket?{query}"
        headers = {"Authorization": self.client.headers["Authorization"]}
        return connect(url, additional_headers=headers, proxy=None, ssl=self._socket_trust, open_timeout=PATIENCE)


def _read(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], json.loads(fields["data"])
            fields = {}


def first(events: Iterator[tuple[str, Any]], condition: str) -> Any:
    """The first event that tells of this condition."""
    return next(told for kind, told in events if kind == "state" and told["state"]["condition"] == condition)


@pytest.fixture(scope="module")
def interface(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatusInterface]:
    port, hooks, folder = free_port(), free_port(), tmp_path_factory.mktemp("status-interface")
    certificate, key = make_certificate(folder)
    web = {
        "certificate": str(certificate),
        "key": str(key),
        "listen": f"tcp:{LOOPBACK}:{port}",
        "private_webhooks": True,
        "requests_per_minute": 1_000_000,
        "streams_per_token": STREAMS,
    }
    (folder / "secret").write_text(FEED_SECRET, encoding="utf-8")
    settings = {
        "sip": {"authentication": False},
        "web": web,
        "webhooks": {"listen": f"tcp:{LOOPBACK}:{hooks}"},
        "secrets": {"feed": {"file": "secret"}},
        "adapters": {"operator": {"kind": "webhook", "secret_name": "feed", "source": "mobile"}},
    }
    with Server(folder, settings=settings) as server:
        found = StatusInterface(server, port, hooks, certificate)
        with found.client:
            until(lambda: found.client.get("/states").status_code == 200, "the states")
            yield found


def test_states_survive_a_crash_of_signalling_and_the_api_tells_so(interface: StatusInterface) -> None:
    known = interface.client.get("/states").json()
    os.kill(child(interface.server, "lampfield.signalling"), signal.SIGKILL)
    until(lambda: not interface.client.get("/states").json()["live"], "it is told")
    assert interface.client.get("/states").json()["states"] == known["states"]
    until(lambda: interface.client.get("/states").json()["live"], "signalling is back")
    assert interface.client.get("/states", params={"since": known["sequence"]}).status_code == 200


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

    call = phones["astrid"].call("anna")
    taken = phones["anna"].incoming()
    with interface.events(begin, person="anna") as events:
        ringing = first(events, "ringing")
        taken.take()
        call.answered()
        talking = first(events, "talking")
    call.hang_up()
    phones["anna"].expect("BYE")
    with interface.events(talking["sequence"], person="201") as events:
        idle = first(events, "idle")
    assert begin < ringing["sequence"] < talking["sequence"] < idle["sequence"]
    with interface.events(begin, person="anna") as events:
        assert next(events) == ("state", idle), "who missed all of it is told how it is now"
    with interface.events(1) as events:
        assert next(events)[0] == "reset"
        assert next(events)[0] == "state"
    assert interface.client.get("/states", params={"since": 1}).status_code == 410


def test_a_websocket_tells_the_same(interface: StatusInterface, phones: dict[str, PlainPhone]) -> None:
    begin = interface.client.get("/states").json()["sequence"]
    with interface.socket(f"since={begin}&person=anna") as socket:
        call = phones["astrid"].call("anna")
        assert json.loads(socket.recv(PATIENCE))["state"]["phone"] == "busy"
        call.cancel()
        while json.loads(socket.recv(PATIENCE))["state"]["phone"] != "available":
            pass
    with interface.socket("since=1") as socket:
        assert json.loads(socket.recv(PATIENCE)) == {"reset": True}
        assert "state" in json.loads(socket.recv(PATIENCE))
    with pytest.raises(InvalidStatus) as refused:
        interface.socket("person=nobody")
    assert refused.value.response.status_code == 404


def test_a_client_has_so_many_streams_open_and_another_when_one_is_closed(interface: StatusInterface) -> None:
    with ExitStack() as streams:
        for _ in range(STREAMS - 1):
            streams.enter_context(interface.events())
        with interface.socket():
            refused = interface.client.get("/state-events")
            assert refused.status_code == 429
            assert refused.json()["expected"] == f"at most {STREAMS} open at once; close one"
            assert refused.headers["Retry-After"] == "15"
            with pytest.raises(InvalidStatus) as socket_refused:
                interface.socket()
            assert socket_refused.value.response.status_code == 429
        until(lambda: interface.client.get("/state-snapshot").status_code == 200, "the socket is over")


def test_a_webhook_is_told_until_it_takes_it_and_when_somebody_is_free(
    interface: StatusInterface, phones: dict[str, PlainPhone]
) -> None:
    statuses = [503, 200]

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(statuses.pop(0) if statuses else 200)
        handler.end_headers()

    with RudeServer(reply) as told, interface.with_token("states", name="crm") as crm:
        wanted = {"url": told.url + "lampfield", "secret": SECRET, "people": ["anna"]}
        made = crm.post("/webhooks", json=wanted)
        assert made.status_code == 201, made.text
        call = phones["astrid"].call("anna")
        until(lambda: crm.get(f"/webhooks/{made.json()['id']}").json()["delivered_at"], "the delivery")
        wish = crm.post("/when-free", json={"person": "201", "seconds": 60}).json()
        assert (wish["person"], wish["state"]) == ("anna", "waiting")
        call.cancel()
        until(lambda: crm.get(f"/when-free/{wish['id']}").json()["state"] == "free", "the wish")
        until(lambda: any(b'"free":' in body for _, _, body in told.requests), "the notice")
        for path, headers, body in told.requests:
            assert path == "/lampfield"
            Signatures(SECRET).check(headers["Lampfield-Signature"], body, time.time())
        assert json.loads(told.requests[-1][2])["changes"][-1]["free"]["id"] == wish["id"]
        with interface.events(person="anna") as events:
            # Who has not asked is not told that somebody else waited.
            assert next(events)[0] == "state"
        assert crm.delete(f"/webhooks/{made.json()['id']}").status_code == 204
        assert crm.get("/webhooks").json() == []


def test_a_token_sees_what_its_scopes_allow_and_all_is_on_record(interface: StatusInterface) -> None:
    with interface.with_token("states", name="board") as board, interface.with_token("hours", name="clock") as clock:
        seen = board.get("/states/anna").json()
        assert set(interface.state("anna")) - set(seen) == {
            "reason", "note", "sources", "forwarding", "private_number", "roaming", "data_attached",
        }  # fmt: skip
        assert clock.get("/states/anna").status_code == 403
        lines = [json.loads(line) for line in board.get("/state-snapshot").text.splitlines()]
        assert {line["person"] for line in lines[:-1]} == {
            each["person"] for each in board.get("/states").json()["states"]
        }
        assert board.get("/states", params={"since": lines[-1]["sequence"]}).json()["states"] == []
        listed = board.get("/states")
        assert board.get("/states", headers={"If-None-Match": listed.headers["ETag"]}).status_code == 304

    def on_record() -> set[tuple[str, str, int]]:
        told = interface.server.command("token", "accesses", "nordlys", "--json")
        rows = [json.loads(line) for line in told.splitlines()]
        return {(row["client"], row["path"], row["status"]) for row in rows}

    wanted = {("board", "/api/v1/state-snapshot", 200), ("clock", "/api/v1/states/anna", 403)}
    until(lambda: wanted <= on_record(), "the accesses on record")


def test_the_six_fields_of_an_operator_are_told(interface: StatusInterface) -> None:
    interface.report(
        "bjorn",
        activity="on-the-phone",
        private_number=True,
        abroad=True,
        country="SE",
        plmn="24007",
        forwarding="busy",
        forwarding_target="+4533221100",
        data_attached=True,
    )
    until(lambda: interface.state("bjorn")["phone"] == "busy", "the report")
    told = interface.state("bjorn")
    assert told["private_number"] is told["data_attached"] is True
    assert told["roaming"] == {"abroad": True, "country": "SE", "plmn": "24007"}
    assert told["forwarding"] == {"kind": "busy", "target": "+4533221100"}
    interface.report("bjorn", activity="on-the-phone", data_attached=False)
    until(lambda: interface.state("bjorn")["data_attached"] is False, "what no lamp shows")


def test_a_place_is_told_of_who_has_agreed_and_each_look_up_is_on_record(interface: StatusInterface) -> None:
    point = {"latitude": 59.9139, "longitude": 10.7522, "accuracy": 50.0}
    with interface.with_token("location", "consent", name="rescue") as rescue:

        def looked_up() -> Any:
            return rescue.get("/states/bjorn/location")

        interface.report("bjorn", **point)
        assert looked_up().status_code == 409
        agreed = rescue.put("/states/bjorn/consents/location", json={"given": True, "by": "Bjorn"}).json()
        assert (agreed["given"], agreed["by"], agreed["client"]) == (True, "Bjorn", "rescue")
        assert agreed in rescue.get("/states/bjorn/consents").json()
        assert looked_up().status_code == 404, "what was told before is not kept"
        interface.report("bjorn", **point)
        until(lambda: looked_up().status_code == 200, "the place")
        told = looked_up().json()
        assert {name: told[name] for name in point} == point
        assert told["utm"]["zone"] == "32V"
        assert degrees_of(Utm(**told["utm"])) == pytest.approx((59.9139, 10.7522), abs=1e-6)
        shown = interface.server.command("person", "consent", "nordlys", "bjorn", "location", "off")
        assert "lampfield person" in shown
        assert looked_up().status_code == 409
        until(lambda: "location" not in interface.client.get("/states/bjorn").text, "it is nowhere else")
        on_record = interface.server.command("token", "accesses", "nordlys", "--client", "rescue", "--json")
        rows = [json.loads(line) for line in on_record.splitlines()]
        look_ups = [row for row in rows if row["path"] == "/api/v1/states/bjorn/location"]
        assert {row["status"] for row in look_ups} == {200, 404, 409}
        assert {row["times"] for row in look_ups} == {1}


def test_whatever_is_sent_is_answered_as_the_description_says(interface: StatusInterface) -> None:
    with interface.with_token(*SCOPES, name="everything") as everything:
        schema = schemathesis.openapi.from_dict(everything.get("/openapi.json").json())
    with requests.Session() as session:
        session.trust_env = False
        session.headers.update(everything.headers)
        try_all(schema, session, interface)


def try_all(schema: schemathesis.BaseSchema, session: requests.Session, interface: StatusInterface) -> None:
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    operations = [each for each in found if each.path != "/api/v1/state-events"]
    assert len(operations) > 40
    for operation in operations:
        cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in GenerationMode])

        @settings(
            max_examples=8, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
        )
        @given(case=cases)
        def check(case: schemathesis.Case[Any]) -> None:
            answer = case.call(
                base_url=interface.base.removesuffix("/api/v1"), session=session, verify=str(interface.certificate)
            )
            case.validate_response(
                answer, checks=[not_a_server_error, content_type_conformance, response_schema_conformance]
            )
            if answer.status_code >= 400:
                problem = answer.json()
                assert {"where", "expected", "detail"} <= problem.keys(), problem

        check()
