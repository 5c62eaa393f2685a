"""Lists in the body of a SUBSCRIBE (RFC 5367), as Linphone sends them."""

import zlib

import pytest

from tests.support.friend_list import linphone, recipients, with_list
from tests.support.listed_house import House, uri
from tests.support.watching_phone import Watcher

DEFLATED = (("Content-Encoding", "deflate"),)


def test_linphone_watches_its_own_friends_in_one_subscription() -> None:
    house = House()
    phone = linphone()
    friends = recipients(uri("p1"), "sip:202@192.0.2.1", uri("nobody"), "sip:bo@elsewhere.example", "mailto:x@y")
    response = house.ask(phone, with_list(phone, zlib.compress(friends), 600, *DEFLATED))
    assert (response.status, response.header("Require")) == (200, "eventlist")
    (first,) = house.deliver()
    reader = house.reader(phone)
    assert reader.basic(uri("p1")) == reader.basic("sip:202@192.0.2.1") == "closed"
    assert [reader.rows[each] for each in (uri("nobody"), "sip:bo@elsewhere.example", "mailto:x@y")] == [
        "noresource"
    ] * 3
    # COMPAT(Linphone): the Content-ID is compared with the cid letter by letter.
    assert b"Content-Id: 0@" in first.content
    # COMPAT(Linphone): and no list is looked into but of this event, though that is not what was asked for.
    assert first.request.header("Event") == "Presence"
    # COMPAT(Linphone): quotes around the boundary would be taken for a part of it.
    assert "boundary=..next.." in (first.request.header("Content-Type") or "")
    house.lamps.bindings_changed(uri("p2"), 1, house.now)
    house.deliver()
    assert reader.basic("sip:202@192.0.2.1") == "open"


def test_a_refresh_without_a_list_keeps_it_and_one_with_another_replaces_it() -> None:
    house = House()
    phone = linphone()
    house.ask(phone, with_list(phone, recipients(uri("p1"), uri("p2"))))
    house.deliver()
    house.ask(phone, phone.subscribe(600))
    house.deliver()
    assert list(house.reader(phone).rows) == [uri("p1"), uri("p2")]
    house.ask(phone, with_list(phone, recipients(uri("p3"))))
    house.deliver()
    assert list(house.reader(phone).rows) == [uri("p3")]
    house.ring("p1")
    assert house.deliver() == []


@pytest.mark.parametrize(
    ("body", "fields", "status", "told"),
    [
        (b"<broken", (), 400, None),
        (recipients(uri("p1")), (("Content-Encoding", "br"),), 415, ("Accept-Encoding", "gzip, deflate")),
        (zlib.compress(b" " * 1_000_000), DEFLATED, 413, None),
    ],
)
def test_a_list_that_cannot_be_read_is_refused(
    body: bytes, fields: tuple[tuple[str, str], ...], status: int, told: tuple[str, str] | None
) -> None:
    house = House()
    phone = linphone()
    response = house.ask(phone, with_list(phone, body, 600, *fields))
    assert response.status == status
    if told is not None:
        assert response.header(told[0]) == told[1]


def test_another_body_is_refused_with_the_type_that_is_understood() -> None:
    house = House()
    fields = (("Require", "recipient-list-subscribe"), ("Content-Type", "text/plain"))
    phone = Watcher("phone", "sip:rls@x.example", "presence", fields=fields)
    response = house.ask(phone, with_list(phone, b"anna"))
    assert (response.status, response.header("Accept")) == (415, "application/resource-lists+xml")
