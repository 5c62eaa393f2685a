"""Lists over restarts, losses and whatever happens: each phone shows what is true."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.model import Person
from sipcore.flow import Datagram
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord
from tests.support.friend_list import linphone, recipients, with_list
from tests.support.listed_house import COLLEAGUES, LIST, House, uri, watch
from tests.support.watching_phone import Notification, Watcher, parse_request


def restart(house: House, on_disk: dict[str, SubscriptionRecord]) -> House:
    again = House(0, first_token=1_000_000)
    again.watchers, again.now = house.watchers, house.now
    again.lamps.configure([house.company], again.now)
    again.company = house.company
    again.lamps.restore(on_disk.values(), again.now)
    again.lamps.notifier.advance(again.now)
    return again


def kept(house: House, on_disk: dict[str, SubscriptionRecord]) -> dict[str, SubscriptionRecord]:
    for change in house.lamps.notifier.take_changes():
        if isinstance(change, SubscriptionEnded):
            on_disk.pop(change.id, None)
        else:
            on_disk[change.id] = msgspec.msgpack.decode(msgspec.msgpack.encode(change), type=SubscriptionRecord)
    return on_disk


def test_after_a_restart_lists_go_on_with_all_of_their_state_and_a_higher_version() -> None:
    house = House()
    _, keys = watch(house, uri("list-keys"), name="a")
    friend = linphone("b")
    house.ask(friend, with_list(friend, recipients(uri("p1"))))
    house.deliver()
    again = restart(house, kept(house, {}))
    again.ring("p1")
    again.deliver()
    assert keys.full[-1] or keys.told[-1] == [uri("p1")]
    assert keys.version > 100
    assert keys.dialogs(uri("p1")) == ["early"]
    assert again.reader(friend).rows.keys() == {uri("p1")}


class Air:
    """Loses, doubles and delays NOTIFYs and answers by a seeded chance."""

    def __init__(self, house: House, seed: int) -> None:
        self.house = house
        self.dice = random.Random(seed)
        self.bad = True
        self.on_the_way: list[tuple[float, Datagram | bytes]] = []

    def carry(self, what: Datagram | bytes) -> None:
        for _ in range(self.dice.choice((0, 1, 1, 1, 2)) if self.bad else 1):
            self.on_the_way.append((self.house.now + (self.dice.uniform(0.001, 1.2) if self.bad else 0.01), what))

    def run(self, seconds: float) -> None:
        house, end = self.house, self.house.now + seconds
        while True:
            notifier = house.lamps.notifier
            for datagram in notifier.take_datagrams():
                self.carry(datagram)
            timeout = notifier.next_timeout()
            times = [at for at, _ in self.on_the_way] + ([] if timeout is None else [max(timeout, house.now)])
            if not times or min(times) > end:
                break
            house.now = max(house.now, min(times))
            due = [what for at, what in self.on_the_way if at <= house.now]
            self.on_the_way = [(at, what) for at, what in self.on_the_way if at > house.now]
            for what in due:
                self._arrive(what)
            notifier.advance(house.now)
        house.now = end

    def _arrive(self, what: Datagram | bytes) -> None:
        house = self.house
        if not isinstance(what, Datagram):
            house.lamps.notifier.receive_response(what, house.now)
            return
        request = parse_request(what.data)
        watcher, _ = house.watchers[request.call_id]
        # A phone answers a copy as it did before, and one whose CSeq went back with 500 (RFC 6665 §4.1.3).
        last = watcher.received[-1].cseq if watcher.received else 0
        if request.cseq.number > last:
            notification = house.read(what)
        else:
            notification = Notification(request)
        status = 500 if request.cseq.number < last else 200
        if self.bad and self.dice.random() < 0.1:
            status = 503
        self.carry(notification.answer(status))


HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("ring"), st.integers(0, 5), st.sampled_from(["early", "confirmed", "terminated"])),
        st.tuples(st.just("people"), st.sets(st.integers(0, 5), min_size=2), st.just("")),
        st.tuples(st.just("refresh"), st.integers(0, 2), st.just("")),
        st.tuples(st.just("leave"), st.integers(0, 2), st.just("")),
        st.tuples(st.just("wait"), st.integers(0, 60), st.just("")),
        st.tuples(st.just("restart"), st.just(0), st.just("")),
    ),
    max_size=20,
)


@settings(max_examples=40, deadline=None)
@given(HAPPENINGS, st.integers(0, 2**32))
def test_after_any_history_every_phone_that_watches_a_list_shows_what_is_true(
    happenings: list[tuple[Any, ...]], seed: int
) -> None:
    house = House(6)
    air = Air(house, seed)
    on_disk: dict[str, SubscriptionRecord] = {}
    phones = [
        Watcher("a", COLLEAGUES, fields=LIST, user_agent="Grandstream GXP2170"),
        Watcher("b", uri("list-keys"), fields=(*LIST, ("Accept-Encoding", "gzip"))),
        Watcher("c", uri("list-sales"), fields=LIST, user_agent="Yealink SIP-T54W"),
    ]
    for phone in phones:
        house.subscribe(phone, expires=3600)
    live = {phone.name for phone in phones}
    calls: dict[str, str] = {}
    for what, value, phase in happenings:
        match what:
            case "ring":
                house.ring(f"p{value}", phase, "leg")
                if f"p{value}" in house.company.people:
                    calls[f"p{value}"] = phase
            case "people":
                people = {f"p{n}": Person(f"p{n}", f"Person {n:02}", str(200 + n)) for n in sorted(value)}
                house.company = msgspec.structs.replace(house.company, people=people, queues={})
                house.lamps.configure([house.company], house.now)
                calls = {person: phase for person, phase in calls.items() if person in people}
                live.discard("c")
            case "refresh" if phones[value].name in live:
                live.discard(phones[value].name)
                if house.subscribe(phones[value], expires=3600).status == 200:
                    live.add(phones[value].name)
            case "leave" if phones[value].name in live:
                house.subscribe(phones[value], expires=0)
                live.discard(phones[value].name)
            case "wait":
                air.run(value / 10)
            case "restart":
                kept(house, on_disk)
                house = restart(house, on_disk)
                air.house, air.on_the_way = house, []
                for person, phase in calls.items():
                    house.ring(person, phase, "leg")
    air.bad = False
    air.run(900)
    assert air.on_the_way == []
    for phone in phones:
        if phone.name not in live:
            continue
        reader = house.reader(phone)
        for each, document in reader.rows.items():
            shown = [p.id for p in house.company.people.values() if each in (uri(p.id), uri(p.extension))]
            if not shown and each != uri("*60"):
                assert document == "noresource"
                continue
            phase = calls.get(shown[0], "terminated") if shown else "terminated"
            idle = ["terminated"] if phone.name == "c" else []
            assert reader.dialogs(each) == (idle if phase == "terminated" else [phase])
    colleagues = house.reader(phones[0])
    if "a" in live:
        assert set(colleagues.rows) == {uri(p.extension) for p in house.company.people.values() if p.id != "p0"}


def test_a_dead_phone_with_a_list_delays_nobody() -> None:
    house = House()
    house.subscribe(Watcher("dead", COLLEAGUES, fields=LIST, address=("192.0.2.66", 5060)))
    house.lamps.notifier.take_datagrams()
    _, reader = watch(house, COLLEAGUES, name="alive")
    for phase in ("early", "confirmed"):
        house.ring("p1", phase)
        house.deliver()
        assert reader.dialogs(uri("201")) == [phase]
        house.now += 10
        house.lamps.notifier.advance(house.now)
        house.lamps.notifier.take_datagrams()


def test_a_phone_that_starts_anew_replaces_its_list_silently() -> None:
    house = House()
    old, _ = watch(house, COLLEAGUES)
    new, reader = watch(house, COLLEAGUES, call_id="after-reboot")
    house.ring("p1")
    house.deliver()
    assert len(old.received) == 1
    assert len(new.received) == 2
    assert reader.dialogs(uri("201")) == ["early"]
    assert house.lamps.notifier.count == 1


@pytest.mark.parametrize("status", [408, 500, 503])
def test_a_failure_keeps_the_list_and_all_of_it_is_told_later(status: int) -> None:
    house = House()
    phone, reader = watch(house, COLLEAGUES)
    house.ring("p1")
    (lost,) = house.lamps.notifier.take_datagrams()
    notification = Notification(parse_request(lost.data))
    house.lamps.notifier.receive_response(notification.answer(status), house.now)
    house.ring("p2")
    house.now += 5
    house.lamps.notifier.advance(house.now)
    house.deliver()
    assert reader.full[-1]
    assert reader.dialogs(uri("201")) == reader.dialogs(uri("202")) == ["early"]
    assert len(phone.received) == 2


@pytest.mark.parametrize("status", [481, 489])
def test_a_phone_that_knows_the_list_no_more_ends_it(status: int) -> None:
    house = House()
    phone, _ = watch(house, COLLEAGUES)
    house.ring("p1")
    (sent,) = house.lamps.notifier.take_datagrams()
    house.lamps.notifier.receive_response(house.read(sent).answer(status), house.now)
    house.ring("p1", "confirmed")
    assert house.deliver() == []
    assert house.lamps.notifier.count == 0
    assert house.subscribe(phone).status == 481
