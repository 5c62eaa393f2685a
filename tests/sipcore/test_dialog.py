"""Dialogs: what makes them, where their requests go, how numbers run (RFC 3261 §12)."""

import pytest

from sipcore.answering import response_to
from sipcore.dialog import Dialog
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import CSeq, Request, Response

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))
ROUTES = ("<sip:p1.example;lr>", "<sip:p2.example;lr>", "<sip:p3.example;lr>")


def an_invite(
    contact: str = "<sip:bob@192.0.2.2:5066>",
    via: str = "SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK1",
    routes: tuple[str, ...] = (),
    uri: str = "sip:service@192.0.2.1",
) -> Request:
    fields = [("Via", via), *(("Record-Route", route) for route in routes)]
    fields += [
        ("From", '"Bob" <sip:bob@peer.example>;tag=bobs'),
        ("To", "<sip:service@us.example>"),
        ("Call-ID", "call-1"),
        ("CSeq", "314 INVITE"),
        ("Contact", contact),
    ]
    return Request("INVITE", uri, fields)


def called(**how: str) -> Dialog:
    return Dialog.as_uas(an_invite(**how), "ours", FLOW)  # type: ignore[arg-type]


def answer(routes: tuple[str, ...] = (), contact: str = "<sip:svc@192.0.2.2:5070>") -> tuple[Request, Response]:
    invite = an_invite(routes=routes, uri="sip:svc@192.0.2.2")
    return invite, response_to(invite, 200, to_tag="theirs", fields=[("Contact", contact)], record_route=True)


def test_the_called_party_takes_tags_target_and_numbers_from_the_invite() -> None:
    dialog = called()
    assert dialog.id == ("call-1", "ours", "bobs")
    assert (dialog.local_uri, dialog.remote_uri) == ("sip:service@us.example", "sip:bob@peer.example")
    assert str(dialog.remote_target.uri) == "sip:bob@192.0.2.2:5066"
    assert (dialog.remote_cseq, dialog.secure) == (314, False)


def test_a_sips_request_uri_makes_a_secure_dialog() -> None:
    assert called(uri="sips:service@192.0.2.1").secure


def test_the_called_party_keeps_the_route_set_in_order_and_the_caller_turns_it_round() -> None:
    dialog = Dialog.as_uas(an_invite(routes=ROUTES), "ours", FLOW)
    assert dialog.request("BYE").headers("Route") == list(ROUTES)
    invite, response = answer(ROUTES)
    assert Dialog.as_uac(invite, response, FLOW).request("BYE").headers("Route") == list(ROUTES[::-1])


def test_loose_routing_keeps_the_target_as_request_uri() -> None:
    request = Dialog.as_uas(an_invite(routes=ROUTES), "ours", FLOW).request("BYE")
    assert request.uri == "sip:bob@192.0.2.2:5066"


def test_a_strict_router_gets_itself_as_request_uri_and_the_target_as_last_route() -> None:
    routes = ("<sip:strict.example>", "<sip:p2.example;lr>")
    request = Dialog.as_uas(an_invite(routes=routes), "ours", FLOW).request("BYE")
    assert request.uri == "sip:strict.example"
    assert request.headers("Route") == ["<sip:p2.example;lr>", "<sip:bob@192.0.2.2:5066>"]


def test_requests_go_on_counting_and_an_ack_repeats_its_invites_number() -> None:
    invite, response = answer()
    dialog = Dialog.as_uac(invite, response, FLOW)
    assert dialog.request("ACK", cseq=314).cseq == CSeq(314, "ACK")
    assert [dialog.request("INFO").cseq.number for _ in range(3)] == [315, 316, 317]
    assert dialog.request("BYE").to.tag == "theirs"
    assert dialog.request("BYE").from_.tag == "bobs"


def test_a_number_may_jump_but_not_go_back() -> None:
    dialog = called()
    later, earlier = an_invite(), an_invite()
    later.set("CSeq", "400 INFO")
    earlier.set("CSeq", "399 INFO")
    assert dialog.in_order(later)
    assert not dialog.in_order(earlier)
    assert dialog.remote_cseq == 400


