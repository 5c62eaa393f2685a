"""The messages of RFC 4475: each is treated as the RFC asks, by the parser and by the whole stack."""

from itertools import count

import pytest

from sipcore.answering import response_to
from sipcore.errors import ProtocolViolation
from sipcore.events import Event, InviteReceived, RequestReceived
from sipcore.flow import Flow
from sipcore.framing import StreamFramer
from sipcore.message import Request, Response, parse_message
from sipcore.sdp import parse_sdp
from sipcore.stack import Stack, StackConfig
from sipcore.uri import SipUri
from sipcore.validation import check_request, check_response
from tests.sipcore.torture import FOLDER, TORTURE, torture_message


def request(name: str) -> Request:
    message = parse_message(torture_message(name))
    assert isinstance(message, Request)
    return message


def contact_uri(name: str, index: int = 0) -> SipUri:
    uri = request(name).contacts[index].uri
    assert isinstance(uri, SipUri)
    return uri


def verdict(data: bytes) -> str | int:
    try:
        message = parse_message(data)
    except ProtocolViolation:
        return "drop"
    try:
        if isinstance(message, Response):
            check_response(message)
        else:
            check_request(message)
    except ProtocolViolation as violation:
        if isinstance(message, Response):
            return "drop"
        assert response_to(message, violation.status, violation.reason, to_tag="t").to_bytes()
        return violation.status
    return "accept"


def test_the_table_has_every_message() -> None:
    assert {path.stem for path in FOLDER.glob("*.dat")} == set(TORTURE)
    assert len(TORTURE) == 50


@pytest.mark.parametrize("name", TORTURE)
def test_the_verdict_is_what_the_rfc_asks(name: str) -> None:
    assert verdict(torture_message(name)) == TORTURE[name].verdict


@pytest.mark.parametrize("name", [name for name, ask in TORTURE.items() if ask.verdict == "accept"])
def test_accepted_messages_survive_being_written(name: str) -> None:
    message = parse_message(torture_message(name))
    again = parse_message(message.to_bytes())
    assert again.vias == message.vias
    assert (again.from_, again.to, again.cseq) == (message.from_, message.to, message.cseq)
    assert (again.start_line(), again.body) == (message.start_line(), message.body)
    assert verdict(again.to_bytes()) == "accept"


def test_3_1_1_1_white_space_folding_and_compact_names() -> None:
    message = request("wsinv")
    assert message.from_.display == 'J Rosenberg \\"'
    assert (message.from_.tag, message.to.tag) == ("98asjd8", "1918181833n")
    assert (message.max_forwards, message.cseq.number) == (68, 9)
    assert [(via.transport, via.host, via.branch) for via in message.vias] == [
        ("UDP", "192.0.2.2", "390skdjuw"),
        ("TCP", "spindle.example.com", "z9hG4bK9ikj8"),
        ("UDP", "192.168.255.111", "z9hG4bK30239"),
    ]
    assert message.header("Subject") == ""
    assert message.header("UnknownHeaderWithUnusualValue") == ";;,,;;,;"
    assert message.contacts[0].display == 'Quoted string ""'
    assert message.contacts[0].params == {"newparam": "newvalue", "secondparam": None, "q": "0.33"}
    assert len(message.body) == 150


def test_3_1_1_2_unusual_characters() -> None:
    message = request("intmeth")
    assert message.cseq.method == message.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert message.to.display == "BEL:\a NUL:\0 DEL:\x7f"
    assert message.from_.params["fromparam''~+*_!.-%"] == '"работающий"'
    assert message.call_id.startswith("intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{")
    uri = message.request_uri
    assert isinstance(uri, SipUri)
    assert (uri.user, uri.password) == (
        "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
        "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
    )


def test_3_1_1_3_escapes_are_equal_to_what_they_stand_for() -> None:
    message = request("esc01")
    uri = message.request_uri
    assert isinstance(uri, SipUri)
    assert uri.unescaped_user == "sips:user@example.com"
    assert contact_uri("esc01").params == {"lr": None, "name": "v%61lue%25%34%31"}
    assert contact_uri("esc01").unescaped_user == "caller"


def test_3_1_1_4_escaped_nulls_make_two_contacts() -> None:
    first, second = contact_uri("escnull", 0), contact_uri("escnull", 1)
    assert (first.unescaped_user, second.unescaped_user) == ("\0", "\0\0")
    assert not first.equivalent(second)
    assert request("escnull").to.uri.aor == "sip:null-%00-null@example.com"


def test_3_1_1_5_percent_is_no_escape_in_names_and_display_names() -> None:
    message = request("esc02")
    assert message.to.display == "%Z%45"
    assert len(message.contacts) == 2
    assert message.header("C%6Fntact") == "<sip:alias2@host2.example.com>"


