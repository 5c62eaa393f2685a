"""Whatever peers send, nothing raises out of the notifier, and what is kept on disk can be read again."""

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from sipcore.errors import ProtocolViolation
from sipcore.message import Request, parse_message
from sipcore.notify_admission import MOST_KNOWN, Admission, Durations
from sipcore.subscription import SubscriptionRecord
from tests.support.notice_board import Bench, NoticeBoard
from tests.support.watching_phone import Watcher

A = "sip:a@x.example"
SPICES = [
    b"\x00",
    b"\xff",
    b'"',
    b"<",
    b">",
    b";",
    b",",
    b":",
    b"=",
    b" ",
    b"\r\n",
    b"%",
    b"\\",
    b"[",
    b"tag=",
    b"9" * 30,
]


def mutate(data: bytes, dice: random.Random) -> bytes:
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data))
        match dice.randrange(4):
            case 0:
                data = data[:at] + dice.choice(SPICES) + data[at:]
            case 1:
                data = data[:at] + data[at + dice.randint(1, 12) :]
            case 2:
                data = data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]
            case _:
                other = dice.randrange(len(data))
                data = data[:at] + data[other : other + 20] + data[at:]
    return data


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32))
def test_a_mutated_subscribe_is_answered_and_never_breaks_a_notify(seed: int) -> None:
    dice = random.Random(seed)
    bench = Bench()
    phone = Watcher("bo", A, event="board;id=1", fields=(("Accept", "text/plain, */*;q=0.1"),))
    if dice.random() < 0.5:
        bench.subscribe(phone)
        bench.settle()
    data = mutate(phone.subscribe().to_bytes(), dice)
    try:
        request = parse_message(data)
    except ProtocolViolation:
        return
    if not isinstance(request, Request):
        return
    response = bench.notifier.subscribe(request, phone.flow, bench.now, resource=A)
    assert 200 <= response.status < 600
    for datagram in bench.notifier.take_datagrams():
        notify = parse_message(datagram.data)
        assert isinstance(notify, Request)
        assert notify.method == "NOTIFY"
        assert notify.content_length == len(notify.body)
        bench.notifier.receive_response(mutate(datagram.data.replace(b"NOTIFY", b"SIP/2.0 500", 1), dice), bench.now)
    for change in bench.notifier.take_changes():
        if isinstance(change, SubscriptionRecord):
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(change), type=SubscriptionRecord) == change


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([100, 200, 302, 481, 500, 503]))
def test_a_mutated_response_is_taken_or_left(seed: int, status: int) -> None:
    dice = random.Random(seed)
    bench = Bench()
    bench.watch("bo")
    for notification in bench.sent():
        bench.notifier.receive_response(mutate(notification.answer(status, ("Retry-After", "5")), dice), bench.now)
    bench.post("news")
    bench.pass_time(100)


def test_ways_of_asking_are_remembered_up_to_a_limit() -> None:
    board = NoticeBoard()
    admission = Admission({"board": board}, Durations())
    for number in range(MOST_KNOWN * 2 + 10):
        request = Watcher("bo", A, event=f"board;id={number}").subscribe()
        assert admission.admit(request).event_id == str(number)
    assert admission.remembered <= MOST_KNOWN
