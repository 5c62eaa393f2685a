"""Calls from and to the telephone network: through trunks known by address, and through an account at a provider."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.children import kill
from tests.support.plain_message import Message, proves, read, uri_of
from tests.support.plain_phone import PlainCall, PlainPhone
from tests.support.ports import free_port
from tests.support.server import MAIN_NUMBER, OUTSIDE, Server
from tests.support.until import PATIENCE, until

SECOND = "127.0.0.3"
"""Where the network's other gateway lives."""
OWN_NUMBER = "+4533221109"
"""Henrik's own, from outside."""
CALLER = "+4540123456"

VOICE_IN, VOICE_OUT = 0x35, 0x9C
"""What the two sides of a call say: A-law values that no prompt holds for 20 ms."""


@pytest.fixture(scope="module")
def second_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, second_port: int) -> Iterator[Server]:
    """A server with two gateways to the network, that believes phones who they are."""
    settings = {
        "sip": {"authentication": False},
        "trunks": {"second": {"kind": "address", "host": SECOND, "port": second_port}},
    }
    company = {"people": {"henrik": {"outside_number": OWN_NUMBER, "ring_seconds": 5}}}
    with Server(tmp_path_factory.mktemp("trunks"), settings=settings, company=company) as running:
        yield running


@pytest.fixture
def network(server: Server) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, CALLER, host=OUTSIDE, port=server.outside_port) as gateway:
        yield gateway


@pytest.fixture
def henrik(server: Server) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, "henrik") as phone:
        assert phone.register().status == 200
        yield phone
        assert phone.register(0).status == 200


def talk(one: PlainPhone, to_one: tuple[str, int], other: PlainPhone, to_other: tuple[str, int]) -> None:
    """Both speak, and each hears the other."""
    one.rtp.say(to_one, VOICE_IN)
    other.rtp.say(to_other, VOICE_OUT)
    one.rtp.expect(VOICE_OUT)
    other.rtp.expect(VOICE_IN)


def test_the_main_number_answers_a_call_from_a_trunk(server: Server, network: PlainPhone) -> None:
    call = network.call(MAIN_NUMBER, domain=server.address)
    network.rtp.say(call.answered().audio, VOICE_IN)
    network.rtp.expect_sound()
    call.hang_up()


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({}, f'"" <sip:{CALLER}@'),
        ({"P-Asserted-Identity": '"Karen Holm" <sip:+4540999999@network.example>'}, '"Karen Holm" <sip:+4540999999@'),
        ({"P-Asserted-Identity": "<tel:+4540999999>", "Privacy": "id"}, "<sip:anonymous@"),
    ],
)
def test_a_persons_own_number_rings_the_phone_and_shows_who_calls(
    server: Server, network: PlainPhone, henrik: PlainPhone, fields: dict[str, str], shown: str
) -> None:
    call = network.call(OWN_NUMBER, fields=fields.items(), domain=server.address)
    ringing = henrik.incoming()
    assert shown.removeprefix('"" ') in ringing.invite["From"]
    assert "+4540999999" not in ringing.invite["From"] or "Privacy" not in fields
    ringing.take()
    talk(network, call.answered().audio, henrik, ringing.invite.audio)
    call.hang_up()
    ringing.hung_up()


def test_a_call_that_is_forwarded_outside_tells_who_forwarded_it(server: Server, network: PlainPhone) -> None:
    server.command("person", "forward", "nordlys", "henrik", "always", "40999999")
    try:
        call = network.call(OWN_NUMBER, domain=server.address)
        forwarded = network.incoming()
        assert uri_of(forwarded.invite["Diversion"]).startswith(f"sip:{OWN_NUMBER}@")
        assert forwarded.invite["Diversion"].endswith(";reason=unconditional;counter=1")
        assert f"<sip:{OWN_NUMBER}@" in forwarded.invite["From"]
        forwarded.take()
        call.answered()
        call.hang_up()
        forwarded.hung_up()
        again = network.call(OWN_NUMBER, fields=[("Diversion", "<sip:x@y>;counter=5")], domain=server.address)
        assert again.final().status == 482, "forwarded too often already"
    finally:
        server.command("person", "forward", "nordlys", "henrik", "always", "off")