def test_the_target_follows_the_latest_contact_and_stays_without_one() -> None:
    dialog = called()
    moved = an_invite(contact="<sip:bob@192.0.2.44:5071>")
    dialog.refresh_target(moved, FLOW)
    assert str(dialog.remote_target.uri) == "sip:bob@192.0.2.44:5071"
    moved.remove("Contact")
    dialog.refresh_target(moved, FLOW)
    assert str(dialog.remote_target.uri) == "sip:bob@192.0.2.44:5071"


def test_two_contacts_are_refused() -> None:
    with pytest.raises(ProtocolViolation):
        called(contact="<sip:bob@192.0.2.2>, <sip:eve@192.0.2.3>")


# --- the next hop


def test_without_nat_requests_go_to_the_contact() -> None:
    assert called().flow.remote == ("192.0.2.2", 5066)
    assert called(contact="<sip:bob@192.0.2.9>").flow.remote == ("192.0.2.9", 5060)


def test_behind_nat_requests_go_where_the_peer_was_heard() -> None:
    dialog = called(via="SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK1", contact="<sip:bob@10.0.0.5:5060>")
    assert dialog.flow == FLOW
    moved = FLOW._replace(remote=("192.0.2.2", 61000))
    dialog.refresh_target(an_invite(contact="<sip:bob@10.0.0.5:5060>"), moved)
    assert dialog.flow == moved


PUBLIC = Flow("udp", ("192.0.2.1", 5060), ("8.8.4.4", 5060))
"""To a provider that was called by its name."""


@pytest.mark.parametrize(
    ("contact", "remote"),
    [
        ("<sip:gateway@8.8.4.4:5080>", ("8.8.4.4", 5080)),
        ("<sip:gateway@8.8.8.8>", ("8.8.8.8", 5060)),
        ("<sip:gateway@10.0.0.5:5080>", ("8.8.4.4", 5060)),
        ("<sip:gateway@gw.provider.example:5080>", ("8.8.4.4", 5060)),
        ("<sip:gateway@[2001:4860:4860::8888]>", ("8.8.4.4", 5060)),
    ],
)
def test_who_was_called_by_name_is_reached_at_its_contact(contact: str, remote: tuple[str, int]) -> None:
    invite = an_invite(uri="sip:+4599@provider.example;user=phone")
    response = response_to(invite, 200, to_tag="theirs", fields=[("Contact", contact)])
    assert Dialog.as_uac(invite, response, PUBLIC).flow.remote == remote


def test_a_name_leaves_the_flow_as_it_is() -> None:
    assert called(contact="<sip:bob@phone.example:5066>").flow == FLOW


def test_the_first_route_is_the_next_hop() -> None:
    dialog = Dialog.as_uas(an_invite(routes=("<sip:192.0.2.50:5080;lr>",)), "ours", FLOW)
    assert dialog.flow.remote == ("192.0.2.50", 5080)


def test_a_connection_is_kept() -> None:
    flow = FLOW._replace(transport="tcp", remote=("192.0.2.2", 40000))
    assert Dialog.as_uas(an_invite(), "ours", flow).flow == flow


def test_an_address_of_the_other_family_cannot_be_reached() -> None:
    assert called(contact="<sip:bob@[2001:db8::1]:5066>").flow == FLOW
    flow = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::2", 5060))
    invite = an_invite(contact="<sip:bob@[2001:db8::9]:5066>", via="SIP/2.0/UDP [2001:db8::2];branch=z9hG4bK1")
    assert Dialog.as_uas(invite, "ours", flow).flow.remote == ("2001:db8::9", 5066)


def test_a_peer_of_rfc_2543_without_contact_and_tag_is_answered_at_its_from() -> None:
    invite = an_invite()
    invite.remove("Contact")
    invite.set("From", "<sip:bob@192.0.2.2>")
    dialog = Dialog.as_uas(invite, "ours", FLOW)
    assert dialog.remote_tag == ""
    assert dialog.request("BYE").uri == "sip:bob@192.0.2.2"
