"""What the stack answers by itself to requests that cannot be worked on (RFC 3261 §8.2)."""

import pytest

from sipcore.answering import response_to
from sipcore.events import InviteReceived, RequestReceived
from sipcore.flow import Datagram
from sipcore.message import parse_message
from sipcore.stack import StackConfig
from sipcore.via import parse_via
from tests.support.raw_peer import RawPeer

SDP = b"v=0"


def test_a_registered_method_that_is_not_allowed_gets_405_with_allow() -> None:
    peer = RawPeer(StackConfig(allow=("INVITE", "ACK", "BYE")))
    answer = peer.ask("PUBLISH")
    assert answer.status == 405
    assert answer.headers("Allow") == ["INVITE", "ACK", "BYE"]


def test_an_unknown_method_gets_501() -> None:
    assert RawPeer().ask("DANCE").status == 501


def test_a_required_extension_that_is_unknown_gets_420_with_what_is_unsupported() -> None:
    peer = RawPeer()
    answer = peer.ask("INVITE", [("Require", "100rel, teleport"), ("Require", "gruu")], SDP)
    assert answer.status == 420
    assert answer.headers("Unsupported") == ["gruu", "teleport"]


def test_a_body_that_is_no_session_description_gets_415_with_accept() -> None:
    peer = RawPeer()
    answer = peer.ask("INVITE", [("Content-Type", "text/plain")], SDP)
    assert (answer.status, answer.header("Accept")) == (415, "application/sdp")


def test_an_optional_body_may_be_anything() -> None:
    peer = RawPeer()
    peer.ask("INVITE", [("Content-Type", "text/plain"), ("Content-Disposition", "icon;handling=optional")], SDP)
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    assert event.offer is None


def test_an_encoded_body_gets_415_with_accept_encoding() -> None:
    answer = RawPeer().ask("INVITE", [("Content-Encoding", "gzip")], SDP)
    assert (answer.status, answer.header("Accept-Encoding")) == (415, "identity")


def test_who_takes_no_session_descriptions_gets_406() -> None:
    assert RawPeer().ask("INVITE", [("Accept", "text/plain")], SDP).status == 406
    assert RawPeer().ask("INVITE", [("Accept", "text/plain, application/sdp;level=1")], SDP).status == 100


def test_an_invite_that_may_go_no_further_gets_483_and_options_does_not() -> None:
    peer = RawPeer()
    assert peer.ask("INVITE", [("Max-Forwards", "0")], SDP).status == 483
    peer.send(peer.request("OPTIONS", [("Max-Forwards", "0")]))
    assert isinstance(peer.events()[-1], RequestReceived)


def test_the_session_description_is_found_among_several_parts() -> None:
    peer = RawPeer()
    body = (
        b"--x\r\nContent-Type: application/pidf+xml\r\n\r\n<presence/>\r\n"
        b"--x\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n--x--\r\n"
    )
    peer.ask("INVITE", [("Content-Type", 'multipart/mixed; boundary="x"')], body)
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    assert event.offer == b"v=0\r\n"


@pytest.mark.parametrize("method", ["INVITE", "BYE", "UPDATE", "PRACK", "INFO"])
def test_a_request_within_an_unknown_dialog_gets_481(method: str) -> None:
    assert RawPeer().ask(method, to_tag="unknown").status == 481


def test_a_cancel_of_nothing_gets_481() -> None:
    assert RawPeer().ask("CANCEL").status == 481


def test_a_cancel_of_what_was_refused_at_once_gets_200() -> None:
    peer = RawPeer()
    assert peer.ask("INVITE", [("Require", "teleport")], branch="refused").status == 420
    assert peer.ask("CANCEL", branch="other").status == 481
    assert peer.ask("CANCEL", branch="refused").status == 200


def test_a_bye_outside_dialogs_gets_481() -> None:
    assert RawPeer().ask("BYE").status == 481


def test_an_ack_is_never_answered() -> None:
    peer = RawPeer()
    peer.send(peer.request("ACK", to_tag="unknown"))
    broken = peer.request("ACK", [("CSeq", "nonsense")])
    peer.send(broken)
    assert peer.sent() == []
    assert peer.events() == []


def test_a_malformed_request_gets_400_with_a_reason_and_leaves_no_transaction() -> None:
    peer = RawPeer()
    answer = peer.ask("OPTIONS", [("CSeq", "nonsense OPTIONS")])
    assert answer.status == 400
    assert "CSeq" in answer.reason
    assert answer.to.tag
    assert peer.stack.counts()["server_transactions"] == 0


@pytest.mark.parametrize("to", ["<sip:stage@192.0.2.1>", "<sip:service@192.0.2.1;tag=x>", '";tag=x" <sip:a@b>'])
def test_a_to_that_only_looks_tagged_is_tagged_in_an_answer_without_state(to: str) -> None:
    answer = RawPeer().ask("OPTIONS", [("CSeq", "nonsense OPTIONS"), ("To", to)])
    assert (answer.header("To") or "").startswith(f"{to};tag=")


def test_garbage_is_dropped_and_counted() -> None:
    peer = RawPeer()
    for data in (b"", b"\r\n\r\n", b"hello", b"SIP/2.0 200 OK\r\n\r\n", bytes(range(256))):
        peer.stack.receive(data, peer.flow, peer.now)
    assert peer.sent() == []
    assert peer.stack.counts()["dropped"] == 5