def test_3_1_1_7_long_values() -> None:
    message = request("longreq")
    assert len(message.vias) == 34
    assert len(message.from_.tag or "") > 150


def test_3_1_1_8_octets_after_the_body_are_ignored() -> None:
    message = request("dblreq")
    assert (message.method, message.body) == ("REGISTER", b"")
    assert b"INVITE" not in message.to_bytes()


def test_3_1_1_9_parameters_in_the_user_part() -> None:
    uri = request("semiuri").request_uri
    assert isinstance(uri, SipUri)
    assert (uri.unescaped_user, uri.params) == ("user;par=u@example.net", {})


def test_3_1_1_10_transports() -> None:
    assert [via.transport for via in request("transports").vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


def test_3_1_1_11_binary_body() -> None:
    message = request("mpart01")
    assert message.content_type == "multipart/mixed"
    assert b"\0" in message.body
    assert message.body.rstrip().endswith(b"--7a9cbec02ceef655--")


def test_3_3_12_to_14_contact_parameters_stay_where_they_are() -> None:
    assert request("cparam01").contacts[0].params == {"unknownparam": None}
    assert contact_uri("cparam01").params == {}
    assert request("cparam02").contacts[0].params == {}
    assert contact_uri("cparam02").params == {"unknownparam": None}
    assert contact_uri("regescrt").headers == {"route": "%3Csip:sip.example.com%3E"}


@pytest.mark.parametrize("name", ["ncl", "mcl01", "inv2543"])
def test_3_1_2_3_and_3_3_9_a_stream_is_lost_without_a_usable_content_length(name: str) -> None:
    with pytest.raises(ProtocolViolation, match="Content-Length"):
        StreamFramer().feed(torture_message(name))


def test_3_1_2_2_a_stream_waits_for_the_rest_of_a_body() -> None:
    assert StreamFramer().feed(torture_message("clerr")) == []


def test_messages_in_a_stream_are_cut_where_they_end() -> None:
    names = [name for name, ask in TORTURE.items() if ask.verdict == "accept" and name not in ("dblreq", "inv2543")]
    messages = [torture_message(name) for name in names]
    assert StreamFramer().feed(b"".join(messages)) == messages


def receive(data: bytes) -> tuple[list[Response], list[Event]]:
    """What a stack that knows nobody answers, and what it tells its user."""
    tokens = count()
    stack = Stack(StackConfig(), lambda: f"token{next(tokens)}")
    stack.receive(data, Flow("udp", ("192.0.2.254", 5060), ("192.0.2.253", 5060)), 0.0)
    answers = [parse_message(datagram.data) for datagram in stack.take_datagrams()]
    assert all(isinstance(answer, Response) for answer in answers)
    return [answer for answer in answers if isinstance(answer, Response)], stack.take_events()


@pytest.mark.parametrize("name", TORTURE)
def test_the_stack_does_what_the_rfc_asks(name: str) -> None:
    data = torture_message(name)
    ask = TORTURE[name]
    expected = ask.endpoint if ask.verdict == "accept" else ask.verdict
    answers, events = receive(data)
    statuses = [answer.status for answer in answers]
    if expected == "drop":
        assert (statuses, events) == ([], [])
    elif expected != "pass":
        assert (statuses[-1:], events) == ([expected], [])
        assert all(answer.header("CSeq") == request(name).header("CSeq") for answer in answers)
        assert all(answer.to.tag for answer in answers if answer.has("To") and name not in ("multi01", "quotbal"))
    elif request(name).method == "INVITE":
        assert statuses == [100]
        assert [type(event) for event in events] == [InviteReceived]
    else:
        assert statuses == []
        assert [type(event) for event in events] == [RequestReceived]


def test_3_1_1_2_an_unknown_method_is_answered_with_those_that_are_known() -> None:
    (answer,), _ = receive(torture_message("intmeth"))
    assert {"INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"} <= answer.allow


def test_3_3_5_unsupported_names_what_is_required_of_an_endpoint() -> None:
    (answer,), _ = receive(torture_message("bext01"))
    assert answer.tokens("Unsupported") == {"nothingsupportsthis", "nothingsupportsthiseither"}


def test_3_3_6_an_unknown_body_is_answered_with_what_is_accepted() -> None:
    answers, _ = receive(torture_message("invut"))
    assert "application/sdp" in answers[-1].headers("Accept")


def test_3_3_10_a_response_for_somebody_else_is_not_sent_on() -> None:
    assert receive(torture_message("bcast")) == ([], [])


@pytest.mark.parametrize("name", ["wsinv", "esc01", "longreq", "lwsstart", "baddate", "sdp01", "inv2543"])
def test_session_descriptions_are_read(name: str) -> None:
    description = parse_sdp(request(name).body)
    assert description.media[0].port == 49217
