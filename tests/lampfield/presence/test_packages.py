"""The event packages: which document who asks is sent, and whom they tell of what."""

from typing import Any

import pytest
from lxml import etree

from sipcore.binding import Binding
from sipcore.flow import Flow
from tests.presence_pidf.test_changes import PartialWatcher
from tests.support.listed_house import COLLEAGUES, House, uri, watch
from tests.support.watching_phone import SERVER, Watcher

PIDF = "application/pidf+xml"
XPIDF = "application/xpidf+xml"
DIFF = "application/pidf-diff+xml"
CPIM = "application/cpim-pidf+xml"
REGINFO = {"r": "urn:ietf:params:xml:ns:reginfo"}
WINFO = "{urn:ietf:params:xml:ns:watcherinfo}"


def asking(event: str, *accept: str, agent: str = "Test phone", **more: Any) -> Watcher:
    fields = tuple(("Accept", value) for value in accept)
    return Watcher(more.pop("name", "phone"), uri("201"), event, user_agent=agent, fields=fields, **more)


@pytest.mark.parametrize(
    ("accept", "agent", "content_type"),
    [
        ((), "phone", PIDF),
        (("*/*",), "phone", PIDF),
        (("application/*",), "phone", PIDF),
        ((f"{PIDF}, {XPIDF}",), "phone", PIDF),
        ((f"{PIDF};q=0.3, {XPIDF};q=0.9",), "phone", XPIDF),
        ((CPIM,), "phone", CPIM),
        ((f"{DIFF}, {PIDF}",), "phone", PIDF),
        ((f"{DIFF};q=1, {PIDF};q=0.3",), "phone", DIFF),
        ((f"{PIDF};q=0, */*;q=0.1",), "phone", XPIDF),
        # COMPAT(Poly SoundPoint): says to take PIDF and understands XPIDF alone.
        ((f"{PIDF}, {XPIDF}",), "PolycomSoundPointIP-SPIP_550-UA/3.3.5", XPIDF),
        ((PIDF,), "PolycomSoundPointIP-SPIP_550-UA/3.3.5", PIDF),
        ((f"{PIDF}, {XPIDF}",), "PolycomVVX-VVX_411-UA/6.4.0", PIDF),
    ],
)
def test_accept_with_its_weights_chooses_the_document(accept: tuple[str, ...], agent: str, content_type: str) -> None:
    house = House()
    assert house.subscribe(asking("presence", *accept, agent=agent)).status == 200
    (notification,) = house.deliver()
    assert notification.request.content_type == content_type


def test_what_nobody_can_make_is_refused_with_what_there_is() -> None:
    response = House().subscribe(asking("presence", "text/html"))
    assert (response.status, response.header("Accept")) == (406, f"{PIDF}, {XPIDF}, {CPIM}, {DIFF}")


def test_xpidf_tells_idle_from_ringing_from_gone() -> None:
    house = House()
    phone = asking("presence", XPIDF)
    house.subscribe(phone)
    house.lamps.bindings_changed(uri("p1"), 1, house.now)
    house.deliver()
    house.ring("p1")
    house.deliver()
    shown = []
    for notification in phone.received:
        root = etree.fromstring(notification.body, etree.XMLParser(load_dtd=False))
        status, substatus = root.find(".//status"), root.find(".//msnsubstatus")
        assert status is not None
        assert substatus is not None
        shown.append((status.get("status"), substatus.get("substatus")))
    assert shown == [("closed", "offline"), ("open", "online"), ("inuse", "onthephone")][-len(shown) :]
    assert shown[-1] == ("inuse", "onthephone")


def test_cpim_pidf_tells_open_and_closed() -> None:
    house = House()
    phone = asking("presence", CPIM)
    house.subscribe(phone)
    house.deliver()
    house.lamps.bindings_changed(uri("p1"), 1, house.now)
    house.deliver()
    name = "{urn:ietf:params:xml:ns:cpim-pidf:}basic"
    assert [notification.document.findtext(f".//{name}") for notification in phone.received] == ["closed", "open"]


