"""The registrar by the rules of RFC 3261 §10.3, RFC 3327 and RFC 5626 §6."""

import msgspec
import pytest

from sipcore.binding import Binding
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.nat import due_pings, ping
from sipcore.registrar import Registrar, RegistrarConfig

AOR = "sip:anna@nordlys.example"
SERVER = ("10.0.0.1", 5060)
PHONE = Flow("udp", SERVER, ("10.0.0.5", 5060))
NOW = 1_700_000_000.0
CONTACT = "<sip:anna@10.0.0.5:5060>"


def make_request(*contacts: str, cseq: int = 1, call_id: str = "c1", **fields: str | int) -> Request:
    request = Request(
        "REGISTER",
        "sip:nordlys.example",
        [
            ("Via", "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK1;rport"),
            ("From", f"<{AOR}>;tag=1"),
            ("To", f"<{AOR}>"),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} REGISTER"),
        ],
    )
    for contact in contacts:
        request.add("Contact", contact)
    for name, value in fields.items():
        request.add(name.replace("_", "-"), str(value))
    return request


def told(response: Response) -> list[str]:
    assert response.status == 200, response
    return response.headers("Contact")


def kinds(registrar: Registrar) -> list[tuple[str, str]]:
    return [(change.kind, change.binding.contact) for change in registrar.take_changes()]


def test_a_contact_is_bound_and_told_with_its_interval() -> None:
    registrar = Registrar()
    response = registrar.register(make_request(CONTACT, Expires=1800), PHONE, AOR, NOW)
    assert told(response) == [f"{CONTACT};expires=1800"]
    assert response.header("Date") == "Tue, 14 Nov 2023 22:13:20 GMT"
    (binding,) = registrar.bindings(AOR)
    assert binding.target == ("sip:anna@10.0.0.5:5060", PHONE, ())
    assert kinds(registrar) == [("added", "sip:anna@10.0.0.5:5060")]


def test_without_contact_the_bindings_are_told_and_nothing_changes() -> None:
    registrar = Registrar()
    assert told(registrar.register(make_request(), PHONE, AOR, NOW)) == []
    registrar.register(make_request(CONTACT, Expires=1800), PHONE, AOR, NOW)
    registrar.take_changes()
    assert told(registrar.register(make_request(cseq=2), PHONE, AOR, NOW + 100)) == [f"{CONTACT};expires=1700"]
    assert kinds(registrar) == []


@pytest.mark.parametrize(
    ("contact", "expires", "granted"),
    [
        (f"{CONTACT};expires=120", None, 120),
        (f"{CONTACT};expires=120", 600, 120),
        (CONTACT, 600, 600),
        (CONTACT, None, 3600),
        (CONTACT, 100_000, 7200),
        (f"{CONTACT};expires=99999999999999", None, 7200),
        (f"{CONTACT};expires=soon", None, 3600),
        (CONTACT, "soon", 3600),
    ],
)
def test_the_interval_is_the_contacts_then_the_headers_then_ours(
    contact: str, expires: int | str | None, granted: int
) -> None:
    request = make_request(contact)
    if expires is not None:
        request.add("Expires", str(expires))
    assert told(Registrar().register(request, PHONE, AOR, NOW)) == [f"{CONTACT};expires={granted}"]


def test_too_brief_an_interval_is_answered_with_the_shortest_one() -> None:
    registrar = Registrar()
    response = registrar.register(make_request(CONTACT, Expires=59), PHONE, AOR, NOW)
    assert (response.status, response.header("Min-Expires")) == (423, "60")
    assert registrar.bindings(AOR) == ()
    long = Registrar(RegistrarConfig(min_expires=7200))
    assert told(long.register(make_request(CONTACT, Expires=3600), PHONE, AOR, NOW))  # an hour is never too brief


def test_interval_zero_removes_one_contact() -> None:
    registrar = Registrar()
    other = "<sip:anna@10.0.0.6>"
    registrar.register(make_request(CONTACT, other), PHONE, AOR, NOW)
    registrar.take_changes()
    response = registrar.register(make_request(f"{CONTACT};expires=0", cseq=2), PHONE, AOR, NOW)
    assert told(response) == [f"{other};expires=3600"]
    assert kinds(registrar) == [("removed", "sip:anna@10.0.0.5:5060")]


def test_star_removes_all_contacts() -> None:
    registrar = Registrar()
    registrar.register(make_request(CONTACT, "<sip:anna@10.0.0.6>"), PHONE, AOR, NOW)
    assert told(registrar.register(make_request("*", cseq=2, Expires=0), PHONE, AOR, NOW)) == []
    assert len(registrar) == 0
    assert registrar.next_timeout() is None


