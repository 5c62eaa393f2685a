"""Messages are parsed, read, edited and written by RFC 3261 §7."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.answering import response_to
from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.message import REASONS, CSeq, Event, Message, Request, Response, parse_message

INVITE = b"\r\n".join(
    [
        b"INVITE sip:bob@biloxi.example.com SIP/2.0",
        b"Via: SIP/2.0/UDP proxy.example.com;branch=z9hG4bKp, SIP/2.0/TCP [2001:db8::1]:5070;branch=z9hG4bKa",
        b"v: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKo",
        b"Max-Forwards: 0070",
        b'f: "Alice" <sip:alice@atlanta.example.com>;tag=9fxced76sl',
        b"TO  :  Bob <sip:bob@biloxi.example.com>",
        b"i: 3848276298220188511@atlanta.example.com",
        b"CSeq: 00012",
        b"\tINVITE",
        b"m: <sip:alice@client.example.com;transport=tcp>",
        b"Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>",
        b"Timestamp: 54",
        b"k: replaces, 100REL",
        b"Supported: timer",
        b"Subject: lunch,",
        b"  today\xff",
        b"c: Application/SDP;charset=utf-8",
        b"l: 4",
        b"",
        b"v=0\n and what follows the body",
    ]
)


def parsed(data: bytes = INVITE) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


def request(*fields: tuple[str, str], body: bytes = b"") -> Request:
    return Request("OPTIONS", "sip:bob@biloxi.example.com", fields, body)


def test_a_request_is_read() -> None:
    message = parsed()
    assert (message.method, message.uri) == ("INVITE", "sip:bob@biloxi.example.com")
    assert str(message.request_uri) == "sip:bob@biloxi.example.com"
    assert message.via.branch == "z9hG4bKp"
    assert [via.branch for via in message.vias] == ["z9hG4bKp", "z9hG4bKa", "z9hG4bKo"]
    assert (message.from_.display, message.from_.tag) == ("Alice", "9fxced76sl")
    assert (message.to.display, message.to.tag) == ("Bob", None)
    assert message.call_id == "3848276298220188511@atlanta.example.com"
    assert message.cseq == CSeq(12, "INVITE")
    assert message.max_forwards == 70
    assert [str(contact) for contact in message.contacts] == ["<sip:alice@client.example.com;transport=tcp>"]
    assert [str(route.uri) for route in message.record_routes] == ["sip:p2.example.com;lr", "sip:p1.example.com;lr"]
    assert message.supported == {"replaces", "100rel", "timer"}
    assert message.content_type == "application/sdp"


def test_names_are_found_in_any_case_and_in_compact_form() -> None:
    message = parsed()
    for name in ("Call-ID", "call-id", "CALL-ID", "i", "I"):
        assert message.header(name) == "3848276298220188511@atlanta.example.com"
    assert message.has("Subject")
    assert message.has("s")
    assert not message.has("Expires")
    assert message.header("Expires") is None
    assert message.headers("Expires") == []


def test_a_folded_header_is_one_line_and_strange_bytes_survive() -> None:
    message = parsed()
    assert message.header("Subject") == "lunch, today\udcff"
    assert b"Subject: lunch, today\xff\r\n" in message.to_bytes()


def test_only_list_headers_are_split_at_commas() -> None:
    message = parsed()
    assert message.headers("Subject") == ["lunch, today\udcff"]
    assert message.headers("Supported") == ["replaces", "100REL", "timer"]
    assert message.header("k") == "replaces, 100REL"


def test_bytes_after_the_body_are_no_part_of_the_message() -> None:
    message = parsed()
    assert message.body == b"v=0\n"
    assert not message.truncated
    message.set("Subject", "dinner")
    assert message.body == b"v=0\n"
    assert message.to_bytes().endswith(b"Content-Length: 4\r\n\r\nv=0\n")


def test_without_content_length_the_body_is_the_rest_of_the_datagram() -> None:
    assert parsed(INVITE.replace(b"l: 4\r\n", b"")).body == b"v=0\n and what follows the body"


def test_a_body_shorter_than_its_content_length_is_noticed() -> None:
    assert parsed(INVITE.replace(b"l: 4", b"l: 4444")).truncated


@pytest.mark.parametrize("length", [b"-1", b"4 4", b"", b"four", b"4\r\nContent-Length: 5", b"99999999999"])
def test_a_malformed_content_length_is_a_violation(length: bytes) -> None:
    message = parsed(INVITE.replace(b"l: 4", b"l: " + length))
    with pytest.raises(ProtocolViolation, match="Content-Length"):
        message.content_length  # noqa: B018


def test_editing_forgets_what_was_read() -> None:
    message = parsed()
    assert message.from_.display == "Alice"
    message.set("From", "Carol <sip:carol@example.com>;tag=7")
    assert message.from_.display == "Carol"
    message.prepend("Via", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKtop")
    assert [via.branch for via in message.vias] == ["z9hG4bKtop", "z9hG4bKp", "z9hG4bKa", "z9hG4bKo"]
    message.remove("via")
    with pytest.raises(ProtocolViolation, match="Missing Via"):
        message.via  # noqa: B018
    message.uri = "sip:carol@example.com"
    assert str(message.request_uri) == "sip:carol@example.com"
    message.body = b"longer"
    assert message.content_length is None
    assert message.to_bytes().endswith(b"Content-Length: 6\r\n\r\nlonger")


def test_a_header_that_was_missing_is_read_after_it_is_set() -> None:
    message = request()
    assert message.expires is None
    message.set("Expires", "60")
    assert message.expires == 60
    message.remove("Expires")
    assert message.expires is None
    message.add("Expires", "70")
    assert message.expires == 70


def test_an_edit_before_anything_is_read_counts_once() -> None:
    for edit in (Message.add, Message.prepend, Message.set):
        message = parsed(b"OPTIONS sip:a@b SIP/2.0\r\n\r\n")
        edit(message, "Via", "SIP/2.0/UDP a")
        assert len(message.vias) == 1
        assert len(message.fields) == 1


@pytest.mark.parametrize(
    ("method", "uri"), [("INVITE sip:x@y", "sip:a@b"), ("INVITE", "sip:a@b SIP/2.0"), ("", "sip:a@b")]
)
def test_method_and_request_uri_are_one_word_each(method: str, uri: str) -> None:
    with pytest.raises(LocalMisuse):
        Request(method, uri)


@pytest.mark.parametrize(
    ("name", "before", "after", "accessors"),
    [
        ("Via", "SIP/2.0/UDP a", "SIP/2.0/UDP b", "via vias"),
        ("From", "sip:a@b", "sip:c@d", "from_"),
        ("To", "sip:a@b", "sip:c@d", "to"),
        ("Call-ID", "1", "2", "call_id"),
        ("CSeq", "1 OPTIONS", "2 OPTIONS", "cseq"),
        ("Contact", "*", "<sip:c@d>", "contacts"),
        ("Route", "<sip:a@b>", "<sip:c@d>", "routes"),
        ("Record-Route", "<sip:a@b>", "<sip:c@d>", "record_routes"),
        ("Path", "<sip:a@b>", "<sip:c@d>", "paths"),
        ("Expires", "1", "2", "expires"),
        ("Max-Forwards", "1", "2", "max_forwards"),
        ("Content-Length", "1", "2", "content_length"),
        ("Content-Type", "a/b", "c/d", "content_type"),
        ("Event", "dialog", "presence", "event"),
        ("Supported", "a", "b", "supported"),
        ("Require", "a", "b", "require"),
        ("Allow", "A", "B", "allow"),
    ],
)
def test_each_header_is_read_anew_after_an_edit(name: str, before: str, after: str, accessors: str) -> None:
    for accessor in accessors.split():
        message, expected = request((name, before)), getattr(request((name, after)), accessor)
        assert getattr(message, accessor) != expected
        message.set(name, after)
        assert getattr(message, accessor) == expected
        message.prepend(name, before)
        message.remove(name)
        message.add(name, after)
        assert getattr(message, accessor) == expected
        message.replace_first(name, before)
        assert getattr(message, accessor) != expected


def test_set_edits_a_message_alike_whether_it_was_read_before_or_not() -> None:
    unread, read = parse_message(INVITE), parse_message(INVITE)
    assert read.header("Via")
    for message in (unread, read):
        message.set("Supported", "path")
        message.set("Expires", "60")
        message.set("v", "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKq")
    assert unread.to_bytes() == read.to_bytes()
    assert (unread.supported, unread.expires, unread.via.host) == (read.supported, read.expires, read.via.host)


_NAMES = st.sampled_from(("Via", "v", "Contact", "Subject", "X-Odd", "content-length"))
_EDITS = st.lists(
    st.tuples(st.sampled_from(("add", "prepend", "set", "remove", "replace", "take")), _NAMES, st.sampled_from("12 "))
)


@given(st.lists(st.tuples(_NAMES, st.sampled_from("ab"))), _EDITS, st.booleans())
def test_whatever_is_edited_look_ups_find_what_the_lines_say(
    fields: list[tuple[str, str]], edits: list[tuple[str, str, str]], received: bool
) -> None:
    message = Request("OPTIONS", "sip:anna@nordlys.example", () if received else fields)
    if received:
        message.take([f"{name}: {value}" for name, value in fields], b"")
    for edit, name, value in edits:
        match edit:
            case "add":
                message.add(name, value)
            case "prepend":
                message.prepend(name, value)
            case "set":
                message.set(name, value)
            case "remove":
                message.remove(name)
            case "replace" | "take" if message.has(name):
                message.replace_first(name, value if edit == "replace" else None)
        same = Request("OPTIONS", "sip:anna@nordlys.example")
        same.take([f"{name}: {value}" for name, value in message.fields], b"")
        for looked_for in ("Via", "Contact", "Subject", "X-Odd", "Content-Length", "From"):
            assert message.header(looked_for) == same.header(looked_for)
            assert message.all_of(looked_for.lower()) == same.all_of(looked_for.lower())
            assert message.has(looked_for) == same.has(looked_for)
        assert message.malformed_line == same.malformed_line
        assert message.to_bytes().lower().count(b"content-length") == 1


def test_set_keeps_the_place_of_the_first_field() -> None:
    message = request(("A", "1"), ("B", "2"), ("a", "3"), ("C", "4"))
    message.set("a", "5")
    message.set("D", "6")
    assert list(message.fields) == [("a", "5"), ("B", "2"), ("C", "4"), ("D", "6")]


def test_the_first_value_of_a_list_is_replaced_or_taken() -> None:
    message = parsed()
    top = message.via.with_params(received="192.0.2.77")
    message.replace_first("Via", str(top))
    assert message.via.received == "192.0.2.77"
    assert [via.branch for via in message.vias] == ["z9hG4bKp", "z9hG4bKa", "z9hG4bKo"]
    for branch in ("z9hG4bKa", "z9hG4bKo"):
        message.replace_first("Via", None)
        assert message.via.branch == branch
    message.replace_first("Via", None)
    assert not message.has("Via")
    with pytest.raises(ProtocolViolation):
        message.replace_first("Via", None)


@pytest.mark.parametrize("text", ["x\r\nEvil: 1", "x\nEvil: 1", "x\r"])
def test_a_line_break_in_what_we_write_is_our_own_fault(text: str) -> None:
    message = request()
    with pytest.raises(LocalMisuse):
        message.add("Subject", text)
    with pytest.raises(LocalMisuse):
        message.set(text, "x")
    with pytest.raises(LocalMisuse):
        message.prepend("Subject", text)
    with pytest.raises(LocalMisuse):
        request(("Subject", text))
    with pytest.raises(LocalMisuse):
        Request("OPTIONS", text)
    with pytest.raises(LocalMisuse):
        Response(200, text)
    with pytest.raises(LocalMisuse):
        message.uri = text
    with pytest.raises(LocalMisuse):
        message.add("Evil: 1\tX", "x")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\x00" * 20 + b"\r\n\r\n",
        b"hello\r\n\r\n",
        b"INVITE sip:a@b\r\n\r\n",
        b"SIP/2.0 999 no\r\n\r\n",
        b"SIP/2.0 20 no\r\n\r\n",
        b"SIP/2.0 4294967301 better not\r\n\r\n",
        b"SIP/3.0 200 OK\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\nTo: x",
        b"OPTIONS sip:a@b SIP/2.0\r\nTo: x\nEvil: y\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\nTo: x\rEvil: y\r\n\r\n",
        b"OPTIONS sip:a@b SIP/2.0\r\n" + b"a: b\r\n" * 600 + b"\r\n",
    ],
)
def test_what_is_no_message_is_a_violation(data: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        parse_message(data)


def test_empty_lines_before_the_start_line_are_skipped() -> None:
    assert parsed(b"\r\n\r\n"[:2] + INVITE).method == "INVITE"


@pytest.mark.parametrize(
    ("field", "accessor"),
    [
        ("From: a b c", "from_"),
        ("To: <sip:a@b", "to"),
        ("CSeq: 2147483648 OPTIONS", "cseq"),
        ("CSeq: one OPTIONS", "cseq"),
        ("CSeq: 1", "cseq"),
        ("Call-ID: a b", "call_id"),
        ("Call-ID:", "call_id"),
        ("Max-Forwards: 256", "max_forwards"),
        ("Max-Forwards: -1", "max_forwards"),
        ("Expires: soon", "expires"),
        ("Contact: <sip:a@b>,,", "contacts"),
        ("Route: sip:a@b?x=y", "routes"),
        ("Via: SIP/2.0/UDP", "via"),
        ("Event: dialog;;", "event"),
    ],
)
def test_a_malformed_header_is_a_violation_that_names_it(field: str, accessor: str) -> None:
    message = parse_message(f"OPTIONS sip:a@b SIP/2.0\r\n{field}\r\n\r\n".encode())
    with pytest.raises(ProtocolViolation):
        getattr(message, accessor)


@pytest.mark.parametrize("accessor", ["from_", "to", "call_id", "cseq"])
def test_a_header_that_may_come_once_comes_once(accessor: str) -> None:
    message = request(*[("From", "sip:a@b"), ("To", "sip:a@b"), ("Call-ID", "1"), ("CSeq", "1 OPTIONS")] * 2)
    with pytest.raises(ProtocolViolation, match="More than one"):
        getattr(message, accessor)


def test_overlarge_times_are_read_as_the_largest() -> None:
    assert request(("Expires", "1" + "0" * 5000)).expires == 2**32 - 1
    assert request(("Expires", "0" * 500 + "60")).expires == 60
    assert request(("Expires", "3600")).expires == 3600
    assert request().expires is None


def test_event_has_package_and_parameters() -> None:
    assert request(("o", "dialog;id=7;sla")).event == Event("dialog", {"id": "7", "sla": None})
    assert request().event is None


def test_contact_star_is_no_address() -> None:
    message = request(("Contact", "*"))
    assert message.contacts == []


def test_option_tags_are_compared_without_case_and_methods_with_case() -> None:
    message = request(("Require", "100REL,Timer"), ("Allow", "INVITE, Foo"))
    assert message.require == {"100rel", "timer"}
    assert message.allow == {"INVITE", "Foo"}


def test_a_response_is_read_and_written() -> None:
    data = b"SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\r\nVia: SIP/2.0/UDP a\r\nContent-Length: 0\r\n\r\n"
    message = parse_message(data)
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (200, "= 2**3 * 5**2 н")
    assert message.to_bytes() == data


@pytest.mark.parametrize("line", [b"SIP/2.0 100 ", b"SIP/2.0 100"])
def test_a_response_without_a_reason_is_taken(line: bytes) -> None:
    message = parse_message(line + b"\r\n\r\n")
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (100, "")


@pytest.mark.parametrize("line", [b"OPTIONS  sip:a@b  SIP/2.0", b"OPTIONS sip:a@b SIP/2.0  "])
def test_extra_spaces_in_a_request_line_are_not_sent_on(line: bytes) -> None:
    assert parsed(line + b"\r\n\r\n").start_line() == "OPTIONS sip:a@b SIP/2.0"


def test_a_response_has_what_rfc_3261_section_8_2_6_asks() -> None:
    response = response_to(parsed(), 180, to_tag="a6c85cf", fields=[("Contact", "<sip:bob@192.0.2.4>")])
    assert response.start_line() == "SIP/2.0 180 Ringing"
    assert [via.branch for via in response.vias] == ["z9hG4bKp", "z9hG4bKa", "z9hG4bKo"]
    assert response.from_.tag == "9fxced76sl"
    assert response.to.tag == "a6c85cf"
    assert response.call_id == "3848276298220188511@atlanta.example.com"
    assert response.cseq == CSeq(12, "INVITE")
    assert str(response.contacts[0].uri) == "sip:bob@192.0.2.4"
    assert not response.has("Record-Route")
    assert not response.has("Timestamp")


def test_a_to_tag_that_is_there_stays() -> None:
    message = parsed(INVITE.replace(b"TO  :  Bob <sip:bob@biloxi.example.com>", b"To: sip:bob@b.example ;TAG=x"))
    assert response_to(message, 200, to_tag="new").to.tag == "x"


def test_timestamp_goes_into_100_and_record_route_where_asked() -> None:
    assert response_to(parsed(), 100).header("Timestamp") == "54"
    response = response_to(parsed(), 200, record_route=True, body=b"v=0\n", content_type="application/sdp")
    assert [str(route.uri) for route in response.record_routes] == ["sip:p2.example.com;lr", "sip:p1.example.com;lr"]
    assert response.content_type == "application/sdp"
    assert response.to_bytes().endswith(b"\r\nContent-Length: 4\r\n\r\nv=0\n")


def test_a_request_that_lacks_everything_can_still_be_answered() -> None:
    response = response_to(request(("Via", "SIP/2.0/UDP 192.0.2.95;branch=z9hG4bKkdj")), 400, "Missing From")
    assert response.start_line() == "SIP/2.0 400 Missing From"
    assert [name for name, _ in response.fields] == ["Via"]


def test_a_malformed_to_gets_its_tag_too() -> None:
    response = response_to(request(("To", '"Mr. User <sip:user@example.com>')), 400, to_tag="t1")
    assert response.header("To") == '"Mr. User <sip:user@example.com>;tag=t1'
    response = response_to(request(("To", '"Mr. User <sip:user@example.com>; Tag = t0')), 400, to_tag="t1")
    assert response.header("To") == '"Mr. User <sip:user@example.com>; Tag = t0'


def test_every_answer_we_give_has_a_reason() -> None:
    given_answers = "400 404 405 406 408 415 416 420 423 481 482 483 485 486 487 488 489 491 500 501 503 505 513 603"
    assert all(REASONS[int(status)] for status in given_answers.split())


FIELD_NAMES = st.from_regex(r"[A-Za-z][A-Za-z\-]{0,12}", fullmatch=True).filter(
    lambda name: name.lower() not in ("l", "content-length")
)
FIELD_VALUES = st.text(st.characters(exclude_categories=["Cc", "Zs", "Cs"]), max_size=30)
FIELDS = st.lists(st.tuples(FIELD_NAMES, FIELD_VALUES), max_size=12)


@given(FIELDS, st.binary(max_size=60))
def test_a_written_message_reads_back_the_same(fields: list[tuple[str, str]], body: bytes) -> None:
    for message in (Request("OPTIONS", "sip:a@b", fields, body), Response(200, "All right", fields, body)):
        data = message.to_bytes()
        again: Message = parse_message(data)
        assert again.start_line() == message.start_line()
        assert list(again.fields)[:-1] == fields
        assert again.body == body
        assert again.to_bytes() == data