def test_who_prefers_changes_is_told_all_once_and_then_what_has_changed() -> None:
    house = House()
    phone, watcher = asking("presence", f"{DIFF};q=1, {PIDF};q=0.3"), PartialWatcher()
    house.subscribe(phone)
    for phase in ("early", "confirmed", "terminated"):
        house.deliver()
        house.ring("p1", phase)
    house.deliver()
    for notification in phone.received:
        watcher.take(notification.body)
    assert [etree.QName(notification.document).localname for notification in phone.received] == [
        "pidf-full",
        *["pidf-diff"] * 3,
    ]
    assert watcher.known is not None
    assert watcher.known.findtext("{*}note") == "Not registered"


def test_after_a_notify_that_may_be_lost_all_is_told_again() -> None:
    house = House()
    phone = asking("presence", f"{DIFF};q=1, {PIDF};q=0.3")
    house.subscribe(phone)
    house.deliver()
    house.ring("p1")
    (sent,) = house.lamps.notifier.take_datagrams()
    house.lamps.notifier.receive_response(house.read(sent).answer(503), house.now)
    house.now += 5
    house.lamps.notifier.advance(house.now)
    house.deliver()
    assert etree.QName(phone.received[-1].document).localname == "pidf-full"


def test_our_own_watcher_is_told_the_dialogs_that_changed() -> None:
    house = House()
    phone = asking("dialog", agent="Lampfield/1.0")
    house.subscribe(phone)
    house.deliver()
    house.ring("p1", "confirmed", "a")
    house.deliver()
    house.ring("p1", "early", "b")
    house.deliver()
    house.ring("p1", "terminated", "a")
    house.deliver()
    assert [(told.document.get("state"), told.version, told.dialogs) for told in phone.received] == [
        ("full", 0, []),
        ("partial", 1, [("confirmed", "recipient")]),
        ("partial", 2, [("early", "recipient")]),
        ("partial", 3, [("terminated", "")]),
    ]
    house.subscribe(phone)
    house.deliver()
    assert phone.received[-1].document.get("state") == "full"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("event", ["dialog", "presence"])
def test_a_document_is_packed_once_for_all_who_ask_for_it(event: str, coding: str) -> None:
    house = House()
    phones = [
        Watcher(f"w{n}", uri("201"), event, fields=(("Accept-Encoding", coding),), call_id=f"c{n}") for n in range(3)
    ]
    for phone in phones:
        house.subscribe(phone)
        house.deliver()
    house.subscribe(phones[0])
    house.deliver()
    house.ring("p1")
    house.deliver()
    assert {phone.received[-1].request.header("Content-Encoding") for phone in phones} == {coding}
    documents = [phone.received[-1].document for phone in phones]
    if event == "dialog":
        assert [document.get("version") for document in documents] == ["2", "1", "1"]
    else:
        assert [phone.received[-1].activities for phone in phones] == [{"busy"}] * 3


def test_a_document_that_is_too_large_for_a_datagram_takes_the_phones_connection() -> None:
    house = House()
    connection = Flow("tcp", SERVER, ("192.0.2.50", 50123))
    phone = asking("dialog")
    house.subscribe(phone, stream=connection)
    house.deliver()
    for call in range(5):
        house.ring("p1", "confirmed", f"call-{call}")
        house.deliver()
    house.ring("p1", "terminated", "call-4")
    for call in range(1, 4):
        house.ring("p1", "terminated", f"call-{call}")
    house.deliver()
    sizes = [len(told.request.to_bytes()) for told in phone.received]
    assert max(sizes) > 1300 > sizes[-1]
    assert [flow == connection for flow in house.flows] == [size > 1300 for size in sizes]


# COMPAT tests: what the families need beyond the RFCs