@pytest.mark.parametrize(
    "request_",
    [
        make_request("*", Expires=60),
        make_request("*"),
        make_request("*", CONTACT, Expires=0),
        make_request("<tel:+4533221100>"),
        make_request("nonsense"),
        make_request("<sip:anna@>"),
        make_request(CONTACT, Path="<sip:edge"),
    ],
)
def test_a_contact_that_cannot_be_is_a_bad_request(request_: Request) -> None:
    registrar = Registrar()
    assert registrar.register(request_, PHONE, AOR, NOW).status == 400
    assert registrar.take_changes() == []


def test_requests_out_of_order_change_nothing() -> None:
    registrar = Registrar()
    registrar.register(make_request(CONTACT, cseq=5, Expires=600), PHONE, AOR, NOW)
    registrar.take_changes()
    for late in (make_request(f"{CONTACT};expires=0", cseq=5), make_request("*", cseq=4, Expires=0)):
        assert registrar.register(late, PHONE, AOR, NOW).status == 500
    both = make_request("<sip:anna@10.0.0.9>", CONTACT, cseq=3)
    assert registrar.register(both, PHONE, AOR, NOW).status == 500
    assert [binding.contact for binding in registrar.bindings(AOR)] == ["sip:anna@10.0.0.5:5060"]
    assert kinds(registrar) == []


def test_a_phone_that_restarted_counts_from_the_beginning_with_a_new_call_id() -> None:
    registrar = Registrar()
    registrar.register(make_request(CONTACT, cseq=500), PHONE, AOR, NOW)
    response = registrar.register(make_request(CONTACT, cseq=1, call_id="c2", Expires=300), PHONE, AOR, NOW)
    assert told(response) == [f"{CONTACT};expires=300"]
    assert kinds(registrar) == [("added", "sip:anna@10.0.0.5:5060"), ("refreshed", "sip:anna@10.0.0.5:5060")]


def test_contacts_are_compared_as_uris() -> None:
    registrar = Registrar()
    registrar.register(make_request("<sip:anna@PHONE.example;transport=udp>"), PHONE, AOR, NOW)
    again = make_request("<sip:%61nna@phone.example;transport=UDP;ob>", cseq=2)
    assert told(registrar.register(again, PHONE, AOR, NOW)) == [
        "<sip:%61nna@phone.example;transport=UDP;ob>;expires=3600"
    ]


def test_bindings_expire_one_by_one() -> None:
    registrar = Registrar()
    other = "sip:anna@10.0.0.6"
    registrar.register(make_request(f"<{other}>;expires=100", f"{CONTACT};expires=200"), PHONE, AOR, NOW)
    registrar.register(make_request(f"<{other}>;expires=150", cseq=2), PHONE, AOR, NOW + 50)
    registrar.take_changes()
    when = []
    while (at := registrar.next_timeout()) is not None:
        registrar.advance(at)
        when += [(change.binding.contact, change.kind, round(at - NOW)) for change in registrar.take_changes()]
    assert sorted(when) == [(CONTACT[1:-1], "expired", 200), (other, "expired", 200)]
    assert len(registrar) == 0


def test_a_shorter_interval_moves_the_expiry_forward() -> None:
    registrar = Registrar()
    registrar.register(make_request(CONTACT, Expires=3600), PHONE, AOR, NOW)
    registrar.register(make_request(CONTACT, Expires=60, cseq=2), PHONE, AOR, NOW)
    registrar.advance(NOW + 61)
    assert registrar.bindings(AOR) == ()


def test_preference_device_and_flow_are_told_back() -> None:
    value = '<sip:anna@10.0.0.5>;q=0.5;+sip.instance="<urn:uuid:1>";reg-id=1'
    registrar = Registrar()
    response = registrar.register(make_request(value, Supported="path, outbound"), PHONE, AOR, NOW)
    assert told(response) == ['<sip:anna@10.0.0.5>;expires=3600;q=0.5;+sip.instance="<urn:uuid:1>";reg-id=1']
    assert response.header("Require") == "outbound"


def test_a_device_that_comes_from_a_new_address_replaces_its_flow() -> None:
    registrar = Registrar()
    device = '+sip.instance="<urn:uuid:1>"'
    registrar.register(make_request(f"<sip:a@10.0.0.5>;{device};reg-id=1"), PHONE, AOR, NOW)
    registrar.register(make_request(f"<sip:a@10.0.0.7>;{device};reg-id=1", call_id="c2"), PHONE, AOR, NOW)
    registrar.register(make_request(f"<sip:a@10.0.0.8>;{device};reg-id=2", call_id="c2"), PHONE, AOR, NOW + 1)
    assert [binding.contact for binding in registrar.bindings(AOR)] == ["sip:a@10.0.0.7", "sip:a@10.0.0.8"]
    assert [binding.contact for binding in registrar.targets(AOR)] == ["sip:a@10.0.0.8"]


