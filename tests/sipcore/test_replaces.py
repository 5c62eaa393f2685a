"""The Replaces header, and the dialog that it names (RFC 3891)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.errors import ProtocolViolation
from sipcore.events import InviteReceived
from sipcore.replaces import Replaces, parse_replaces
from tests.sipcore.test_session_callee import OFFER, Ring
from tests.support.raw_peer import RawPeer


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (
            "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff",
            Replaces("98732@sip.example.com", "ff87ff", "r33th4x0r"),
        ),
        ("12adf2f34456gs5;to-tag=12345;from-tag=54321;early-only", Replaces("12adf2f34456gs5", "12345", "54321", True)),
        (" a ; To-Tag = 1 ; from-tag=2 ; x=y", Replaces("a", "1", "2")),
    ],
)
def test_a_dialog_is_named_by_call_id_and_tags_in_any_order(text: str, meant: Replaces) -> None:
    assert parse_replaces(text) == meant


@pytest.mark.parametrize(
    "text", ["", "a", "a;to-tag=1", "a;from-tag=1", ";to-tag=1;from-tag=2", "a b;to-tag=1;from-tag=2"]
)
def test_what_names_no_dialog_is_malformed(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse_replaces(text)


@given(st.text(max_size=60))
def test_no_text_does_more_than_be_refused(text: str) -> None:
    try:
        parse_replaces(text)
    except ProtocolViolation as violation:
        assert violation.status == 400


def test_an_invite_tells_which_dialog_it_replaces() -> None:
    peer = RawPeer()
    peer.send(peer.request("INVITE", [("Replaces", "a;to-tag=1;from-tag=2"), ("Require", "replaces")], OFFER))
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    assert event.replaces == Replaces("a", "1", "2")


@pytest.mark.parametrize(
    "fields",
    [
        [("Replaces", "a;to-tag=1;from-tag=2"), ("Replaces", "b;to-tag=1;from-tag=2")],
        [("Replaces", "a;to-tag=1;from-tag=2"), ("Join", "a;to-tag=1;from-tag=2")],
        [("Replaces", "nothing")],
    ],
)
def test_an_invite_that_names_no_one_dialog_is_refused(fields: list[tuple[str, str]]) -> None:
    peer = RawPeer()
    assert peer.ask("INVITE", fields, OFFER).status == 400
    assert peer.events() == []


def test_the_dialog_is_found_by_our_tag_and_by_the_tags_as_the_peer_has_them() -> None:
    call = Ring()
    stack = call.peer.stack
    assert stack.replaced(Replaces("call", call.tag(), "peer")) == call.session
    assert stack.replaced(Replaces("call", "peer", call.tag())) == call.session
    assert stack.replaced(Replaces("call", "peer", "peer")) is None
    assert stack.replaced(Replaces("other", call.tag(), "peer")) is None


def test_a_dialog_that_has_just_ended_is_told_from_one_that_never_was() -> None:
    call = Ring().up()
    stack, named = call.peer.stack, Replaces("call", call.own_tag, "peer")
    assert not stack.has_ended(named, call.peer.now)
    call.within("BYE", cseq=2)
    assert stack.replaced(named) is None
    assert stack.has_ended(named, call.peer.now)
    assert not stack.has_ended(Replaces("call", "other", "peer"), call.peer.now)
    assert not stack.has_ended(named, call.peer.now + 33)