def test_a_network_that_has_closed_its_connection_is_told_over_a_new_one(server: Server, henrik: PlainPhone) -> None:
    with (
        socket.create_server((OUTSIDE, 0)) as listening,
        PlainPhone(server.socket_address, CALLER, host=OUTSIDE, transport="tcp") as gateway,
    ):
        contact = f"<sip:{CALLER}@{OUTSIDE}:{listening.getsockname()[1]};transport=tcp>"
        call = gateway.call(OWN_NUMBER, fields=[("Contact", contact)], domain=server.address)
        rings = henrik.incoming()
        rings.take()
        call.answered()
        gateway.vanish()
        bye = rings.request("BYE")
        listening.settimeout(PATIENCE)
        connection, _ = listening.accept()
        with connection:
            connection.settimeout(PATIENCE)
            ended = read(connection.recv(65535))
        assert (ended.method, ended["Call-ID"]) == ("BYE", call.id)
        assert henrik.final(bye).status == 200


def test_a_number_of_nobody_is_refused_to_the_network(server: Server, network: PlainPhone) -> None:
    network.call("+4533229999", domain=server.address).refused(404)


def test_calling_out_shows_the_persons_number_and_passes_on_what_the_network_plays(
    network: PlainPhone, henrik: PlainPhone
) -> None:
    call = henrik.call("40123456")
    outgoing = network.incoming()
    assert uri_of(outgoing.invite["From"]) == f"sip:{OWN_NUMBER}@{OUTSIDE};user=phone"
    assert uri_of(outgoing.invite["P-Asserted-Identity"]) == f"sip:{OWN_NUMBER}@{OUTSIDE};user=phone"
    assert outgoing.invite.uri.startswith(f"sip:{CALLER}@{OUTSIDE}")
    network.rtp.say(outgoing.invite.audio, VOICE_OUT)
    outgoing.respond(183, network.sdp())
    early = call.expect(183)
    henrik.rtp.say(early.audio, VOICE_IN)
    henrik.rtp.expect(VOICE_OUT)
    outgoing.respond(200, network.sdp())
    outgoing.expect("ACK")
    answer = call.answered()
    assert answer.body == early.body, "the answer says again what the early one said"
    talk(henrik, answer.audio, network, outgoing.invite.audio)
    outgoing.request("BYE")
    call.hung_up()


def test_a_call_that_comes_round_again_ends_by_its_hops(
    server: Server, network: PlainPhone, henrik: PlainPhone
) -> None:
    assert network.call(OWN_NUMBER, fields=[("Max-Forwards", "0")], domain=server.address).refused(483)
    call = network.call(OWN_NUMBER, fields=[("Max-Forwards", "3")], domain=server.address)
    rings = henrik.incoming()
    assert rings.invite["Max-Forwards"] == "2"
    rings.respond(302, fields=[("Contact", "<sip:40123456@nordlys.example>")])
    outgoing = network.incoming()
    assert outgoing.invite["Max-Forwards"] == "2"
    outgoing.turn_down(486)
    call.refused(486)


def test_a_phone_that_withholds_its_number_is_not_shown_outside(network: PlainPhone, henrik: PlainPhone) -> None:
    call = henrik.call("40123456", fields=[("Privacy", "id")])
    outgoing = network.incoming()
    assert OWN_NUMBER not in outgoing.invite["From"]
    assert OWN_NUMBER in outgoing.invite["P-Asserted-Identity"]
    assert outgoing.invite["Privacy"] == "id"
    outgoing.turn_down(486)
    call.refused(486)


@pytest.mark.parametrize(("refusal", "told"), [(486, 486), (404, 404), (480, 480), (603, 603)])
def test_what_the_network_refuses_is_told_to_the_caller(
    network: PlainPhone, henrik: PlainPhone, refusal: int, told: int
) -> None:
    call = henrik.call("40123456")
    outgoing = network.incoming()
    outgoing.respond(refusal)
    outgoing.expect("ACK")
    call.refused(told)


