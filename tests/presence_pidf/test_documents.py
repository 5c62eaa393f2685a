"""Documents are valid against the schemas of the RFCs, whatever peers are called, and say what the state says."""

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from presence_pidf.dialog_info import render_dialog_info
from presence_pidf.dialog_state import DialogState
from presence_pidf.message_summary import MessageCounts, render_message_summary
from presence_pidf.person_state import Condition, compose
from presence_pidf.pidf import render_pidf
from presence_pidf.profiles import PLAIN, PROFILES, Profile, profile_named, profile_of
from presence_pidf.publication import PublishedTuple
from presence_pidf.status_report import StatusReport
from tests.presence_pidf.strategies import PEOPLE, URIS
from tests.support.documents import valid

ANNA = "sip:anna@nordlys.example"
NS = {
    "d": "urn:ietf:params:xml:ns:dialog-info",
    "p": "urn:ietf:params:xml:ns:pidf",
    "dm": "urn:ietf:params:xml:ns:pidf:data-model",
    "rpid": "urn:ietf:params:xml:ns:pidf:rpid",
}


def dialog_info(
    dialogs: list[DialogState], profile: Profile = PLAIN, version: int = 0, entity: str = ANNA
) -> etree._Element:
    document = render_dialog_info(entity, compose((), dialogs, 1, 1000.0), profile)
    return valid(document.body(version))


CALL = DialogState(
    id="leg-1",
    direction="recipient",
    phase="early",
    call_id="call-7@host",
    local_tag="us",
    remote_tag="them",
    local_identity="sip:11@nordlys.example",
    remote_identity="sip:+4533221100@trunk.example",
    remote_display='Bo "B" <Hansen> & Søn',
    remote_target="sip:trunk@198.51.100.1:5060",
)


@given(PEOPLE, URIS.filter(bool))
def test_dialog_info_is_valid_for_any_state(person: tuple, entity: str) -> None:  # type: ignore[type-arg]
    reports, dialogs, registered, now = person
    state = compose(reports, dialogs, registered, now)
    for profile in (PLAIN, *PROFILES):
        document = render_dialog_info(entity, state, profile)
        root = valid(document.body(4711))
        assert root.get("version") == "4711"
        assert root.get("state") == "full"
        shown = [element.findtext("d:state", namespaces=NS) for element in root.findall("d:dialog", NS)]
        if state.dialogs:
            busy = profile.calling_is_busy
            expected = [
                "confirmed" if busy and dialog.direction == "initiator" else dialog.phase for dialog in state.dialogs
            ]
            assert shown == (expected[:1] if profile.single_dialog else expected)
        elif state.condition in ("talking", "busy", "do-not-disturb", "forwarded"):
            assert shown == ["confirmed"], "who talks elsewhere or takes no calls has a lamp that is lit"
        else:
            assert shown == (["terminated"] if profile.idle_dialog else [])


@given(PEOPLE, URIS.filter(bool))
def test_pidf_with_its_person_and_activities_is_valid_for_any_state(person: tuple, entity: str) -> None:  # type: ignore[type-arg]
    reports, dialogs, registered, now = person
    state = compose(reports, dialogs, registered, now)
    root = valid(render_pidf(entity, state).body(0))
    assert root.find("dm:person", NS) is not None
    basic = root.findtext("p:tuple/p:status/p:basic", namespaces=NS)
    assert basic == ("open" if state.reachable or state.dialogs else "closed")


@pytest.mark.parametrize(
    ("right", "wrong"), [(b"rpid:busy", b"rpid:bussy"), (b"dm:note", b"dm:nota"), (b"basic>open", b"basic>ajar")]
)
def test_schemas_hold_also_what_stands_inside_a_document(right: bytes, wrong: bytes) -> None:
    document = render_pidf(ANNA, compose((), [CALL], 1, 0.0)).body(0)
    valid(document)
    assert right in document
    with pytest.raises(etree.DocumentInvalid):
        valid(document.replace(right, wrong))


