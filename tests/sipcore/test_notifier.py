"""The notifier by the rules of RFC 6665, seen from the watchers."""

import gc

import pytest

from sipcore.flow import Flow
from sipcore.notifier import NotifierConfig
from sipcore.notify_state import Subscription
from tests.support.notice_board import Bench, text_of, version_of
from tests.support.watching_phone import SERVER, Watcher

A = "sip:a@x.example"


def test_a_subscribe_is_answered_with_its_duration_and_the_state_follows_at_once() -> None:
    bench = Bench()
    bench.board.texts[A] = "hello"
    phone, response = bench.watch("bo", expires=600)
    assert (response.status, response.expires) == (200, 600)
    assert response.contacts
    (notification,) = bench.sent()
    assert notification.subscription_state == "active;expires=600"
    assert text_of(notification) == "hello"
    assert notification.request.uri == "sip:bo@192.0.2.50:5060"
    assert notification.request.from_.tag == response.to.tag == phone.remote_tag
    assert notification.request.to.tag == "phone-bo"


def test_without_expires_the_usual_duration_is_given_and_a_longer_one_is_cut() -> None:
    bench = Bench()
    assert bench.watch("one", expires=None)[1].expires == 3600
    assert bench.watch("two", expires=86400)[1].expires == 3600


def test_too_brief_a_duration_is_refused_with_the_least_one() -> None:
    response = Bench().watch("bo", expires=10)[1]
    assert (response.status, response.header("Min-Expires")) == (423, "60")


def test_an_unknown_package_is_refused_with_those_that_are_known() -> None:
    bench = Bench()
    phone = Watcher("bo", A, event="weather")
    response = bench.subscribe(phone)
    assert (response.status, response.header("Allow-Events")) == (489, "board")
    assert bench.sent() == []


def test_a_subscribe_without_event_is_refused() -> None:
    bench = Bench()
    request = Watcher("bo", A).subscribe()
    request.remove("Event")
    assert bench.notifier.subscribe(request, Watcher("bo", A).flow, 0.0, resource=A).status == 489


@pytest.mark.parametrize(
    ("accept", "status", "content_type"),
    [
        ("text/plain", 200, "text/plain"),
        ("text/other, text/plain;q=0.5", 200, "text/plain"),
        ("text/*", 200, "text/numbered"),
        ("*/*", 200, "text/numbered"),
        ("text/numbered;q=0, text/plain", 200, "text/plain"),
        ("TEXT/PLAIN", 200, "text/plain"),
        ("application/xml", 406, None),
    ],
)
def test_accept_chooses_the_form(accept: str, status: int, content_type: str | None) -> None:
    bench = Bench()
    response = bench.subscribe(Watcher("bo", A, event="board", fields=(("Accept", accept),)))
    assert response.status == status
    assert [sent.request.content_type for sent in bench.sent()] == ([content_type] if content_type else [])
    if status == 406:
        assert response.header("Accept") == "text/numbered, text/plain"


def test_the_event_header_is_echoed_with_all_its_parameters() -> None:
    bench = Bench()
    bench.subscribe(Watcher("bo", A, event='board;id=7;purpose="call-completion"'))
    (notification,) = bench.sent()
    assert notification.request.header("Event") == 'board;id=7;purpose="call-completion"'


def test_cseq_and_version_rise_by_one_with_each_notify() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.settle()
    for text in ("one", "two", "three"):
        bench.post(text)
        bench.settle()
    assert [notification.cseq for notification in phone.received] == [1, 2, 3, 4]
    assert [version_of(notification) for notification in phone.received] == [0, 1, 2, 3]


