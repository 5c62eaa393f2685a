"""Documents of lists: RLMI and the body around it, and the lists that watchers send."""

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.multipart import Part, related, related_type
from presence_pidf.resource_lists import MOST_DEPTH, MOST_ENTRIES, read_resource_lists
from presence_pidf.rlmi import CONTENT_TYPE, ListedResource, render_resource, render_rlmi
from presence_pidf.safe_xml import MalformedDocument
from tests.presence_pidf.strategies import NASTY_TEXT, URIS
from tests.support.documents import valid

RLMI = {"r": "urn:ietf:params:xml:ns:rlmi"}


RESOURCES = st.lists(
    st.builds(
        ListedResource,
        uri=URIS.filter(bool),
        name=NASTY_TEXT,
        state=st.sampled_from(["active", "terminated", "pending", None]),
        reason=st.sampled_from(["", "noresource", "rejected"]),
        cid=NASTY_TEXT,
    ),
    max_size=4,
)


@given(URIS.filter(bool), NASTY_TEXT, st.integers(0, 2**32 - 1), st.booleans(), RESOURCES)
def test_a_list_is_valid_whatever_its_resources_are_called(
    uri: str, name: str, version: int, full: bool, resources: list[ListedResource]
) -> None:
    text = render_rlmi(uri, name, version, full, map(render_resource, resources))
    root = valid(text.encode())
    assert (root.get("version"), root.get("fullState")) == (str(version), "true" if full else "false")
    shown = root.findall("r:resource", RLMI)
    assert [len(element.findall("r:instance", RLMI)) for element in shown] == [
        int(resource.state is not None) for resource in resources
    ]


@pytest.mark.parametrize("bare", [False, True])
def test_the_parts_of_a_body_are_found_by_their_content_ids(bare: bool) -> None:
    root = Part(CONTENT_TYPE.encode(), b"list@nordlys.example", b"<list/>")
    document = Part(b"application/pidf+xml", b"1@nordlys.example", b"<presence>\xc3\xb8\n</presence>\n")
    body = related([root.render(bare_cid=bare), document.render(bare_cid=bare)])
    head = b"MIME-Version: 1.0\r\nContent-Type: " + related_type(root, bare_cid=bare) + b"\r\n\r\n"
    message = message_from_bytes(head + body)
    assert message.get_content_type() == "multipart/related"
    assert message.get_param("type") == CONTENT_TYPE
    _, first, second = message.walk()
    assert first["Content-ID"] == message.get_param("start")
    assert first["Content-ID"] == ("list@nordlys.example" if bare else "<list@nordlys.example>")
    assert second.get_content_type() == "application/pidf+xml"
    assert second.get_payload(decode=True) == document.body


def resource_lists(inner: str) -> bytes:
    return f'<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists">{inner}</resource-lists>'.encode()


def test_the_entries_of_a_list_are_read_in_order_and_once() -> None:
    body = resource_lists(
        '<list name="friends"><entry uri="sip:anna@x.example"><display-name>Anna</display-name></entry>'
        '<list><entry uri=" sip:bo@x.example "/><entry uri="sip:anna@x.example"/></list>'
        '<external anchor="http://attacker.example/list"/><entry-ref ref="elsewhere"/></list>'
    )
    assert read_resource_lists(body) == ("sip:anna@x.example", "sip:bo@x.example")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no xml",
        b"<other/>",
        resource_lists("<list><entry/></list>"),
        resource_lists(f'<list><entry uri="sip:{"a" * 501}@x.example"/></list>'),
        resource_lists("<list>" * (MOST_DEPTH + 1) + "</list>" * (MOST_DEPTH + 1)),
        resource_lists("".join(f'<list><entry uri="sip:{n}@x"/></list>' for n in range(MOST_ENTRIES + 1))),
        b'<!DOCTYPE a [<!ENTITY e "sip:x">]>' + resource_lists('<list><entry uri="&e;"/></list>'),
        b"<!--" + b"x" * 70_000 + b"-->" + resource_lists(""),
    ],
)
def test_a_list_that_is_broken_huge_deep_or_tricky_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedDocument):
        read_resource_lists(body)