def test_giving_up_cancels_the_call_in_the_network(network: PlainPhone, henrik: PlainPhone) -> None:
    call = henrik.call("40123456")
    outgoing = network.incoming()
    outgoing.respond(180)
    call.expect(180)
    call.cancel()
    outgoing.cancelled()
    call.refused(487)


def test_a_gateway_that_is_out_of_service_is_passed_over(
    server: Server, network: PlainPhone, henrik: PlainPhone, second_port: int
) -> None:
    with PlainPhone(server.socket_address, "gateway", host=SECOND, port=second_port) as second:
        call = henrik.call("40123456")
        refusing = network.incoming()
        refusing.respond(503)
        refusing.expect("ACK")
        outgoing = second.incoming()
        outgoing.take()
        talk(henrik, call.answered().audio, second, outgoing.invite.audio)
        call.hang_up()
        outgoing.hung_up()


def test_no_gateway_in_service_is_told_with_503(
    server: Server, network: PlainPhone, henrik: PlainPhone, second_port: int
) -> None:
    with PlainPhone(server.socket_address, "gateway", host=SECOND, port=second_port) as second:
        call = henrik.call("40123456")
        for gateway in (network, second):
            refusing = gateway.incoming()
            refusing.respond(503)
            refusing.expect("ACK")
        call.refused(503)


def test_a_phone_that_nobody_takes_up_ends_the_networks_call_with_480(
    server: Server, network: PlainPhone, henrik: PlainPhone
) -> None:
    call = network.call(OWN_NUMBER, domain=server.address)
    ringing = henrik.incoming()
    ringing.respond(180)
    call.expect(180)
    ringing.cancelled()
    call.refused(480)


def test_a_gateway_that_is_silent_is_passed_over_in_a_few_seconds(
    server: Server, network: PlainPhone, henrik: PlainPhone, second_port: int
) -> None:
    with PlainPhone(server.socket_address, "gateway", host=SECOND, port=second_port) as second:
        call = henrik.call("40123456")
        late = network.incoming()
        outgoing = second.incoming()
        outgoing.take()
        talk(henrik, call.answered().audio, second, outgoing.invite.audio)
        late.respond(180)  # when it wakes up, it is told that nobody waits any more
        late.cancelled()
        call.hang_up()
        outgoing.hung_up()
        again = henrik.call("40123456")
        straight = second.incoming(timeout=2.0)
        straight.take()
        again.answered()
        again.hang_up()
        straight.hung_up()


PROVIDER = "127.0.0.4"
ACCOUNT, PASSWORD = "nordlys-2211", "a provider's secret"
CHALLENGE = 'Digest realm="provider.example", nonce="{}", algorithm=MD5, qop="auth"'


class Provider(PlainPhone):
    """A provider's server: lets in who proves the account, and grants 10 s."""

    def admit(self, method: str, status: int = 401, call_id: str = "") -> Message:
        """The next request of this method that proves the password; before, it is challenged as a stranger's."""
        header, credentials = {
            401: ("WWW-Authenticate", "Authorization"),
            407: ("Proxy-Authenticate", "Proxy-Authorization"),
        }[status]
        request = self.expect(method, call_id)
        if not request[credentials]:
            nonce = request["Call-ID"][:8] + request["CSeq"].split()[0]
            self.respond(request, status, fields=[(header, CHALLENGE.format(nonce))], tag="provider")
            if method == "INVITE":
                self.expect("ACK", request["Call-ID"])
            request = self.expect(method, request["Call-ID"])
        assert proves(request[credentials], method, PASSWORD), request
        return request

    def register_client(self) -> Message:
        """Take a REGISTER."""
        request = self.admit("REGISTER")
        granted = "0" if request["Expires"] == "0" else "10"
        self.respond(request, 200, fields=[("Contact", f"{request['Contact']};expires={granted}")], tag="provider")
        return request


