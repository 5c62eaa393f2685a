"""Lists of resources in one subscription, from what happens to people to what a phone shows (RFC 4662)."""

import msgspec
import pytest

from routing.model import Person
from sipcore.flow import Flow
from tests.support.listed_house import COLLEAGUES, LIST, House, uri, watch
from tests.support.watching_phone import SERVER, Watcher

# --- which lists there are


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("list-colleagues", ["201", "202", "203"]),
        ("list-sales", ["202", "200"]),
        ("list-301", ["202", "200"]),
        ("list-keys", ["p1", "203", "*60", "p9"]),
    ],
)
def test_a_company_has_lists_of_all_of_each_queue_and_of_each_phones_keys(address: str, shown: list[str]) -> None:
    house = House()
    _, reader = watch(house, uri(address))
    assert list(reader.rows) == [uri(user) for user in shown]
    assert reader.full == [True]
    if address == "list-keys":
        assert reader.rows[uri("p9")] == "noresource"
        assert reader.dialogs(uri("*60")) == []
    else:
        assert reader.names[uri("202")] == "Person 02"


def test_nobody_who_has_not_said_to_know_lists_gets_one() -> None:
    house = House()
    response = house.subscribe(Watcher("phone", COLLEAGUES))
    assert (response.status, response.header("Require")) == (421, "eventlist")
    assert house.deliver() == []


def test_who_knows_lists_and_watches_one_person_gets_that_persons_own_document() -> None:
    house = House()
    phone = Watcher("phone", uri("201"), fields=LIST)
    assert house.subscribe(phone).header("Require") is None
    (notification,) = house.deliver()
    assert notification.request.content_type == "application/dialog-info+xml"


def test_lists_are_watched_for_dialogs_and_presence_only_and_within_the_company() -> None:
    house = House()
    assert house.subscribe(Watcher("a", COLLEAGUES, "message-summary", fields=LIST)).status == 489
    assert house.subscribe(Watcher("b", uri("list-nobody"), fields=LIST)).status == 404
    assert house.subscribe(Watcher("c", "sip:list-colleagues@elsewhere.example", fields=LIST)).status == 404


# --- what is told


def test_all_is_told_first_and_then_what_has_changed() -> None:
    house = House()
    phone, reader = watch(house, COLLEAGUES)
    house.ring("p2")
    house.deliver()
    assert reader.told[1:] == [[uri("202")]]
    assert reader.full == [True, False]
    assert reader.dialogs(uri("202")) == ["early"]
    assert reader.dialogs(uri("201")) == []
    assert [notification.cseq for notification in phone.received] == [1, 2]


def test_a_refresh_tells_all_again() -> None:
    house = House()
    phone, reader = watch(house, COLLEAGUES)
    house.subscribe(phone)
    house.deliver()
    assert reader.full == [True, True]
    assert len(reader.told[1]) == 3


def test_what_changes_while_a_notify_is_under_way_comes_with_the_next_each_resource_once() -> None:
    house = House()
    phone = Watcher("phone", COLLEAGUES, fields=LIST, transport="tcp")
    house.subscribe(phone)
    (first,) = house.lamps.notifier.take_datagrams()
    for person in ("p1", "p3", "p1"):
        house.ring(person, "early")
        house.ring(person, "confirmed")
    assert house.lamps.notifier.take_datagrams() == []
    house.lamps.notifier.receive_response(house.read(first).answer(), house.now)
    house.deliver()
    reader = house.reader(phone)
    assert reader.told == [[uri("201"), uri("202"), uri("203")], [uri("201"), uri("203")]]
    assert reader.dialogs(uri("203")) == ["confirmed"]


def test_a_fetch_tells_all_once_in_one_notify_however_large() -> None:
    house = House(50)
    phone = Watcher("phone", COLLEAGUES, fields=LIST)
    assert house.subscribe(phone, expires=0).status == 200
    (only,) = house.deliver()
    assert only.subscription_state == "terminated;reason=timeout"
    assert len(house.reader(phone).rows) == 49


def test_unsubscribing_ends_a_list_and_nothing_more_is_told() -> None:
    house = House()
    phone, reader = watch(house, COLLEAGUES)
    house.subscribe(phone, expires=0)
    (last,) = house.deliver()
    assert (last.terminated, reader.told[-1]) == (True, [])
    house.ring("p1")
    assert house.deliver() == []
    assert house.lamps.notifier.counts()["transactions"] == 0


def test_a_list_and_a_single_watcher_are_told_the_same_document() -> None:
    house = House()
    _, reader = watch(house, COLLEAGUES)
    single = Watcher("single", uri("201"))
    house.subscribe(single)
    house.ring("p1")
    house.deliver()
    alone = single.received[-1].body
    listed = reader.rows[uri("201")]
    assert isinstance(listed, bytes)
    assert listed == alone


def test_presence_lists_tell_pidf() -> None:
    house = House()
    _, reader = watch(house, COLLEAGUES, event="presence")
    assert reader.basic(uri("201")) == "closed"
    house.lamps.bindings_changed(uri("p1"), 1, house.now)
    house.deliver()
    assert reader.basic(uri("201")) == "open"
    assert reader.basic(uri("202")) == "closed"