def test_the_route_set_is_followed_and_the_response_carries_it() -> None:
    bench = Bench()
    routes = (("Record-Route", "<sip:p2.example;lr>"), ("Record-Route", "<sip:p1.example;lr>"))
    response = bench.subscribe(Watcher("bo", A, event="board", fields=routes))
    assert [str(route) for route in response.record_routes] == ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]
    (notification,) = bench.sent()
    assert [str(route) for route in notification.request.routes] == ["<sip:p2.example;lr>", "<sip:p1.example;lr>"]
    assert notification.request.uri == "sip:bo@192.0.2.50:5060"


def test_a_strict_router_gets_the_request_uri_and_the_target_comes_last() -> None:
    bench = Bench()
    routes = (("Record-Route", "<sip:old.example>"), ("Record-Route", "<sip:p1.example;lr>"))
    bench.subscribe(Watcher("bo", A, event="board", fields=routes))
    (notification,) = bench.sent()
    assert notification.request.uri == "sip:old.example"
    assert [str(route) for route in notification.request.routes] == [
        "<sip:p1.example;lr>",
        "<sip:bo@192.0.2.50:5060>",
    ]


def test_a_phone_behind_nat_is_told_on_the_flow_it_opened() -> None:
    bench = Bench()
    phone = Watcher("bo", A, event="board")
    seen = Flow("udp", SERVER, ("198.51.100.9", 40123))
    bench.watchers[phone.call_id] = phone
    bench.notifier.subscribe(phone.subscribe(), seen, bench.now, resource=A)
    (datagram,) = bench.notifier.take_datagrams()
    assert datagram.flow == seen


def test_a_phone_that_listens_on_another_port_of_its_own_host_is_told_there() -> None:
    bench = Bench()
    phone = Watcher("bo", A, event="board")
    bench.notifier.subscribe(phone.subscribe(), Flow("udp", SERVER, ("192.0.2.50", 40123)), bench.now, resource=A)
    (datagram,) = bench.notifier.take_datagrams()
    assert datagram.flow.remote == ("192.0.2.50", 5060)


def test_the_advertised_host_stands_in_via_and_contact() -> None:
    bench = Bench(NotifierConfig(advertised_host="pbx.example"))
    response = bench.watch("bo")[1]
    (notification,) = bench.sent()
    assert notification.request.via.host == "pbx.example"
    assert str(response.contacts[0].uri) == str(notification.request.contacts[0].uri) == "sip:a@pbx.example:5060"


def test_over_tcp_the_notify_uses_the_connection_and_is_never_retransmitted() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo", transport="tcp")
    (datagram,) = bench.notifier.take_datagrams()
    assert datagram.flow == phone.flow
    assert b"Via: SIP/2.0/TCP 192.0.2.1:5060;branch=" in datagram.data
    bench.read(datagram.data)
    assert bench.pass_time(31) == []


def test_an_unanswered_notify_is_retransmitted_by_timer_e_until_timer_f() -> None:
    bench = Bench()
    bench.watch("bo")
    (first,) = bench.sent()
    start, times = bench.now, []
    while bench.now < start + 34:
        sent = bench.pass_time(0.1)
        times += [bench.now - start] * len(sent)
        assert {notification.cseq for notification in bench.watchers["call-bo"].received} == {first.cseq}
    # Timer E: 0.5 s, doubled up to 4 s (RFC 3261 §17.1.2.2); each may be a bucket late.
    assert len(times) == 10
    for at, expected in zip(times, (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5), strict=True):
        assert expected <= at + 0.01 <= expected + 1.1


def test_a_provisional_response_slows_the_retransmissions() -> None:
    bench = Bench()
    bench.watch("bo")
    bench.answer(bench.sent(), 100)
    assert len(bench.pass_time(0.7)) == 1
    assert bench.pass_time(3.5) == []
    assert len(bench.pass_time(0.8)) == 1


def test_one_notify_is_outstanding_and_the_last_state_follows_its_answer() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    first = bench.sent()
    for number in range(50):
        bench.post(f"state {number}")
    assert bench.sent() == []
    bench.answer(first)
    bench.settle()
    assert [text_of(notification) for notification in phone.received] == ["", "state 49"]


