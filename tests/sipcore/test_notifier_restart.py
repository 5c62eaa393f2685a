"""Subscriptions over a restart: what is kept, and numbers that only rise."""

import msgspec

from sipcore.subscription import SubscriptionEnded, SubscriptionRecord
from tests.support.notice_board import Bench, text_of, version_of
from tests.support.watching_phone import Watcher, parse_request

A = "sip:a@x.example"


def kept(bench: Bench, on_disk: dict[str, SubscriptionRecord]) -> dict[str, SubscriptionRecord]:
    """What the disk holds after the changes so far."""
    for change in bench.notifier.take_changes():
        if isinstance(change, SubscriptionEnded):
            on_disk.pop(change.id, None)
        else:
            on_disk[change.id] = msgspec.msgpack.decode(msgspec.msgpack.encode(change), type=SubscriptionRecord)
    return on_disk


def restart(bench: Bench, on_disk: dict[str, SubscriptionRecord]) -> Bench:
    again = Bench(first_token=1_000_000)
    again.now = bench.now
    again.watchers = bench.watchers
    again.board.texts = bench.board.texts
    again.notifier.restore(on_disk.values(), again.now)
    again.notifier.advance(again.now)
    return again


def test_after_a_restart_each_watcher_gets_the_state_with_higher_numbers() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    bench.settle()
    bench.post("before")
    bench.settle()
    again = restart(bench, kept(bench, {}))
    again.settle()
    again.post("after")
    again.settle()
    assert [text_of(notification) for notification in phone.received] == ["", "before", "before", "after"]
    numbers = [notification.cseq for notification in phone.received]
    versions = [version_of(notification) for notification in phone.received]
    assert numbers == sorted(set(numbers))
    assert versions == sorted(set(versions))
    assert again.subscribe(phone).status == 200


def test_a_notify_costs_no_write_until_a_block_of_numbers_is_used() -> None:
    bench = Bench()
    bench.watch("bo")
    bench.settle()
    assert len(bench.notifier.take_changes()) == 1
    writes = 0
    for number in range(2000):
        bench.post(str(number))
        bench.settle()
        writes += len(bench.notifier.take_changes())
    assert writes == 2


def test_numbers_rise_over_a_crash_at_any_moment() -> None:
    bench = Bench()
    phone, _ = bench.watch("bo")
    on_disk: dict[str, SubscriptionRecord] = {}
    for crash in (1, 799, 800, 1001, 5):
        bench.settle()
        for number in range(crash):
            bench.post(str(number))
            bench.settle()
        on_disk = kept(bench, on_disk)
        bench = restart(bench, on_disk)
    bench.settle()
    numbers = [notification.cseq for notification in phone.received]
    assert numbers == sorted(set(numbers))


def test_ended_and_expired_subscriptions_are_forgotten_on_disk() -> None:
    bench = Bench()
    phone, _ = bench.watch("one")
    bench.watch("two", expires=60)
    bench.settle()
    on_disk = kept(bench, {})
    assert len(on_disk) == 2
    bench.subscribe(phone, 0)
    bench.settle()
    assert len(kept(bench, on_disk)) == 1
    bench.now += 61
    again = restart(bench, on_disk)
    assert again.notifier.count == 0
    assert kept(again, on_disk) == {}


def test_of_two_records_for_the_same_phone_and_key_the_later_counts() -> None:
    bench = Bench()
    bench.watch("bo", call_id="first")
    first = kept(bench, {})
    bench.watch("bo", call_id="second")
    on_disk = {**first, **kept(bench, {})}
    assert len(on_disk) == 2
    again = restart(bench, on_disk)
    assert [sent.request.call_id for sent in again.settle()] == ["second"]
    assert len(kept(again, on_disk)) == 1


def test_ten_thousand_subscriptions_are_restored_with_higher_numbers() -> None:
    bench = Bench()
    names = [f"w{number}" for number in range(10_000)]
    for number, name in enumerate(names):
        bench.watch(name, f"sip:r{number % 100}@x.example")
    datagrams = bench.notifier.take_datagrams()
    while datagrams:
        for datagram in datagrams:
            via = datagram.data.split(b"\r\n", 2)[1]
            bench.notifier.receive_response(b"SIP/2.0 200 OK\r\n" + via + b"\r\n\r\n", bench.now)
        datagrams = bench.notifier.take_datagrams()
    records = kept(bench, {})
    again = restart(bench, records)
    assert again.notifier.count == 10_000
    told = 0
    while datagrams := again.notifier.take_datagrams():
        for datagram in datagrams:
            assert b"\r\nCSeq: 1001 NOTIFY\r\n" in datagram.data
            told += 1
            via = datagram.data.split(b"\r\n", 2)[1]
            again.notifier.receive_response(b"SIP/2.0 200 OK\r\n" + via + b"\r\n\r\n", again.now)
    assert told == 10_000


def test_a_display_name_that_is_no_utf_8_can_be_kept_and_answered() -> None:
    bench = Bench()
    request = Watcher("bo", A, event="board").subscribe()
    data = request.to_bytes().replace(b"From: <", b'From: "Bj\xf8rn" <')
    assert bench.notifier.subscribe(parse_request(data), Watcher("bo", A).flow, 0.0, resource=A).status == 200
    (datagram,) = bench.notifier.take_datagrams()
    assert b'To: "Bj\xf8rn" <sip:bo@nordlys.example>;tag=phone-bo\r\n' in datagram.data
    assert len(kept(bench, {})) == 1