@pytest.mark.parametrize(
    ("agent", "idle"),
    [
        ("Yealink SIP-T54W 96.86.0.100", [("terminated", "")]),
        ("Bria 5 release 5.8.3", [("terminated", "")]),
        ("snom821/8.7.5", []),
        ("Fanvil X6U", []),
        ("N510 IP PRO Gigaset", []),
    ],
)
def test_somebody_idle_is_shown_as_the_phone_needs_it(agent: str, idle: list[tuple[str, str]]) -> None:
    house = House()
    phone = asking("dialog", agent=agent)
    house.subscribe(phone)
    house.deliver()
    assert phone.received[-1].dialogs == idle


@pytest.mark.parametrize("agent", ["PolycomVVX-VVX_411", "Cisco/SPA504G", "Cisco-CP-8841-3PCC/11.3", "Bria 5"])
def test_phones_that_follow_one_dialog_are_told_the_one_that_counts_most(agent: str) -> None:
    house = House()
    phone = asking("dialog", agent=agent)
    house.ring("p1", "confirmed", "talking")
    house.ring("p1", "early", "ringing")
    house.subscribe(phone)
    house.deliver()
    assert phone.received[-1].dialogs == [("early", "recipient")]


@pytest.mark.parametrize("agent", ["snom821/8.7.5", "Grandstream GXP2170", "(innovaphone IP222/14r1)", "Panasonic_KX"])
def test_the_others_are_told_all_dialogs_with_what_a_pickup_needs(agent: str) -> None:
    house = House()
    phone = asking("dialog", agent=agent)
    house.ring("p1", "confirmed", "talking")
    house.ring("p1", "early", "ringing")
    house.subscribe(phone)
    house.deliver()
    dialogs = phone.received[-1].document.findall("{*}dialog")
    assert [(each.get("call-id"), each.get("local-tag"), each.get("remote-tag")) for each in dialogs] == [
        ("call-ringing", "us", "them"),
        ("call-talking", "us", "them"),
    ]


def test_a_cisco_spa_sees_who_calls_as_busy() -> None:
    house = House()
    phone = asking("dialog", agent="Linksys/SPA962-6.1.5")
    house.subscribe(phone)
    house.call("p1", "early")
    house.deliver()
    assert phone.received[-1].dialogs == [("confirmed", "initiator")]


@pytest.mark.parametrize("agent", ["MicroSIP/3.21.3", "Zoiper rv2.10.20.4", "LinphoneDesktop/5.1", "Avaya J179"])
def test_softphones_and_others_see_idle_unregistered_and_busy_apart(agent: str) -> None:
    house = House()
    phone = asking("presence", PIDF, agent=agent)
    house.subscribe(phone)
    house.deliver()
    house.lamps.bindings_changed(uri("p1"), 1, house.now)
    house.deliver()
    house.ring("p1", "confirmed")
    house.deliver()
    assert [(told.basic, bool(told.activities)) for told in phone.received] == [
        ("closed", False),
        ("open", False),
        ("open", True),
    ]


def test_an_auerswald_is_told_ten_times_a_second_at_most_and_the_last_state() -> None:
    house = House()
    phone, reader = watch(house, COLLEAGUES, user_agent="COMfortel D-400/1.2")
    for change in range(40):
        house.now += 0.01
        house.ring("p1", "early" if change % 2 else "confirmed", "leg")
        house.lamps.notifier.advance(house.now)
        house.deliver()
    house.now += 0.2
    house.lamps.notifier.advance(house.now)
    house.deliver()
    assert len(phone.received) <= 7
    assert reader.dialogs(uri("201")) == ["early"]


def test_families_that_need_the_same_share_their_documents() -> None:
    house = House()
    for number, agent in enumerate(("snom821/8.7.5", "Fanvil X6U", "MicroSIP/3.21.3", "Panasonic_KX")):
        house.subscribe(asking("dialog", agent=agent, name=f"w{number}"))
    house.deliver()
    records = house.lamps.notifier.subscriptions(uri("201"), "dialog")
    assert {record.form for record in records} == {"plain"}


# --- packages that tell of oneself


