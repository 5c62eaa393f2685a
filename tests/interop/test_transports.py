"""Calls over TCP and IPv6, reliable provisional responses, UPDATE, and the answers to what cannot be done."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.plain_phone import PlainPhone
from tests.support.ports import free_port
from tests.support.server import DOMAIN, Server
from tests.support.until import until

HENRIK = "209"
CALLER_SAYS, CALLEE_SAYS = 0x35, 0x9C
NO_PASSWORDS = {"authentication": False}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("transports"), settings={"sip": NO_PASSWORDS}) as running:
        yield running


@pytest.fixture
def astrid(server: Server) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, "astrid") as phone:
        yield phone


@pytest.fixture
def henrik(server: Server) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, "henrik") as phone:
        assert phone.register().status == 200
        yield phone
        assert phone.register(0).status == 200


def whole_call(caller: PlainPhone, callee: PlainPhone) -> None:
    """The callee registers; they call, hear each other, and hang up."""
    assert callee.register().status == 200
    call = caller.call(HENRIK)
    ringing = callee.incoming()
    assert f"SIP/2.0/{callee.transport.upper()}" in ringing.invite["Via"]
    ringing.take()
    caller.rtp.say(call.answered().audio, CALLER_SAYS)
    callee.rtp.say(ringing.invite.audio, CALLEE_SAYS)
    caller.rtp.expect(CALLEE_SAYS)
    callee.rtp.expect(CALLER_SAYS)
    ringing.request("BYE")
    call.hung_up()
    assert callee.register(0).status == 200


@pytest.mark.parametrize(("caller", "callee"), [("tcp", "tcp"), ("udp", "tcp"), ("tcp", "udp")])
def test_a_whole_call_over_tcp(server: Server, caller: str, callee: str) -> None:
    with (
        PlainPhone(server.socket_address, "astrid", transport=caller) as astrid,
        PlainPhone(server.socket_address, "henrik", transport=callee) as henrik,
    ):
        whole_call(astrid, henrik)


def test_a_whole_call_over_ipv6(tmp_path: Path) -> None:
    port, port_six = free_port(), free_port()
    listen = [f"udp:127.0.0.1:{port}", f"udp:[::1]:{port_six}"]
    settings = {"sip": NO_PASSWORDS | {"listen": listen}, "media": {"address": "::1"}}
    with (
        Server(tmp_path / "server", settings=settings, port=port),
        PlainPhone(("::1", port_six), "astrid", host="::1") as astrid,
        PlainPhone(("::1", port_six), "henrik", host="::1") as henrik,
    ):
        whole_call(astrid, henrik)


def test_a_phone_whose_connection_is_gone_is_not_rung(server: Server, astrid: PlainPhone) -> None:
    with PlainPhone(server.socket_address, "henrik", transport="tcp") as henrik:
        # Behind NAT: only the connection leads to the phone.
        henrik.register(contact="<sip:henrik@192.0.2.9:5060;transport=tcp>")
    call = astrid.call(HENRIK)
    call.refused(480)


# RFC 3262 and RFC 3311


def test_who_requires_100rel_gets_ringing_reliably_and_again_until_prack(
    astrid: PlainPhone, henrik: PlainPhone
) -> None:
    call = astrid.call(HENRIK, fields=[("Require", "100rel")])
    ringing = henrik.incoming()
    ringing.respond(180)
    reliable = call.expect(180)
    assert "100rel" in reliable["Require"]
    until(lambda: astrid.has_again(reliable), "the ringing is sent again")
    prack = call.request("PRACK", fields=[("RAck", f"{reliable['RSeq']} 1 INVITE")])
    assert astrid.final(prack).status == 200
    wrong = call.request("PRACK", fields=[("RAck", f"{int(reliable['RSeq']) + 9} 1 INVITE")])
    assert astrid.final(wrong).status == 481
    ringing.respond(200, henrik.sdp())
    ringing.expect("ACK")
    call.answered()
    call.hang_up()
    ringing.hung_up()


def test_a_callee_that_answers_reliably_gets_its_prack(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    assert "100rel" in ringing.invite["Supported"]
    ringing.respond(183, henrik.sdp(), [("Require", "100rel"), ("RSeq", "7")])
    prack = ringing.expect("PRACK")
    assert prack["RAck"].split() == ["7", *ringing.invite["CSeq"].split()]
    ringing.respond(200, request=prack)
    ringing.respond(200)  # the description was in the 183 (RFC 3262 §5)
    ringing.expect("ACK")
    call.answered()
    call.hang_up()
    ringing.hung_up()


def test_update_holds_and_retrieves(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.take()
    astrid.rtp.say(call.answered().audio, CALLER_SAYS)
    henrik.rtp.expect(CALLER_SAYS)
    assert astrid.final(call.request("UPDATE", astrid.sdp(direction="sendonly", version=2))).status == 200
    henrik.rtp.expect_sound()
    assert astrid.final(call.request("UPDATE", astrid.sdp(version=3))).status == 200
    henrik.rtp.expect(CALLER_SAYS)
    call.hang_up()
    ringing.hung_up()


# What cannot be done

ME = f"<sip:astrid@{DOMAIN}>"
LAMP = {"Event": "dialog", "Accept": "application/dialog-info+xml", "Expires": "60"}
UNKNOWN = {"To": f"<sip:209@{DOMAIN}>;tag=nobody"}

REFUSALS: list[tuple[str, str, dict[str, str], str, int, str]] = [
    ("OPTIONS", "", {}, "", 200, "Allow"),
    ("OPTIONS", "", {"Require": "teleport"}, "", 420, "Unsupported"),
    ("INVITE", "209", {"Require": "teleport, timer"}, "v=0", 420, "Unsupported"),
    ("MESSAGE", "209", {}, "", 405, "Allow"),
    ("JUMP", "209", {}, "", 501, "Allow"),
    ("SUBSCRIBE", "209", {"Event": "weather", "Expires": "60"}, "", 489, "Allow-Events"),
    ("SUBSCRIBE", "209", LAMP | {"Expires": "2"}, "", 423, "Min-Expires"),
    ("SUBSCRIBE", "209", LAMP | {"Accept": "text/plain"}, "", 406, "Accept"),
    ("SUBSCRIBE", "299", LAMP, "", 404, ""),
    ("SUBSCRIBE", "209", LAMP | UNKNOWN, "", 481, ""),
    ("REGISTER", "", {"To": ME, "Expires": "2"}, "", 423, "Min-Expires"),
    ("REGISTER", "", {"To": f"<sip:henrik@{DOMAIN}>"}, "", 403, ""),
    ("INVITE", "209", {"Content-Type": "text/plain"}, "Hello", 415, "Accept"),
    ("INVITE", "209", {"Content-Encoding": "gzip"}, "v=0", 415, "Accept-Encoding"),
    ("INVITE", "209", {"Accept": "text/plain"}, "", 406, "Accept"),
    ("INVITE", "209", {"Max-Forwards": "0"}, "", 483, ""),
    ("INVITE", "209", {"Max-Forwards": "many"}, "", 400, ""),
    ("INVITE", "209", {"CSeq": "1 OPTIONS"}, "", 400, ""),
    ("INVITE", "209", {"From": "<sip:astrid"}, "", 400, ""),
    ("INVITE", "209", {"Session-Expires": "30", "Supported": "timer"}, "", 422, "Min-SE"),
    ("INVITE", "209", {}, "v=0\r\no=nonsense\r\n", 400, ""),
    ("INVITE", "299", {}, "", 404, ""),
    ("INVITE", "205", {}, "", 480, ""),
    ("INVITE", "209", UNKNOWN, "", 481, ""),
    ("BYE", "209", UNKNOWN, "", 481, ""),
    ("CANCEL", "209", {}, "", 481, ""),
    ("INFO", "209", UNKNOWN, "", 481, ""),
    ("UPDATE", "209", UNKNOWN, "", 481, ""),
    ("PRACK", "209", UNKNOWN | {"RAck": "1 1 INVITE"}, "", 481, ""),
]


@pytest.mark.parametrize(("method", "number", "fields", "body", "status", "header"), REFUSALS)
def test_each_request_gets_the_right_answer(
    astrid: PlainPhone, method: str, number: str, fields: dict[str, str], body: str, status: int, header: str
) -> None:
    response = astrid.ask(method, f"sip:{number}@{DOMAIN}" if number else f"sip:{DOMAIN}", fields.items(), body)
    assert response.status == status, response
    assert not header or response[header], response


def test_an_unknown_scheme_is_refused(astrid: PlainPhone) -> None:
    assert astrid.ask("INVITE", "gopher:209").status == 416


def test_one_request_by_two_paths_is_taken_once(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    same = {name: call.invite[name] for name in ("From", "To", "Call-ID", "CSeq")}
    assert astrid.ask("INVITE", call.invite.uri, same.items(), astrid.sdp()).status == 482
    ringing.respond(180)
    call.cancel()
    ringing.cancelled()


def test_a_peer_that_asks_again_while_its_offer_is_not_answered_is_told_to_wait(
    astrid: PlainPhone, henrik: PlainPhone
) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.respond(180)
    call.expect(180)
    update = call.request("UPDATE", astrid.sdp(version=2))
    response = astrid.final(update)
    assert response.status in (491, 500)
    call.cancel()
    ringing.cancelled()


def test_garbage_leaves_the_server_well(server: Server, astrid: PlainPhone) -> None:
    for garbage in (
        b"",
        b"\r\n\r\n",
        b"\0" * 40,
        b"INVITE\r\n\r\n",
        b"SIP/2.0 200 OK\r\n\r\n",
        bytes(range(256)) * 200,
    ):
        astrid.send_bytes(garbage)
    with socket.create_connection(server.socket_address) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert astrid.ask("OPTIONS", f"sip:{DOMAIN}").status == 200
