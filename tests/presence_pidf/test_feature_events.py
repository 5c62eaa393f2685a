"""Do not disturb and forwarding as documents of phones."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.feature_events import (
    FORWARDING_TYPES,
    MOST_BYTES,
    ForwardState,
    PhoneFeatures,
    SetDoNotDisturb,
    SetForwarding,
    read_wish,
    render_features,
)
from presence_pidf.safe_xml import MalformedDocument
from tests.support.feature_parts import parts_of

ED3 = "http://www.ecma-international.org/standards/ecma-323/csta/ed3"


def wish(root: str, namespace: str = ED3, **values: str) -> bytes:
    inside = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    space = f' xmlns="{namespace}"' if namespace else ""
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<{root}{space}>{inside}</{root}>'.encode()


def test_all_features_are_told_each_in_a_part_of_its_own() -> None:
    features = PhoneFeatures(
        "201",
        True,
        (
            ForwardState("forwardImmediate", True, "202"),
            ForwardState("forwardBusy"),
            ForwardState("forwardNoAns", False, "+4520304050", 4),
        ),
    )
    document = render_features(features)
    assert document.content_type == 'multipart/mixed;boundary="lampfield-feature"'
    assert parts_of(document.body(0)) == [
        ("DoNotDisturbEvent", {"device": "201", "doNotDisturbOn": "true"}),
        (
            "ForwardingEvent",
            {"device": "201", "forwardingType": "forwardImmediate", "forwardStatus": "true", "forwardTo": "202"},
        ),
        ("ForwardingEvent", {"device": "201", "forwardingType": "forwardBusy", "forwardStatus": "false"}),
        (
            "ForwardingEvent",
            {
                "device": "201",
                "forwardingType": "forwardNoAns",
                "forwardStatus": "false",
                "forwardTo": "+4520304050",
                "ringCount": "4",
            },
        ),
    ]


def test_each_part_has_the_namespace_and_its_length() -> None:
    body = render_features(PhoneFeatures("201", False, ())).body(0)
    assert ED3.encode() in body
    length = re.search(rb"Content-Length: (\d+)\r\n\r\n(.*?)\r\n--", body, re.DOTALL)
    assert length
    assert int(length[1]) == len(length[2])


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_a_target_is_called_the_documents_are_well_formed(device: str, to: str) -> None:
    features = PhoneFeatures(device, False, (ForwardState("forwardBusy", True, to),))
    assert [name for name, _ in parts_of(render_features(features).body(0))] == ["DoNotDisturbEvent", "ForwardingEvent"]


@pytest.mark.parametrize("namespace", [ED3, "", "http://www.ecmainternational.org/standards/ecma-323/csta/ed3"])
def test_phones_ask_in_whatever_namespace(namespace: str) -> None:
    asked = wish("SetDoNotDisturb", namespace, device="7659366", doNotDisturbOn="true")
    assert read_wish(asked) == SetDoNotDisturb(True)


@pytest.mark.parametrize(
    ("values", "state"),
    [
        (
            {"forwardingType": "forwardImmediate", "activateForward": "true", "forwardDN": "202", "ringCount": ""},
            ForwardState("forwardImmediate", True, "202"),
        ),
        (
            {"forwardDN": "202", "forwardingType": "forwardNoAns", "activateForward": "1", "ringCount": "5"},
            ForwardState("forwardNoAns", True, "202", 5),
        ),
        ({"forwardingType": "forwardBusy", "activateForward": "false"}, ForwardState("forwardBusy")),
        ({"activateForward": "False"}, ForwardState("forwardImmediate")),
    ],
)
def test_what_phones_want_forwarded_is_understood(values: dict[str, str], state: ForwardState) -> None:
    assert read_wish(wish("SetForwarding", device="x", **values)) == SetForwarding(state)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nothing",
        wish("SetAgentState", device="x"),
        wish("SetDoNotDisturb", device="x"),
        wish("SetDoNotDisturb", doNotDisturbOn="perhaps"),
        wish("SetForwarding", activateForward="true", forwardingType="forwardBusyExt"),
        wish("SetForwarding", activateForward="true", ringCount="many"),
        b'<!DOCTYPE x [<!ENTITY a "b">]><SetDoNotDisturb><doNotDisturbOn>&a;</doNotDisturbOn></SetDoNotDisturb>',
        b"<SetDoNotDisturb>" * 500,
        wish("SetDoNotDisturb", doNotDisturbOn="true", device="x" * MOST_BYTES),
    ],
)
def test_what_is_no_wish_is_told_apart(body: bytes) -> None:
    with pytest.raises(MalformedDocument):
        read_wish(body)


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(body: bytes) -> None:
    try:
        read_wish(body)
    except MalformedDocument as malformed:
        assert str(malformed)


@given(st.sampled_from(FORWARDING_TYPES), st.booleans(), st.from_regex(r"\+?[0-9]{2,12}", fullmatch=True))
def test_what_a_phone_sets_it_is_told_back(kind: str, on: bool, to: str) -> None:
    asked = wish(
        "SetForwarding",
        device="x",
        forwardingType=kind,
        activateForward=str(on).lower(),
        forwardDN=to,
    )
    wanted = read_wish(asked)
    assert isinstance(wanted, SetForwarding)
    (_, (name, values)) = parts_of(render_features(PhoneFeatures("201", False, (wanted.state,))).body(0))
    assert (name, values["forwardingType"], values["forwardTo"]) == ("ForwardingEvent", kind, to)
    assert values["forwardStatus"] == str(on).lower()