def test_one_learns_which_of_ones_phones_are_registered() -> None:
    house = House()
    phone = Watcher("phone", uri("201"), "reg")
    assert house.subscribe(phone, person="p1").status == 200
    house.deliver()
    flow = Flow("udp", SERVER, ("192.0.2.9", 5060))
    bound = Binding(uri("p1"), "sip:p1@192.0.2.9", flow, flow, False, 5000.0, "call", 7, user_agent="Snom D785")
    house.bound[uri("p1")] = (bound,)
    house.lamps.bindings_changed(uri("p1"), 1, house.now)
    house.deliver()
    house.bound.clear()
    house.lamps.bindings_changed(uri("p1"), 0, house.now)
    house.deliver()
    states = [told.document.find("r:registration", REGINFO) for told in phone.received]
    assert [state.get("state") for state in states if state is not None] == ["init", "active", "init"]
    contact = phone.received[1].document.find("r:registration/r:contact", REGINFO)
    assert contact is not None
    assert contact.findtext("r:uri", namespaces=REGINFO) == "sip:p1@192.0.2.9"
    assert contact.findtext("r:display-name", namespaces=REGINFO) == "Snom D785"
    assert [told.version for told in phone.received] == [0, 1, 2]


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_each_notify_tells_for_how_long_a_phone_is_registered_from_then_on(coding: str) -> None:
    house = House()
    phone = Watcher("phone", uri("201"), "reg", fields=(("Accept-Encoding", coding),) if coding else ())
    flow = Flow("udp", SERVER, ("192.0.2.9", 5060))
    house.bound[uri("p1")] = (Binding(uri("p1"), "sip:p1@192.0.2.9", flow, flow, False, house.now + 3600, "call", 7),)
    house.subscribe(phone, person="p1")
    house.deliver()
    house.now += 100
    house.subscribe(phone, person="p1")
    house.deliver()
    assert [told.document.find(".//r:contact", REGINFO).get("expires") for told in phone.received] == ["3600", "3500"]  # type: ignore[union-attr]


def test_one_learns_who_watches_ones_presence_alone_or_in_a_list() -> None:
    house = House()
    phone = Watcher("phone", uri("201"), "presence.winfo")
    assert house.subscribe(phone, person="p1").status == 200
    bo = Watcher("bo", uri("p1"), "presence")
    house.subscribe(bo, person="p2")
    house.lamps.settle(house.now)
    house.deliver()
    watch(house, COLLEAGUES, event="presence", name="eve", person="p3")
    house.lamps.settle(house.now)
    house.deliver()
    house.subscribe(bo, expires=0, person="p2")
    house.lamps.settle(house.now)
    house.deliver()
    shown = [[watcher.text for watcher in told.document.iter(f"{WINFO}watcher")] for told in phone.received]
    assert shown == [[], [uri("p2")], [uri("p2"), uri("p3")], [uri("p3")]]


def test_each_notify_tells_for_how_long_one_is_watched_from_then_on() -> None:
    house = House()
    phone, bo = Watcher("phone", uri("201"), "presence.winfo"), Watcher("bo", uri("p1"), "presence")
    house.subscribe(bo, person="p2", expires=300)
    house.subscribe(phone, person="p1")
    house.deliver()
    house.now += 60
    house.subscribe(phone, person="p1")
    house.deliver()
    house.subscribe(bo, person="p2", expires=300)
    house.subscribe(phone, expires=0, person="p1")
    house.deliver()
    left = [[watcher.get("expiration") for watcher in told.document.iter(f"{WINFO}watcher")] for told in phone.received]
    assert left == [["300"], ["240"], ["300"]]


@pytest.mark.parametrize("event", ["reg", "presence.winfo"])
def test_nobody_else_learns_that(event: str) -> None:
    assert House().subscribe(Watcher("phone", uri("201"), event), person="p2").status == 403


def test_every_package_there_is_is_allowed() -> None:
    house = House()
    allowed = house.lamps.notifier.allow_events.split(", ")
    assert {"dialog", "presence", "message-summary", "presence.winfo", "reg"} <= set(allowed)
    response = house.subscribe(Watcher("phone", uri("201"), "weather"))
    assert (response.status, response.header("Allow-Events")) == (489, house.lamps.notifier.allow_events)
