"""Documents of others are read as they really are sent, and never do harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.dialog_info import render_dialog_info
from presence_pidf.dialog_info_reader import DialogInfo, read_dialog_info
from presence_pidf.dialog_info_view import DialogInfoView
from presence_pidf.dialog_state import DialogState
from presence_pidf.person_state import compose
from presence_pidf.pidf import render_pidf
from presence_pidf.pidf_reader import read_pidf
from presence_pidf.profiles import PLAIN
from presence_pidf.publication import PublishedTuple, first_note
from presence_pidf.safe_xml import MOST_BYTES, MalformedDocument
from tests.presence_pidf.strategies import PEOPLE

PJSUA = b"""<?xml version="1.0" encoding="UTF-8"?>
<presence entity="sip:anna@nordlys.example" xmlns="urn:ietf:params:xml:ns:pidf"
 xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid">
 <tuple id="pj4711"><status><basic>open</basic></status><timestamp>2026-11-22T08:00:00.123Z</timestamp>
  <note>Out for lunch</note></tuple>
 <dm:person id="pj4712"><rpid:activities><rpid:away/></rpid:activities><dm:note>Out for lunch</dm:note></dm:person>
</presence>"""
"""Elements and attributes in the places where PJSIP's clients put them."""

ASTERISK = b"""<?xml version="1.0" encoding="UTF-8"?>
<presence entity="sip:201@198.51.100.7:5060" xmlns="urn:ietf:params:xml:ns:pidf"
 xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid">
 <note>On the phone</note>
 <tuple id="201"><status><basic>open</basic></status><contact priority="1">sip:201@198.51.100.7</contact></tuple>
 <dm:person><rpid:activities><rpid:busy /></rpid:activities></dm:person>
</presence>"""

KAMAILIO = b"""<?xml version="1.0"?>
<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="partial" entity="sip:201@pbx.example">
 <dialog id="ZjMyNGE" call-id="ZjMyNGE" local-tag="a1" remote-tag="b2" direction="recipient">
  <state>early</state>
  <remote><identity display="Bo">sip:+4533221100@pbx.example</identity><target uri="sip:bo@192.0.2.4"/></remote>
  <local><identity>sip:201@pbx.example</identity><target uri="sip:201@192.0.2.5"/></local>
 </dialog>
</dialog-info>"""


def test_a_softphones_presence_is_read_with_its_tuple_note_and_activity() -> None:
    found = read_pidf(PJSUA)
    assert found.tuples == (PublishedTuple("pj4711", True, note="Out for lunch", timestamp="2026-11-22T08:00:00.123Z"),)
    assert (found.activity, found.notes, first_note(found), found.open) == (
        "away",
        ("Out for lunch",),
        "Out for lunch",
        True,
    )


def test_another_pbxs_presence_is_read_though_its_ids_begin_with_digits() -> None:
    found = read_pidf(ASTERISK)
    assert found.tuples == (PublishedTuple("201", True, "sip:201@198.51.100.7", "1"),)
    assert (found.activity, first_note(found)) == ("busy", "On the phone")


@pytest.mark.parametrize(
    ("activities", "expected"),
    [
        ("<rpid:busy/><rpid:on-the-phone/>", "on-the-phone"),
        ("<rpid:busy/><rpid:meeting/>", "meeting"),
        ("<rpid:meal/>", "away"),
        ("<rpid:holiday/>", "vacation"),
        ("<rpid:unknown/>", "available"),
        ("<rpid:playing/>", "available"),
        ("<x:away xmlns:x='urn:x'/>", "available"),
        ("", "available"),
    ],
)
def test_each_activity_means_something_to_who_would_call(activities: str, expected: str) -> None:
    assert read_pidf(PJSUA.replace(b"<rpid:away/>", activities.encode())).activity == expected


def test_who_is_closed_and_does_nothing_says_nothing_but_that() -> None:
    body = PJSUA.replace(b"open", b"closed").replace(b"<rpid:away/>", b"")
    found = read_pidf(body)
    assert (found.activity, found.open) == ("unknown", False)
    assert read_pidf(b'<presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:a@b"/>').open is None


def test_a_servers_dialogs_are_read_with_all_that_lamps_and_pickup_need() -> None:
    found = read_dialog_info(KAMAILIO, 1000.0)
    assert (found.entity, found.version, found.full) == ("sip:201@pbx.example", 0, False)
    assert found.dialogs == (
        DialogState(
            "ZjMyNGE",
            "recipient",
            "early",
            "ZjMyNGE",
            "a1",
            "b2",
            "sip:201@pbx.example",
            "sip:+4533221100@pbx.example",
            "Bo",
            "sip:bo@192.0.2.4",
            False,
            1000.0,
        ),
    )