def test_the_same_request_by_two_paths_gets_482_once() -> None:
    peer = RawPeer()
    peer.send(peer.request("INVITE", body=SDP, branch="one"))
    assert peer.one_response().status == 100
    answer = peer.ask("INVITE", body=SDP, branch="two")
    assert answer.status == 482
    assert len(peer.events()) == 1


def test_a_challenged_request_may_come_again_under_its_old_number() -> None:
    peer = RawPeer()
    peer.send(peer.request("REGISTER", branch="one"))
    (first,) = peer.events()
    assert isinstance(first, RequestReceived)
    peer.stack.respond(first.transaction, response_to(first.request, 401), peer.now)
    peer.sent()
    peer.send(peer.request("REGISTER", [("Authorization", "Digest x")], branch="two"))
    assert isinstance(peer.events()[0], RequestReceived)


def test_subscribe_is_given_up_with_and_without_to_tag() -> None:
    peer = RawPeer()
    peer.send(peer.request("SUBSCRIBE"))
    peer.send(peer.request("SUBSCRIBE", to_tag="theirs", cseq=2))
    assert [type(event) for event in peer.events()] == [RequestReceived, RequestReceived]


def test_a_retransmission_is_answered_from_the_same_bytes_without_another_event() -> None:
    peer = RawPeer()
    request = peer.request("OPTIONS")
    peer.send(request)
    (event,) = peer.events()
    assert isinstance(event, RequestReceived)
    peer.stack.respond(event.transaction, response_to(event.request, 200, to_tag="us"), peer.now)
    (first,) = peer.stack.take_datagrams()
    peer.send(request)
    assert peer.stack.take_datagrams() == [first]
    assert peer.events() == []


def test_overload_refuses_new_calls_without_a_transaction_and_lets_others_be() -> None:
    peer = RawPeer()
    invite = peer.request("INVITE", body=SDP)
    peer.send(invite)
    peer.sent()
    peer.stack.refuse_new_calls(7)
    before = peer.stack.counts()
    answer = peer.ask("INVITE", body=SDP, call_id="another")
    assert (answer.status, answer.header("Retry-After")) == (503, "7")
    assert answer.to.tag
    assert peer.stack.counts() == before
    peer.send(peer.request("ACK", call_id="another", to_tag=answer.to.tag))
    peer.send(invite)
    assert peer.one_response().status == 100
    peer.send(peer.request("OPTIONS", call_id="third"))
    assert isinstance(peer.events()[-1], RequestReceived)
    peer.stack.refuse_new_calls(None)
    assert peer.ask("INVITE", body=SDP, call_id="fourth").status == 100


# --- where responses go (RFC 3261 §18.2, RFC 3581)


def sent_to(peer: RawPeer, via: str, source: tuple[str, int]) -> tuple[Datagram, str]:
    flow = peer.flow._replace(remote=source)
    request = peer.request("CANCEL", [("Via", via)])
    peer.stack.receive(request.to_bytes(), flow, peer.now)
    (datagram,) = peer.stack.take_datagrams()
    return datagram, parse_message(datagram.data).header("Via") or ""


def test_rport_is_filled_in_and_the_response_goes_to_the_source() -> None:
    datagram, via = sent_to(RawPeer(), "SIP/2.0/UDP 10.0.0.5:5060;rport;branch=z9hG4bKx", ("203.0.113.9", 40000))
    assert datagram.flow.remote == ("203.0.113.9", 40000)
    assert ";rport=40000" in via
    assert ";received=203.0.113.9" in via


@pytest.mark.parametrize(
    "params", ["RPORT", "rport;received=198.51.100.1", "x=1; rport ;y", 'q=";rport;";rport', "rport=9", "rportal;rport"]
)
def test_the_source_is_stamped_once_however_rport_is_written(params: str) -> None:
    _, via = sent_to(RawPeer(), f"SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKx;{params}", ("203.0.113.9", 40000))
    stamped = parse_via(via)
    assert (stamped.rport, stamped.received, stamped.branch) == (40000, "203.0.113.9", "z9hG4bKx")
    assert via.count("received=") == 1


def test_without_rport_and_nat_the_response_goes_to_the_port_of_sent_by() -> None:
    datagram, via = sent_to(RawPeer(), "SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx", ("192.0.2.2", 40000))
    assert datagram.flow.remote == ("192.0.2.2", 5060)
    assert "received" not in via


def test_without_rport_behind_nat_the_response_goes_to_the_source_with_received() -> None:
    datagram, via = sent_to(RawPeer(), "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bKx", ("203.0.113.9", 40000))
    assert datagram.flow.remote == ("203.0.113.9", 40000)
    assert ";received=203.0.113.9" in via


def test_only_the_top_via_is_stamped() -> None:
    vias = "SIP/2.0/UDP 10.0.0.5;branch=z9hG4bKx, SIP/2.0/UDP phone.invalid;branch=z9hG4bKy"
    _, via = sent_to(RawPeer(), vias, ("203.0.113.9", 5060))
    assert via.endswith("SIP/2.0/UDP phone.invalid;branch=z9hG4bKy")
    assert via.count("received") == 1