def test_the_document_is_rendered_once_for_all_watchers_of_a_form() -> None:
    bench = Bench()
    for number in range(20):
        bench.watch(f"w{number}", fields=(("Accept", "text/plain" if number % 2 else "text/numbered"),))
    bench.settle()
    bench.board.rendered = 0
    bench.post("news")
    bench.settle()
    assert bench.board.rendered == 2


def test_what_many_subscriptions_have_in_common_is_kept_once() -> None:
    bench = Bench()
    for number in range(2):
        watcher = Watcher(f"w{number}", A, event="board")
        resource, who = "".join(("sip:", "a@x.example")), "".join(("sip:", "bo@x.example"))
        request = watcher.subscribe(600)
        bench.notifier.subscribe(request, watcher.flow, 0.0, resource=resource, watcher=who, detail="state")
    one, other = bench.notifier.subscriptions(A, "board")
    assert one.id != other.id
    assert one.resource is other.resource
    assert one.watcher is other.watcher
    assert one.contact is other.contact
    assert one.form is other.form


def test_a_refresh_prolongs_and_tells_the_state_again() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo", expires=100)
    bench.settle()
    bench.pass_time(90)
    response = bench.subscribe(phone, 100)
    assert (response.status, response.expires) == (200, 100)
    (told,) = bench.settle()
    assert told.subscription_state == "active;expires=100"
    assert bench.pass_time(50) == []
    assert bench.notifier.count == 1


def test_a_refresh_moves_the_subscription_to_the_phones_new_address() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.settle()
    phone.address = ("192.0.2.77", 5070)
    bench.subscribe(phone)
    (datagram,) = bench.notifier.take_datagrams()
    assert datagram.flow.remote == ("192.0.2.77", 5070)
    assert bench.read(datagram.data).request.uri == "sip:bo@192.0.2.77:5070"


def test_what_is_not_refreshed_ends_with_reason_timeout() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo", expires=60)
    bench.settle()
    assert bench.pass_time(59.9) == []
    (last,) = bench.pass_time(0.4)
    assert last.subscription_state == "terminated;reason=timeout"
    bench.answer([last])
    bench.post("unheard")
    assert bench.sent() == []
    assert bench.subscribe(phone).status == 481
    assert bench.notifier.count == 0


def test_unsubscribing_brings_the_state_a_last_time_and_ends() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.settle()
    bench.board.texts[A] = "last"
    response = bench.subscribe(phone, 0)
    assert (response.status, response.expires) == (200, 0)
    (last,) = bench.settle()
    assert (last.subscription_state, text_of(last)) == ("terminated;reason=timeout", "last")
    assert bench.notifier.count == 0
    assert bench.pass_time(4000) == []
    assert bench.notifier.next_timeout() is None


def test_expires_0_outside_a_dialog_fetches_the_state() -> None:
    bench = Bench()
    bench.board.texts[A] = "now"
    _, response = bench.watch("bo", expires=0)
    assert (response.status, response.expires) == (200, 0)
    (only,) = bench.settle()
    assert (only.subscription_state, text_of(only)) == ("terminated;reason=timeout", "now")
    assert bench.notifier.count == 0


def test_a_subscribe_in_an_unknown_dialog_is_refused() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    phone.remote_tag = "nobody"
    assert bench.subscribe(phone).status == 481


def test_a_subscribe_with_anothers_tag_is_refused() -> None:
    bench = Bench()
    victim, _ = bench.watch("bo")
    bench.settle()
    thief = Watcher("eve", A, event="board", remote_tag=victim.remote_tag)
    assert bench.subscribe(thief, 0).status == 481
    assert bench.notifier.count == 1


def test_a_subscribe_whose_cseq_goes_back_is_answered_500() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    phone.cseq = 10
    assert bench.subscribe(phone).status == 200
    phone.cseq = 4
    assert bench.subscribe(phone).status == 500