def test_a_dialog_tells_all_that_a_pickup_by_replaces_needs() -> None:
    (dialog,) = dialog_info([CALL]).findall("d:dialog", NS)
    names = {name: dialog.get(name) for name in ("id", "call-id", "local-tag", "remote-tag", "direction")}
    assert names == {
        "id": "leg-1",
        "call-id": "call-7@host",
        "local-tag": "us",
        "remote-tag": "them",
        "direction": "recipient",
    }
    assert dialog.findtext("d:local/d:identity", namespaces=NS) == "sip:11@nordlys.example"
    remote = dialog.find("d:remote/d:identity", NS)
    assert remote is not None
    assert (remote.text, remote.get("display")) == ("sip:+4533221100@trunk.example", 'Bo "B" <Hansen> & Søn')
    target = dialog.find("d:remote/d:target", NS)
    assert target is not None
    assert target.get("uri") == "sip:trunk@198.51.100.1:5060"


def test_a_held_call_has_rendering_no_on_the_local_target() -> None:
    held = DialogState(id="a", direction="initiator", phase="confirmed", held=True)
    (parameter,) = dialog_info([held]).findall("d:dialog/d:local/d:target/d:param", NS)
    assert (parameter.get("pname"), parameter.get("pval")) == ("+sip.rendering", "no")
    assert dialog_info([CALL]).find(".//d:param", NS) is None


def test_the_version_is_spliced_into_one_document_for_all() -> None:
    document = render_dialog_info(ANNA, compose((), [CALL], 1, 0.0), PLAIN)
    bodies = [document.body(version) for version in (0, 9, 10, 4_000_000_000)]
    assert [etree.fromstring(body).get("version") for body in bodies] == ["0", "9", "10", "4000000000"]
    assert len({body.partition(b'" state="full"')[2] for body in bodies}) == 1


def test_somebody_idle_is_an_empty_list_or_one_terminated_dialog_where_the_phone_needs_it() -> None:
    assert dialog_info([]).findall("d:dialog", NS) == []
    (dummy,) = dialog_info([], profile_named("yealink")).findall("d:dialog", NS)
    assert dummy.findtext("d:state", namespaces=NS) == "terminated"
    assert dummy.get("id")


def test_an_ipv6_reference_stays_as_phones_read_it() -> None:
    document = render_dialog_info("sip:11@[2001:db8::1]", compose((), [], 1, 0.0), PLAIN)
    assert etree.fromstring(document.body(0)).get("entity") == "sip:11@[2001:db8::1]"


def test_entity_and_contact_are_the_presentitys() -> None:
    root = etree.fromstring(render_pidf(ANNA, compose((), [CALL], 1, 0.0)).body(0))
    assert root.get("entity") == ANNA
    assert root.findtext("p:tuple/p:contact", namespaces=NS) == ANNA


@pytest.mark.parametrize(
    ("registered", "activity", "basic", "activities", "note"),
    [
        (0, None, "closed", [], "Not registered"),
        (1, None, "open", [], "Ready"),
        (1, "do-not-disturb", "open", ["busy"], "Do not disturb"),
        (1, "meeting", "open", ["busy", "meeting"], "In a meeting"),
        (1, "vacation", "open", ["away", "vacation"], "On vacation"),
        (0, "on-the-phone", "closed", ["busy", "on-the-phone"], "On the phone"),
    ],
)
def test_each_condition_looks_different(
    registered: int, activity: str | None, basic: str, activities: list[str], note: str
) -> None:
    reports = []
    if activity:
        reports = [StatusReport(presentity=ANNA, source="s", activity=activity, at=0.0)]  # type: ignore[arg-type]
    root = etree.fromstring(render_pidf(ANNA, compose(reports, [], registered, 0.0)).body(0))
    assert root.findtext("p:tuple/p:status/p:basic", namespaces=NS) == basic
    assert [etree.QName(element).localname for element in root.findall(".//rpid:activities/*", NS)] == activities
    assert root.findtext("p:note", namespaces=NS) == note


def test_a_sources_own_note_is_shown_instead_of_ours() -> None:
    report = StatusReport(presentity=ANNA, source="s", activity="away", at=0.0, note="back at 14")
    root = etree.fromstring(render_pidf(ANNA, compose([report], [], 1, 0.0)).body(0))
    assert root.findtext("p:note", namespaces=NS) == "back at 14"


@pytest.mark.parametrize("condition", get_args(Condition))
def test_every_condition_has_its_words(condition: Condition) -> None:
    state = msgspec.structs.replace(compose((), (), 1, 0.0), condition=condition)
    root = valid(render_pidf(ANNA, state).body(0))
    assert root.findtext("p:note", namespaces=NS)