# --- people come and go


def test_a_list_follows_the_company() -> None:
    house = House()
    _, colleagues = watch(house, COLLEAGUES, name="a")
    _, keys = watch(house, uri("list-keys"), name="b")
    people = dict(house.company.people)
    del people["p3"]
    people["p9"] = Person("p9", "Person 09", "209")
    house.lamps.configure([msgspec.structs.replace(house.company, people=people)], house.now)
    house.deliver()
    assert list(colleagues.rows) == [uri("201"), uri("202"), uri("209")]
    assert keys.rows[uri("203")] == "noresource"
    assert keys.dialogs(uri("p9")) == []
    house.ring("p9")
    house.deliver()
    assert keys.dialogs(uri("p9")) == ["early"]


def test_a_list_that_is_taken_away_ends() -> None:
    house = House()
    phone, _ = watch(house, uri("list-keys"))
    house.lamps.configure([msgspec.structs.replace(house.company, lists={})], house.now)
    house.deliver()
    assert phone.received[-1].subscription_state == "terminated;reason=noresource"
    assert phone.received[-1].body == b""


def test_a_list_that_is_taken_away_while_a_notify_is_under_way_ends_with_one_more() -> None:
    house = House()
    phone = Watcher("phone", uri("list-keys"), fields=LIST, transport="tcp")
    house.subscribe(phone)
    (first,) = house.lamps.notifier.take_datagrams()
    house.lamps.configure([msgspec.structs.replace(house.company, lists={})], house.now)
    house.lamps.notifier.receive_response(house.read(first).answer(), house.now)
    (last,) = house.deliver()
    assert last.subscription_state == "terminated;reason=noresource"


def test_who_may_not_be_seen_is_a_terminated_instance() -> None:
    house = House()
    (shy,) = [person for person in house.company.people.values() if person.extension == "202"]
    people = house.company.people | {shy.id: msgspec.structs.replace(shy, shows=())}
    house.lamps.configure([msgspec.structs.replace(house.company, people=people)], house.now)
    _, reader = watch(house, COLLEAGUES)
    assert reader.rows[uri("202")] == "rejected"
    assert reader.dialogs(uri("203")) == []


# --- how large a NOTIFY may be


def test_a_large_list_is_told_in_datagrams_that_need_no_fragments() -> None:
    house = House(30)
    phone, reader = watch(house, COLLEAGUES, transport="udp")
    assert len(phone.received) > 5
    assert all(len(notification.request.to_bytes()) <= 1300 for notification in phone.received)
    assert reader.full == [True] + [False] * (len(phone.received) - 1)
    assert reader.gaps == 0
    assert all(reader.dialogs(uri(str(200 + n))) == [] for n in range(1, 30))
    told = [each for telling in reader.told for each in telling]
    assert sorted(told) == sorted(reader.rows)


def test_a_full_list_names_those_whose_state_must_wait_where_there_is_room() -> None:
    house = House(3)
    phone = Watcher("w", uri("list-sales"), fields=LIST)
    house.subscribe(phone)
    (first,) = house.lamps.notifier.take_datagrams()
    house.read(first)
    reader = house.reader(phone)
    assert list(reader.rows) == [uri("202"), uri("200")]
    assert reader.told == [[uri("202")]]
    assert reader.rows[uri("200")] is None


def test_over_tcp_a_large_list_is_told_at_once() -> None:
    house = House(30)
    phone, reader = watch(house, COLLEAGUES)
    assert len(phone.received) == 1
    assert len(reader.rows) == 29


def test_what_is_too_large_for_a_datagram_takes_the_phones_connection_until_that_is_gone() -> None:
    house = House(30)
    connection = Flow("tcp", SERVER, ("192.0.2.50", 50123))
    phone = Watcher("phone", COLLEAGUES, fields=LIST)
    house.subscribe(phone, stream=connection)
    (large,) = house.deliver()
    assert b"Via: SIP/2.0/TCP " in large.request.to_bytes()
    house.ring("p1")
    house.deliver()
    assert house.flows[0] == connection
    house.lamps.notifier.transport_failed(connection, house.now)
    house.flows.clear()
    house.subscribe(phone)
    house.deliver()
    assert set(house.flows) == {phone.flow}
    assert house.reader(phone).dialogs(uri("201")) == ["early"]


def test_a_grandstream_is_told_of_three_resources_at_a_time() -> None:
    house = House(9)
    _, reader = watch(house, COLLEAGUES, user_agent="Grandstream GXP2170 1.0.11.64")
    assert [len(told) for told in reader.told] == [3, 3, 2]
    assert len(reader.rows) == 8


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_list_is_packed_where_the_phone_asks_for_it(coding: str) -> None:
    house = House(30)
    fields = (*LIST, ("Accept-Encoding", coding))
    phone, reader = watch(house, COLLEAGUES, event="presence", fields=fields, transport="udp")
    assert {notification.request.header("Content-Encoding") for notification in phone.received} == {coding}
    assert all(len(notification.request.to_bytes()) <= 1300 for notification in phone.received)
    assert len(phone.received) < 6
    assert len(reader.rows) == 29
