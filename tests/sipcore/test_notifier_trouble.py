"""Watchers that refuse, do not answer, are slow or gone, and too many of them: nobody else is delayed."""

import pytest

from sipcore.notifier import NotifierConfig
from tests.support.notice_board import Bench, text_of


@pytest.mark.parametrize("status", [404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604])
def test_a_response_that_rfc_6665_names_ends_the_subscription(status: int) -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.answer(bench.sent(), status)
    assert bench.notifier.count == 0
    assert bench.subscribe(phone).status == 481


@pytest.mark.parametrize("status", [302, 400, 401, 403, 407, 408, 500, 503, 600])
def test_any_other_failure_keeps_the_subscription_and_tells_the_full_state_later(status: int) -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.answer(bench.sent(), status)
    bench.post("later")
    assert bench.sent() == []
    (again,) = bench.pass_time(4.2)
    assert text_of(again) == "later"
    bench.answer([again])
    assert phone.received[-1].cseq == 2
    bench.post("at once")
    assert len(bench.sent()) == 1


def test_the_pause_doubles_with_each_failure_up_to_five_minutes_and_a_success_ends_it() -> None:
    bench = Bench()
    bench.watch("bo", expires=3600)
    sent, pauses = bench.sent(), []
    for _ in range(8):
        bench.answer(sent, 500)
        failed_at = bench.now
        while not (sent := bench.pass_time(0.1)):
            pass
        pauses.append(round(bench.now - failed_at))
    assert pauses == [4, 8, 16, 32, 64, 128, 256, 300]
    bench.answer(sent)
    bench.post("news")
    bench.answer(bench.sent(), 500)
    assert len(bench.pass_time(4.2)) == 1


def test_retry_after_is_honoured() -> None:
    bench = Bench()
    bench.watch("bo")
    bench.answer(bench.sent(), 503, ("Retry-After", "60 (rebooting)"))
    assert bench.pass_time(59.8) == []
    assert len(bench.pass_time(0.4)) == 1


def test_a_subscribe_ends_the_pause_for_the_phone_is_there() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.answer(bench.sent(), 503, ("Retry-After", "600"))
    bench.subscribe(phone)
    assert len(bench.sent()) == 1


def test_a_subscribe_gives_up_what_the_phone_left_unanswered() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.sent()
    bench.pass_time(10)
    bench.subscribe(phone)
    (fresh,) = bench.sent()
    assert fresh.cseq == 2


def test_a_subscribe_gives_up_what_is_overdue_though_the_timer_comes_late() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.sent()
    bench.now += 0.8
    bench.subscribe(phone)
    (fresh,) = bench.sent()
    assert fresh.cseq == 2
    assert all(notification.cseq == 2 for notification in bench.pass_time(1))


def test_timer_f_keeps_the_subscription_and_the_state_is_told_later() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.sent()
    bench.pass_time(33)
    bench.post("after the gap")
    again = bench.pass_time(5)
    assert text_of(again[0]) == "after the gap"
    assert again[0].cseq == 2
    bench.answer(again[:1])
    assert phone.received[-1].cseq == 2


def test_a_dead_watcher_is_not_told_of_its_own_end() -> None:
    bench = Bench()
    bench.watch("bo", expires=60)
    bench.sent()
    sent = bench.pass_time(200)
    assert not any(notification.terminated for notification in sent)
    assert bench.notifier.count == 0
    assert bench.notifier.next_timeout() is None


def test_a_dead_watcher_never_delays_another() -> None:
    bench = Bench(NotifierConfig(most_in_flight=4))
    for number in range(4):
        bench.watch(f"dead{number}")
    bench.sent()
    alive, _ = bench.watch("alive")
    # Places in flight are free again when the first retransmission is due.
    bench.answer([sent for sent in bench.pass_time(0.7) if sent.request.to.tag == "phone-alive"])
    bench.post("news")
    bench.answer([sent for sent in bench.sent() if sent.request.to.tag == "phone-alive"])
    assert text_of(alive.received[-1]) == "news"


def test_no_more_are_in_flight_than_allowed_and_the_rest_merge_while_they_wait() -> None:
    bench = Bench(NotifierConfig(most_in_flight=10))
    phones = [bench.watch(f"w{number}")[0] for number in range(100)]
    bench.settle()
    for number in range(5):
        bench.post(f"state {number}")
    sent = bench.sent()
    assert len(sent) == 10
    most = 0
    while sent:
        bench.answer(sent)
        sent = bench.sent()
        most = max(most, len(sent))
    assert most <= 10
    assert {text_of(phone.received[-1]) for phone in phones} == {"state 4"}
    assert all(len(phone.received) <= 3 for phone in phones)


def test_more_subscriptions_than_allowed_are_refused_with_retry_after() -> None:
    bench = Bench(NotifierConfig(most_subscriptions=2))
    bench.watch("one")
    bench.watch("two")
    response = bench.watch("three")[1]
    assert (response.status, response.header("Retry-After")) == (503, "30")


def test_a_slow_phone_gets_no_more_than_its_rate_over_all_its_subscriptions() -> None:
    bench = Bench()
    resources = [f"sip:r{number}@x.example" for number in range(6)]
    phones = [
        bench.watch("slow", resource, call_id=f"c{n}", user_agent="Slow")[0] for n, resource in enumerate(resources)
    ]
    times: list[float] = []
    for step in range(100):
        sent = bench.sent() + bench.pass_time(0.1)
        times += [bench.now] * len(sent)
        bench.answer(sent)
        if step == 20:
            for resource in resources:
                for text in ("one", "two", "last"):
                    bench.post(text, resource)
    for start in times:
        assert sum(start <= at < start + 1.0 for at in times) <= 3
    assert [text_of(phone.received[-1]) for phone in phones] == ["last"] * 6
    assert len(times) <= 18


def test_a_lost_connection_pauses_its_subscriptions_until_the_phone_is_back() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo", transport="tcp")
    bench.sent()
    bench.notifier.transport_failed(phone.flow, bench.now)
    phone.address = ("192.0.2.50", 50001)
    bench.subscribe(phone)
    (datagram,) = bench.notifier.take_datagrams()
    assert datagram.flow == phone.flow
    assert bench.notifier.count == 1
