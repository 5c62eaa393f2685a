"""The light NOTIFY transaction agrees with the table of the non-INVITE client transaction (RFC 3261 §17.1.2)."""

from itertools import count

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sipcore.answering import response_to
from sipcore.flow import Flow
from sipcore.notify_delivery import FIRST_BACKOFF
from sipcore.timers import TRANSACTION_TIMEOUT, TimerWheel
from sipcore.transaction_layer import TransactionFailed, TransactionLayer
from tests.support.notice_board import Bench
from tests.support.watching_phone import SERVER, parse_request

STEP = 0.05
LATE = 0.15
"""Seconds by which each of the two may fire later than the other: their buckets."""

SCRIPTS = st.tuples(
    st.lists(st.tuples(st.floats(0.01, 40.0), st.just(100)), max_size=3),
    st.none() | st.tuples(st.floats(0.01, 31.5), st.sampled_from([200, 202, 302, 500, 603])),
    st.sampled_from(["udp", "tcp"]),
)
"""When which responses come: provisional ones, at most one final one; and the transport."""


def by_the_table(responses: list[tuple[float, int]], transport: str) -> tuple[list[float], float | None]:
    """When the request is sent, and when it is over."""
    out: list[object] = []
    numbers = count()
    timers = TimerWheel()
    layer = TransactionLayer(timers, out, lambda: f"token{next(numbers):011d}")  # type: ignore[arg-type]
    text = "NOTIFY sip:bo@192.0.2.50 SIP/2.0\r\nFrom: <sip:a@x>;tag=1\r\nTo: <sip:b@x>;tag=2\r\nCall-ID: c\r\n"
    request = parse_request(f"{text}CSeq: 1 NOTIFY\r\n\r\n".encode())
    layer.request(request, Flow(transport, SERVER, ("192.0.2.50", 5060)), None, 1000.0)
    sent, over, waiting = [0.0] * len(out), None, sorted(responses)
    now = 0.0
    while now < 45.0 and over is None:
        now += STEP
        out.clear()
        for timer in timers.expired(1000.0 + now):
            if isinstance(layer.timeout(timer, timer.owner, 1000.0 + now), TransactionFailed):  # type: ignore[arg-type]
                over = now
        sent += [now] * len(out)
        while waiting and waiting[0][0] <= now:
            status = waiting.pop(0)[1]
            layer.receive_response(response_to(request, status), 1000.0 + now)
            if status >= 200:
                over = over or now
    return sent, over


def by_the_notifier(responses: list[tuple[float, int]], transport: str) -> tuple[list[float], float]:
    """When the first NOTIFY is sent, and when it is over: the state that waits is sent then, or after the pause."""
    bench = Bench()
    bench.watch("bo", transport=transport)
    (first,) = bench.sent()
    bench.post("waits")
    sent, waiting = [0.0], sorted(responses)
    pause = 0.0 if any(200 <= status < 300 and at < TRANSACTION_TIMEOUT for at, status in responses) else FIRST_BACKOFF
    while True:
        read = bench.pass_time(STEP)
        now = bench.now - 1000.0
        while waiting and waiting[0][0] <= now:
            answer = response_to(first.request, waiting.pop(0)[1])
            bench.notifier.receive_response(answer.to_bytes(), bench.now)
        for notification in [*read, *bench.sent()]:
            if notification.cseq != first.cseq:
                return sent, now - pause
            sent.append(now)


def crosses_a_sending(provisional: list[tuple[float, int]], sent: list[float]) -> bool:
    """Whether the first provisional response comes while one of the two may have sent already and the other not yet.

    It decides the interval after that sending, until the interval is T2 anyway.
    """
    first = min((at for at, _ in provisional), default=-1.0)
    return any(abs(first - at) <= LATE * (number + 1) for number, at in enumerate(sent[:4]))


@settings(max_examples=60, deadline=None)
@given(SCRIPTS)
def test_it_sends_and_ends_when_the_table_does(
    script: tuple[list[tuple[float, int]], tuple[float, int] | None, str],
) -> None:
    provisional, final, transport = script
    responses = [*provisional, *([final] if final else [])]
    table_sent, table_over = by_the_table(responses, transport)
    assume(not crosses_a_sending(provisional, table_sent))
    notifier_sent, notifier_over = by_the_notifier(responses, transport)
    assert table_over is not None
    assert abs(table_over - notifier_over) <= 2 * LATE
    for number, (by_table, by_notifier) in enumerate(zip(table_sent, notifier_sent, strict=False)):
        assert abs(by_table - by_notifier) <= LATE * (number + 1)
    # A sending that is due just when it ends may be in one and not in the other.
    assert abs(len(table_sent) - len(notifier_sent)) <= 1