def test_what_others_published_is_shown_under_its_own_ids_and_with_its_notes() -> None:
    published = (
        PublishedTuple("desk", True, "sip:anna@198.51.100.7", "0.8", "at the desk", "2026-11-22T08:00:00Z"),
        PublishedTuple("201", False, note="<ill>"),
        PublishedTuple("phone", True),
    )
    state = compose((), (), 1, 0.0, tuples=published, notes=("working",))
    root = valid(render_pidf(ANNA, state).body(0))
    tuples = root.findall("p:tuple", NS)
    assert [each.get("id") for each in tuples] == ["phone", "desk", "_201", "phone-3"]
    assert tuples[1].findtext("p:contact", namespaces=NS) == "sip:anna@198.51.100.7"
    assert [each.findtext("p:note", namespaces=NS) for each in tuples[1:3]] == ["at the desk", "<ill>"]
    assert [each.findtext("p:status/p:basic", namespaces=NS) for each in tuples] == ["open", "open", "closed", "open"]
    assert [note.text for note in root.findall("p:note", NS)] == ["Ready", "working"]


@given(st.lists(st.sampled_from(["a", "a-2", "a-3", "phone", "phone-1"]), max_size=5))
def test_every_tuple_has_an_id_of_its_own_whatever_others_call_theirs(published: list[str]) -> None:
    state = compose((), (), 1, 0.0, tuples=tuple(PublishedTuple(id, True) for id in published))
    tuples = etree.fromstring(render_pidf(ANNA, state).body(0)).findall("p:tuple", NS)
    assert len({each.get("id") for each in tuples}) == len(published) + 1


def test_message_summary_follows_rfc_3842() -> None:
    document = render_message_summary(ANNA, MessageCounts(new=2, old=8, new_urgent=0, old_urgent=2))
    assert document.content_type == "application/simple-message-summary"
    assert document.body(0) == (
        b"Messages-Waiting: yes\r\nMessage-Account: sip:anna@nordlys.example\r\nVoice-Message: 2/8 (0/2)\r\n"
    )
    assert render_message_summary(ANNA, MessageCounts(old=1)).body(0).startswith(b"Messages-Waiting: no\r\n")


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Yealink SIP-T54W 96.86.0.100", "yealink"),
        ("Bria 5 release 5.8.3", "bria"),
        ("X-Lite release 5.0", "bria"),
        ("PolycomVVX-VVX_600-UA/5.4.0.5841", "poly"),
        ("Cisco/SPA504G-7.6.2", "cisco-spa"),
        ("Linksys/SPA962-6.1.5", "cisco-spa"),
        ("Auerswald COMfortel 3600 IP", "auerswald"),
        ("COMfortel D-400/1.2", "auerswald"),
        ("snom821/8.7.5", "snom"),
        ("PolycomSoundPointIP-SPIP_650-UA/3.2.7", "poly-soundpoint"),
        ("PolyEdge-Edge_E350-UA/8.1.1", "poly"),
        ("Cisco-CP-8841-3PCC/11.3.1_00d42c1f2f52", "cisco-mpp"),
        ("Grandstream GXP2170 1.0.11.64", "grandstream"),
        ("Fanvil X6U-V2 2.12.1", "fanvil"),
        ("N510 IP PRO/42.250.00.000.000 Gigaset", "gigaset"),
        ("LinphoneDesktop/5.1.65 (debian)", "linphone"),
        ("MicroSIP/3.21.3", "microsip"),
        ("Zoiper rv2.10.20.4", "zoiper"),
        ("Z 5.6.1 v2.10.20.8", "zoiper"),
        ("(innovaphone IP222/14r1)", "innovaphone"),
        ("Avaya J179 IP Phone 4.0.14.0.7", "avaya"),
        ("Panasonic_KX-UT136-B/01.302", "panasonic"),
        ("Lampfield/1.0", "lampfield"),
        ("baresip v1.1.0", "plain"),
        ("", "plain"),
    ],
)
def test_a_phone_gets_the_profile_of_its_family(user_agent: str, name: str) -> None:
    assert profile_of(user_agent).name == name
    assert profile_named(name).name == name


def test_a_profile_that_is_not_known_any_more_is_plain() -> None:
    assert profile_named("retired") is PLAIN
