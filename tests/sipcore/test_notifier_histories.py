"""Random histories over a network that loses, doubles and reorders: each watcher ends with the last state."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipcore.flow import Datagram
from sipcore.notifier import NotifierConfig
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord
from tests.support.notice_board import Bench, text_of, version_of
from tests.support.watching_phone import Notification, Watcher

RESOURCES = [f"sip:r{number}@x.example" for number in range(3)]


class BadNetwork:
    """Carries NOTIFYs and their answers; loses, doubles and delays by a seeded chance."""

    def __init__(self, seed: int, config: NotifierConfig) -> None:
        self.dice = random.Random(seed)
        self.bench = Bench(config)
        self.phones: list[Watcher] = []
        self.on_the_way: list[tuple[float, Datagram | bytes]] = []
        self.on_disk: dict[str, SubscriptionRecord] = {}
        self.bad = True
        self.tokens = 1
        self.seen: dict[str, dict[int, bytes]] = {}

    def carry(self, what: Datagram | bytes) -> None:
        copies = 1
        if self.bad:
            copies = self.dice.choice((0, 0, 1, 1, 1, 1, 2))
        for _ in range(copies):
            delay = self.dice.uniform(0.001, 1.5) if self.bad else 0.01
            self.on_the_way.append((self.bench.now + delay, what))

    def run(self, seconds: float) -> None:
        end = self.bench.now + seconds
        notifier = self.bench.notifier
        while True:
            for datagram in notifier.take_datagrams():
                self.carry(datagram)
            times = [at for at, _ in self.on_the_way]
            at = notifier.next_timeout()
            if at is not None:
                times.append(max(at, self.bench.now))
            if not times or min(times) > end:
                break
            self.bench.now = max(self.bench.now, min(times))
            arrived = [what for at, what in self.on_the_way if at <= self.bench.now]
            self.on_the_way = [(at, what) for at, what in self.on_the_way if at > self.bench.now]
            for what in arrived:
                self.arrive(what)
            notifier.advance(self.bench.now)
        self.bench.now = end

    def arrive(self, what: Datagram | bytes) -> None:
        if not isinstance(what, Datagram):
            self.bench.notifier.receive_response(what, self.bench.now)
            return
        notification = self.bench.read(what.data)
        # The same number is the same NOTIFY, byte for byte: a phone answers a copy without reading it.
        copies = self.seen.setdefault(notification.request.call_id, {})
        assert copies.setdefault(notification.cseq, what.data) == what.data
        status = 200
        if self.bad:
            status = self.dice.choice((200,) * 8 + (500, 503, 100))
        self.carry(notification.answer(status))

    def restart(self) -> None:
        """A crash: what is in memory and on the wire is lost, what was written is there."""
        for change in self.bench.notifier.take_changes():
            if isinstance(change, SubscriptionEnded):
                self.on_disk.pop(change.id, None)
            else:
                self.on_disk[change.id] = change
        self.tokens += 100_000
        again = Bench(first_token=self.tokens)
        again.now, again.watchers, again.board.texts = self.bench.now, self.bench.watchers, self.bench.board.texts
        again.notifier.restore(self.on_disk.values(), again.now)
        self.bench = again

    def phone_subscribes(self, number: int) -> None:
        name = f"w{number}"
        resource = RESOURCES[number % 3]
        agent = "slow" if number % 4 == 0 else "quick"
        phone = Watcher(name, resource, "board", ("192.0.2.50", 6000 + number), user_agent=agent)
        phone.call_id = f"{name}-{len(self.phones)}"
        self.phones.append(phone)
        self.bench.subscribe(phone, 3600)


def newest(phone: Watcher) -> Notification:
    """What the phone shows: it passes over what is older than what it has."""
    return max(phone.received, key=lambda notification: notification.cseq)


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.integers(0, 2), st.integers(0, 99)),
        st.tuples(st.just("subscribe"), st.integers(0, 7), st.just(0)),
        st.tuples(st.just("refresh"), st.integers(0, 7), st.just(0)),
        st.tuples(st.just("unsubscribe"), st.integers(0, 7), st.just(0)),
        st.tuples(st.just("wait"), st.integers(0, 40), st.just(0)),
        st.tuples(st.just("restart"), st.just(0), st.just(0)),
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(ACTIONS, st.integers(0, 2**32), st.sampled_from([2, 4096]))
def test_after_quiescence_every_live_watcher_shows_the_current_state(
    actions: list[tuple[str, int, int]], seed: int, most_in_flight: int
) -> None:
    network = BadNetwork(seed, NotifierConfig(most_in_flight=most_in_flight))
    for action, number, value in actions:
        live = [phone for phone in network.phones if network.bench.watchers.get(phone.call_id) is phone]
        if action == "post":
            network.bench.post(f"text {value}", RESOURCES[number])
        elif action == "subscribe":
            network.phone_subscribes(number)
        elif action == "refresh" and number < len(live):
            network.bench.subscribe(live[number], 3600)
        elif action == "unsubscribe" and number < len(live):
            network.bench.subscribe(live[number], 0)
        elif action == "wait":
            network.run(number / 10)
        elif action == "restart":
            network.restart()
    network.bad = False
    # Long enough for Timer F and for the longest back-off that so few failures bring.
    network.run(700)
    notifier = network.bench.notifier
    followed = 0
    for resource in RESOURCES:
        for record in notifier.subscriptions(resource, "board"):
            phone = network.bench.watchers[record.call_id]
            assert text_of(newest(phone)) == network.bench.board.texts.get(resource, "")
            followed += 1
    assert followed == notifier.count
    for phone in network.phones:
        by_cseq = sorted(phone.received, key=lambda notification: notification.cseq)
        versions = [version_of(notification) for notification in by_cseq if notification.body.startswith(b"<board")]
        assert versions == sorted(versions)
    assert network.on_the_way == []


@pytest.mark.parametrize("seed", range(3))
def test_memory_stays_flat_when_more_changes_come_than_can_be_told(seed: int) -> None:
    network = BadNetwork(seed, NotifierConfig(most_in_flight=8))
    for number in range(40):
        network.phone_subscribes(number)
    for change in range(500):
        network.bench.post(f"text {change}", RESOURCES[change % 3])
        network.run(0.01)
        counts = network.bench.notifier.counts()
        assert counts["in_flight"] <= 8
        assert counts["waiting"] <= counts["transactions"] == counts["subscriptions"] == 40
        # One for each subscription at most, and its copies under way.
        assert len(network.on_the_way) < 40 * 10
    network.bad = False
    network.run(700)
    for number, resource in enumerate(RESOURCES):
        for record in network.bench.notifier.subscriptions(resource, "board"):
            last = max(change for change in range(500) if change % 3 == number)
            assert text_of(newest(network.bench.watchers[record.call_id])) == f"text {last}"