def test_the_preferred_contact_is_rung_first() -> None:
    registrar = Registrar()
    registrar.register(make_request("<sip:a@10.0.0.5>;q=0.2", "<sip:a@10.0.0.6>"), PHONE, AOR, NOW)
    assert [binding.contact for binding in registrar.targets(AOR)] == ["sip:a@10.0.0.6", "sip:a@10.0.0.5"]


def test_path_is_kept_told_back_and_routes_requests_through_the_proxy() -> None:
    proxy = Flow("udp", SERVER, ("10.0.0.2", 5060))
    registrar = Registrar()
    path = "<sip:10.0.0.2;lr>, <sip:edge.example;lr>"
    response = registrar.register(make_request("<sip:anna@192.168.1.5>", Path=path), proxy, AOR, NOW)
    assert response.headers("Path") == ["<sip:10.0.0.2;lr>", "<sip:edge.example;lr>"]
    (binding,) = registrar.bindings(AOR)
    assert binding.target == ("sip:anna@192.168.1.5", proxy, ("<sip:10.0.0.2;lr>", "<sip:edge.example;lr>"))
    assert not binding.behind_nat


def test_a_phone_behind_nat_is_told_its_own_contact_and_called_where_it_was_heard() -> None:
    nat = Flow("udp", SERVER, ("203.0.113.9", 40123))
    registrar = Registrar()
    response = registrar.register(make_request("<sip:anna@192.168.1.5:5060>"), nat, AOR, NOW)
    assert told(response) == ["<sip:anna@192.168.1.5:5060>;expires=3600"]
    (binding,) = registrar.bindings(AOR)
    assert binding.behind_nat
    assert binding.target == ("sip:anna@192.168.1.5:5060", nat, ())


@pytest.mark.parametrize(
    ("contact", "flow", "called"),
    [
        ("<sip:a@10.0.0.5:5070>", PHONE, Flow("udp", SERVER, ("10.0.0.5", 5070))),
        ("<sip:a@10.0.0.5>", Flow("udp", SERVER, ("10.0.0.5", 33333)), PHONE),
        ("<sip:a@10.0.0.5;transport=tcp>", PHONE, Flow("tcp", SERVER, ("10.0.0.5", 5060))),
        ("<sip:a@10.0.0.5>", Flow("tcp", SERVER, ("10.0.0.5", 44444)), Flow("tcp", SERVER, ("10.0.0.5", 44444))),
        (
            "<sip:a@[2001:db8::5]:5070>",
            Flow("udp", ("2001:db8::1", 5060), ("2001:db8::5", 9)),
            Flow("udp", ("2001:db8::1", 5060), ("2001:db8::5", 5070)),
        ),
        ("<sip:a@phone.example>", PHONE, PHONE),
    ],
)
def test_a_phone_without_nat_is_called_at_its_contact_or_on_its_connection(
    contact: str, flow: Flow, called: Flow
) -> None:
    registrar = Registrar()
    registrar.register(make_request(contact), flow, AOR, NOW)
    assert registrar.bindings(AOR)[0].flow == called


def test_when_its_connection_closes_a_phone_is_called_at_its_address_or_forgotten() -> None:
    connection = Flow("tcp", SERVER, ("10.0.0.5", 44444))
    registrar = Registrar()
    direct = Flow("tcp", SERVER, ("10.0.0.5", 5060))
    registrar.register(make_request("<sip:a@10.0.0.5;transport=tcp>", "<sip:a@192.168.0.9>"), connection, AOR, NOW)
    registrar.take_changes()
    registrar.flow_failed(connection, NOW + 1)
    assert [(binding.contact, binding.flow) for binding in registrar.bindings(AOR)] == [
        ("sip:a@10.0.0.5;transport=tcp", direct)
    ]
    assert kinds(registrar) == [("refreshed", "sip:a@10.0.0.5;transport=tcp"), ("removed", "sip:a@192.168.0.9")]
    registrar.flow_failed(direct, NOW + 2)
    assert registrar.bindings(AOR) == ()
    registrar.flow_failed(PHONE, NOW + 3)


def test_of_too_many_bindings_the_oldest_goes_and_never_the_new_one() -> None:
    registrar = Registrar(RegistrarConfig(max_bindings=2))
    for number, expires in enumerate((600, 900, 60)):
        request = make_request(f"<sip:a@10.0.0.{number}>", call_id=f"c{number}", Expires=expires)
        registrar.register(request, PHONE, AOR, NOW)
    assert [binding.contact for binding in registrar.bindings(AOR)] == ["sip:a@10.0.0.2", "sip:a@10.0.0.1"]
    three = make_request("<sip:a@10.1.0.1>", "<sip:a@10.1.0.2>", "<sip:a@10.1.0.3>", call_id="c9")
    assert registrar.register(three, PHONE, AOR, NOW).status == 403