Account = tuple[Server, Provider, Message]
"""A server with an account at a provider, and the REGISTER that was granted first."""


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    password = tmp_path / "password"
    password.write_text(PASSWORD)
    port = free_port()
    trunk = {
        "kind": "register",
        "host": PROVIDER,
        "port": port,
        "username": ACCOUNT,
        "password_file": str(password),
        "numbers": [MAIN_NUMBER, OWN_NUMBER],
    }
    settings = {"sip": {"authentication": False}, "trunks": {"outside": None, "provider": trunk}}
    company = {"people": {"henrik": {"outside_number": OWN_NUMBER}}}
    server = Server(tmp_path / "server", settings=settings, company=company)
    with Provider(server.socket_address, CALLER, host=PROVIDER, port=port) as provider, server:
        yield server, provider, provider.register_client()


def test_an_account_at_a_provider_registers_calls_is_called_and_leaves(account: Account) -> None:
    server, provider, first = account
    assert uri_of(first["To"]) == f"sip:{ACCOUNT}@{PROVIDER}"

    call = provider.call_uri(first.contact, [("To", f"<sip:{MAIN_NUMBER}@provider.example>")])
    provider.rtp.say(call.answered().audio, VOICE_IN)
    provider.rtp.expect_sound()
    call.hang_up()

    with PlainPhone(server.socket_address, "henrik") as henrik:
        calling = henrik.call("40123456")
        outgoing = provider.answering(provider.admit("INVITE", 407))
        assert OWN_NUMBER in outgoing.invite["P-Asserted-Identity"]
        outgoing.take()
        talk(henrik, calling.answered().audio, provider, outgoing.invite.audio)
        calling.hang_up()
        outgoing.hung_up()

        assert henrik.register().status == 200
        incoming = provider.call_uri(first.contact, [("To", f"<sip:{OWN_NUMBER}@provider.example>")])
        answering = henrik.incoming()
        answering.take()
        incoming.answered()
        answering.hang_up()
        provider.respond(provider.admit("BYE", 407), 200)

    refreshed = provider.register_client()
    assert (refreshed["Call-ID"], refreshed.contact) == (first["Call-ID"], first.contact)
    server.stop_soon()
    while (last := provider.register_client())["Expires"] != "0":
        pass
    assert last.contact == first.contact


def test_a_providers_challenges_within_a_call_are_answered_after_signalling_was_killed(account: Account) -> None:
    server, provider, first = account
    with PlainPhone(server.socket_address, "henrik") as henrik, PlainPhone(server.socket_address, "anna") as anna:
        assert henrik.register().status == 200
        called = provider.call_uri(first.contact, [("To", f"<sip:{OWN_NUMBER}@provider.example>")])
        answering = henrik.incoming()
        answering.take()
        called.answered()
        calling = anna.call("40123456")
        outgoing = provider.answering(provider.admit("INVITE", 407))
        outgoing.take()
        calling.answered()
        until(lambda: on_disk(server, called, outgoing), "both calls, on disk")
        assert PASSWORD.encode() not in (server.state / "journal").read_bytes()
        assert anna.silent(1.0), "nobody calls her, and nobody says a word for so long"
        kill(server, "lampfield.signalling")

        # So each is asked whether it is there still.
        for call in (called, outgoing):
            asked = provider.admit("INVITE", call_id=call.id)
            call.respond(200, provider.sdp(version=2), request=asked)
            call.expect("ACK")
        answering.hang_up()
        provider.respond(provider.admit("BYE", 407, called.id), 200)
        calling.hang_up()
        provider.respond(provider.admit("BYE", 407, outgoing.id), 200)


def test_a_provider_whose_answer_crosses_a_kill_of_signalling_is_hung_up_in_spite_of_its_challenge(
    account: Account,
) -> None:
    server, provider, _ = account
    with PlainPhone(server.socket_address, "anna") as anna:
        calling = anna.call("40123456")
        outgoing = provider.answering(provider.admit("INVITE", 407))
        outgoing.respond(180)
        calling.expect(180)
        kill(server, "lampfield.signalling")
        outgoing.expect("CANCEL")
        outgoing.respond(200, provider.sdp())
        outgoing.expect("ACK")
        provider.respond(provider.admit("BYE", 407, outgoing.id), 200)


def on_disk(server: Server, *calls: PlainCall) -> bool:
    journal = (server.state / "journal").read_bytes()
    return all(call.id.encode() in journal for call in calls)