def test_a_subscribe_without_contact_is_malformed() -> None:
    bench = Bench()
    request = Watcher("bo", A, event="board").subscribe()
    request.remove("Contact")
    assert bench.notifier.subscribe(request, Watcher("bo", A).flow, 0.0, resource=A).status == 400


def test_a_restarted_phone_replaces_its_old_subscription_silently() -> None:
    bench = Bench()
    old, _ = bench.watch("bo")
    bench.settle()
    new, _ = bench.watch("bo", call_id="after-reboot")
    bench.settle()
    bench.post("news")
    bench.settle()
    assert text_of(new.received[-1]) == "news"
    assert len(old.received) == 1
    assert bench.notifier.count == 1


def in_memory() -> int:
    gc.collect()
    return sum(isinstance(found, Subscription) for found in gc.get_objects())


def test_subscriptions_that_come_and_go_leave_nothing_behind() -> None:
    before = in_memory()
    bench = Bench()
    for number in range(500):
        phone, _ = bench.watch("bo", call_id=f"call{number}", transport="tcp" if number % 2 else "udp")
        if number % 3:
            bench.settle()
        bench.subscribe(phone, 0)
        bench.settle()
    assert bench.notifier.count == 0
    assert bench.notifier.take_changes()
    bench.pass_time(4000)
    assert bench.notifier.next_timeout() is None
    assert in_memory() == before


def test_subscriptions_with_different_ids_live_side_by_side() -> None:
    bench = Bench()
    bench.subscribe(Watcher("bo", A, event="board;id=1", call_id="one"))
    bench.subscribe(Watcher("bo", A, event="board;id=2", call_id="two"))
    assert bench.notifier.count == 2


@pytest.mark.parametrize("reason", ["noresource", "rejected", "deactivated"])
def test_the_notifier_can_end_a_subscription_with_a_reason(reason: str) -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.settle()
    bench.notifier.terminate(A, reason, bench.now)
    bench.settle()
    assert phone.received[-1].subscription_state == f"terminated;reason={reason}"
    assert phone.received[-1].body == b""
    assert bench.notifier.count == 0


def test_probation_tells_when_to_come_back() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.settle()
    bench.notifier.terminate(A, "probation", bench.now, package="board", retry_after=30)
    bench.settle()
    assert phone.received[-1].subscription_state == "terminated;reason=probation;retry-after=30"


def test_an_end_waits_for_the_answer_to_the_notify_before_it() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    first = bench.sent()
    assert bench.subscribe(phone, 0).status == 200
    assert bench.sent() == []
    bench.answer(first)
    bench.settle()
    assert [notification.terminated for notification in phone.received] == [False, True]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKother\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKn\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKn.",
    ],
)
def test_responses_to_others_are_left_to_them(data: bytes) -> None:
    assert not Bench().notifier.receive_response(data, 0.0)


def test_late_foreign_and_broken_responses_change_nothing() -> None:
    bench = Bench()
    bench.watch("bo")
    (first,) = bench.sent()
    answer = first.answer()
    branch = (first.request.via.branch or "").encode()
    for data in (
        b"SIP/2.0 481 Gone\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKn.nobody.1\r\n\r\n",
        answer.replace(branch, branch + b"1"),
        answer.replace(branch, branch[:-1] + b"9"),
        b"SIP/2.0 481\x00\xff " + branch,
        b"SIP/2.0 481 cut short\r\nVia: SIP/2.0/UDP h;branch=" + branch,
        b"NOTIFY sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=" + branch + b"\r\n\r\n",
    ):
        assert bench.notifier.receive_response(data, bench.now)
    bench.post("news")
    assert bench.sent() == []
    bench.notifier.receive_response(answer, bench.now)
    assert len(bench.sent()) == 1
    bench.notifier.receive_response(answer, bench.now)
    assert bench.sent() == []