def restarted(registrar: Registrar, now: float) -> Registrar:
    """Another registrar with what the first one would have written to disk."""
    written = {
        change.binding.key: msgspec.msgpack.encode(change.binding)
        for change in registrar.take_changes()
        if not change.gone
    }
    other = Registrar()
    other.restore([msgspec.msgpack.decode(data, type=Binding) for data in written.values()], now)
    return other


def test_bindings_survive_a_restart_through_their_written_form() -> None:
    registrar = Registrar()
    device = '+sip.instance="<urn:uuid:1>"'
    request = make_request(f"{CONTACT};expires=100", f"<sip:a@192.168.0.9>;q=0.5;{device}", User_Agent="Snom")
    registrar.register(request, Flow("udp", SERVER, ("203.0.113.9", 40123)), AOR, NOW)
    other = restarted(registrar, NOW + 200)
    assert other.bindings(AOR) == registrar.bindings(AOR)[1:]
    assert kinds(other) == [("expired", "sip:anna@10.0.0.5:5060")]
    other.advance(NOW + 3601)
    assert len(other) == 0


def test_connections_do_not_survive_a_restart_and_what_hangs_on_them_neither() -> None:
    registrar = Registrar()
    connection = Flow("tcp", SERVER, ("10.0.0.5", 44444))
    registrar.register(make_request("<sip:a@10.0.0.5;transport=tcp>", "<sip:a@192.168.0.9>"), connection, AOR, NOW)
    proxy = Flow("tcp", SERVER, ("10.0.0.2", 55555))
    path = make_request("<sip:b@192.168.0.7>", Path="<sip:10.0.0.2:5080;transport=tcp;lr>")
    registrar.register(path, proxy, "sip:b@x", NOW)
    other = restarted(registrar, NOW + 1)
    assert [binding.flow.remote for binding in other.bindings(AOR)] == [("10.0.0.5", 5060)]
    assert [binding.flow.remote for binding in other.bindings("sip:b@x")] == [("10.0.0.2", 5080)]
    assert kinds(other) == [("removed", "sip:a@192.168.0.9")]


def test_each_phone_behind_nat_is_pinged_once_an_interval_and_they_are_spread() -> None:
    registrar = Registrar()
    for number in range(200):
        flow = Flow("udp", SERVER, ("203.0.113.9", 40000 + number))
        registrar.register(make_request("<sip:a@192.168.1.5>"), flow, f"sip:{number}@nordlys.example", NOW)
    registrar.register(make_request(CONTACT), PHONE, AOR, NOW)
    registrar.register(make_request("<sip:b@192.168.1.5>"), Flow("tcp", SERVER, ("203.0.113.9", 1)), "sip:b@x", NOW)
    each_second = [due_pings(registrar.all(), NOW + second, NOW + second + 1, 25.0) for second in range(25)]
    pinged = [binding.aor for due in each_second for binding in due]
    assert len(pinged) == len(set(pinged)) == 200
    assert max(map(len, each_second)) < 25


def test_a_ping_is_options_to_the_contact_on_its_flow() -> None:
    registrar = Registrar()
    nat = Flow("udp", SERVER, ("203.0.113.9", 40123))
    registrar.register(make_request("<sip:anna@192.168.1.5:5060>"), nat, AOR, NOW)
    request = ping(registrar.bindings(AOR)[0], lambda: "t0k3n")
    assert (request.method, request.uri, request.to.uri.aor) == ("OPTIONS", "sip:anna@192.168.1.5:5060", AOR)


def test_a_binding_can_be_kept_though_its_phone_writes_latin_1() -> None:
    registrar = Registrar()
    said = {"User_Agent": "B\udcfcro", "Path": "<sip:b\udcfcro@10.0.0.9;lr>"}
    instance = f'{CONTACT};+sip.instance="<urn:b\udcfcro>"'
    for cseq in (1, 2):
        request = make_request(instance, cseq=cseq, call_id="b\udcfcro", Expires=600, **said)
        assert registrar.register(request, PHONE, AOR, NOW).status == 200
    again = make_request(instance, cseq=2, call_id="b\udcfcro", Expires=600, **said)
    assert registrar.register(again, PHONE, AOR, NOW).status == 500, "it is known by its Call-ID"
    (binding,) = registrar.bindings(AOR)
    assert (binding.user_agent, binding.instance) == ("B\u00fcro", "<urn:b\u00fcro>")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(binding), type=Binding) == binding


def test_a_contact_that_is_no_utf_8_is_not_bound() -> None:
    registrar = Registrar()
    response = registrar.register(make_request("<sip:b\udcfcro@10.0.0.5>", Expires=600), PHONE, AOR, NOW)
    assert (response.status, response.reason) == (400, "Contact is not UTF-8")
    assert not registrar.bindings(AOR)