def test_a_dialog_on_hold_and_its_duration_are_known() -> None:
    body = KAMAILIO.replace(b"early", b"confirmed").replace(
        b'uri="sip:201@192.0.2.5"/>', b'uri="x"><param pname="+sip.rendering" pval="no"/></target>'
    )
    body = body.replace(b"</state>", b"</state><duration>60</duration>")
    (dialog,) = read_dialog_info(body, 1000.0).dialogs
    assert (dialog.held, dialog.started, dialog.phase) == (True, 940.0, "confirmed")


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<presence",
        b"<presence/>",
        b'<presence xmlns="urn:x"/>',
        ENTITIES + b'<presence xmlns="urn:ietf:params:xml:ns:pidf"><note>&b;</note></presence>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><presence xmlns="urn:ietf:params:xml:ns:pidf"/>',
        b'<presence xmlns="urn:ietf:params:xml:ns:pidf">' + b"<a>" * 300 + b"</a>" * 300 + b"</presence>",
        b'<presence xmlns="urn:ietf:params:xml:ns:pidf"><note>' + b"a" * MOST_BYTES + b"</note></presence>",
        b'<presence xmlns="urn:ietf:params:xml:ns:pidf"><tuple/></presence>',
        PJSUA.replace(b"open", b"ajar"),
        PJSUA.replace(b"<tuple", b'<tuple id="n"/>' * 40 + b"<tuple"),
        PJSUA.decode().replace("UTF-8", "UTF-16").encode("utf-16")[:-3],
        KAMAILIO,
    ],
)
def test_what_is_no_presence_document_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises(MalformedDocument) as refused:
        read_pidf(body)
    assert str(refused.value)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'version="0"', b'version="-1"'),
        (b'version="0"', b""),
        (b'state="partial"', b'state="half"'),
        (b"<state>early</state>", b"<state>ringing</state>"),
        (b"<state>early</state>", b""),
        (b' id="ZjMyNGE"', b""),
        (b"<dialog ", b'<dialog id="n"><state>early</state></dialog>' * 70 + b"<dialog "),
        (b"dialog-info", b"presence"),
    ],
)
def test_what_is_no_dialog_info_document_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(MalformedDocument):
        read_dialog_info(KAMAILIO.replace(old, new), 0.0)


@given(PEOPLE)
def test_what_we_render_we_read_again(person: tuple) -> None:  # type: ignore[type-arg]
    state = compose(*person)
    found = read_dialog_info(render_dialog_info("sip:a@b.example", state, PLAIN).body(3), 0.0)
    if len({dialog.id for dialog in found.dialogs}) == len(state.dialogs):
        assert [dialog.phase for dialog in found.dialogs] == [dialog.phase for dialog in state.dialogs]
    assert read_pidf(render_pidf("sip:a@b.example", state).body(0)).open == (state.reachable or bool(state.dialogs))


@given(st.binary(max_size=300))
def test_no_bytes_do_any_harm(garbage: bytes) -> None:
    for read in (read_pidf, lambda body: read_dialog_info(body, 0.0)):
        for body in (garbage, PJSUA[:200] + garbage + PJSUA[200:], KAMAILIO[:150] + garbage + KAMAILIO[150:]):
            try:
                read(body)
            except MalformedDocument:
                continue


# Versions (RFC 4235 §4.3)


def told(version: int, *dialogs: tuple[str, str], full: bool = False) -> DialogInfo:
    states = tuple(DialogState(id, "recipient", phase) for id, phase in dialogs)  # type: ignore[arg-type]
    return DialogInfo("sip:a@b.example", version, full, states)


def known(view: DialogInfoView) -> dict[str, str]:
    return {dialog.id: dialog.phase for dialog in view.dialogs}


def test_partial_documents_change_the_view_in_their_order() -> None:
    view = DialogInfoView()
    assert view.take(told(0, ("a", "early"), full=True)) == "new"
    assert view.take(told(1, ("b", "confirmed"))) == "new"
    assert view.take(told(2, ("a", "terminated"))) == "new"
    assert known(view) == {"b": "confirmed"}


def test_a_late_document_is_passed_over_and_a_missing_one_is_noticed() -> None:
    view = DialogInfoView()
    view.take(told(5, ("a", "early"), full=True))
    assert view.take(told(5, ("a", "confirmed"), full=True)) == "old"
    assert view.take(told(4)) == "old"
    assert view.take(told(7, ("a", "confirmed"))) == "gap"
    assert known(view) == {"a": "early"}
    assert view.take(told(9, ("c", "early"), full=True)) == "new"
    assert known(view) == {"c": "early"}


def test_another_subscription_numbers_from_the_beginning() -> None:
    view = DialogInfoView()
    view.take(told(5, ("a", "early"), full=True))
    view.begin_anew()
    assert known(view) == {"a": "early"}
    assert view.take(told(0, full=True)) == "new"
    assert known(view) == {}


def test_the_first_document_must_be_full() -> None:
    view = DialogInfoView()
    assert view.take(told(3, ("a", "early"))) == "gap"
    assert known(view) == {}
