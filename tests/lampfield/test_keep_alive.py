"""Phones behind NAT are asked every 25 s, and forgotten when they stop to answer."""

from itertools import count

import pytest

from lampfield.keep_alive import KeepAlive
from sipcore.answering import response_to
from sipcore.events import ResponseReceived, TransportFailed
from sipcore.flow import Flow
from sipcore.message import Request, parse_message
from sipcore.nat import PING_INTERVAL
from sipcore.registrar import Registrar
from sipcore.stack import Stack, StackConfig

US, NAT = ("192.0.2.1", 5060), ("198.51.100.7", 40123)
AOR = "sip:anna@nordlys.example"


class House:
    """A registrar with one phone, and the stack that asks it."""

    def __init__(self, transport: str = "udp", contact: str = "10.0.0.5", advertised: str | None = None) -> None:
        numbers = count(1)
        self.now = 1000.0
        self.flow = Flow(transport, US, NAT)
        self.registrar = Registrar()
        self.stack = Stack(StackConfig(), lambda: f"token{next(numbers)}")
        self.keep_alive = KeepAlive(
            self.registrar,
            self.stack,
            lambda: self.now,
            lambda: f"ping{next(numbers)}",
            self.registrar.remove,
            advertised,
        )
        self._cseq = count(1)
        self._contact = contact
        self.register()

    def register(self) -> None:
        fields = [
            ("Via", "SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1"),
            ("From", f"<{AOR}>;tag=1"),
            ("To", f"<{AOR}>"),
            ("Call-ID", "registration"),
            ("CSeq", f"{next(self._cseq)} REGISTER"),
            ("Contact", f"<sip:anna@{self._contact}>"),
            ("Expires", "3600"),
        ]
        request = Request("REGISTER", "sip:nordlys.example", fields)
        assert self.registrar.register(request, self.flow, AOR, self.now).status == 200

    def live(self, seconds: int, *, answering: bool, network: bool = True) -> list[Request]:
        """Let time pass, second by second; what the phone is sent meanwhile, without repetitions.

        Without a `network` the kernel refuses to send.
        """
        asked: dict[str, Request] = {}
        for _ in range(seconds):
            self.now += 1
            self.stack.advance(self.now)
            self.keep_alive.advance()
            for datagram in self.stack.take_datagrams():
                assert datagram.flow == self.flow
                request = parse_message(datagram.data)
                assert isinstance(request, Request)
                asked[request.call_id] = request
                if not network:
                    self.stack.transport_failed(datagram.flow, self.now)
                elif answering:
                    self.stack.receive(response_to(request, 486, to_tag="phone").to_bytes(), self.flow, self.now)
            for event in self.stack.take_events():
                if isinstance(event, TransportFailed):
                    self.keep_alive.flow_failed(event.flow)
                else:
                    assert isinstance(event, ResponseReceived)
                    self.keep_alive.response_received(event.transaction, event.response)
        return list(asked.values())


@pytest.fixture
def house() -> House:
    return House()


def test_a_server_that_listens_on_all_addresses_asks_by_the_one_that_is_reached() -> None:
    asked = House(advertised="pbx.nordlys.example").live(int(PING_INTERVAL), answering=True)[0]
    assert str(asked.from_.uri) == str(asked.contacts[0].uri) == "sip:pbx.nordlys.example:5060"


def test_a_phone_behind_nat_is_asked_every_25_seconds(house: House) -> None:
    asked = house.live(int(4 * PING_INTERVAL), answering=True)
    assert [request.method for request in asked] == ["OPTIONS"] * 4
    assert asked[0].uri == "sip:anna@10.0.0.5"


@pytest.mark.parametrize("phone", [{"contact": NAT[0]}, {"transport": "tcp"}])
def test_phones_that_need_no_mapping_are_left_alone(phone: dict[str, str]) -> None:
    assert House(**phone).live(100, answering=True) == []


def test_a_phone_that_answers_no_more_is_forgotten(house: House) -> None:
    house.live(30, answering=True)
    assert house.registrar.bindings(AOR)
    house.live(60, answering=False)
    assert not house.registrar.bindings(AOR)


def test_a_phone_is_kept_while_our_own_network_is_away(house: House) -> None:
    house.live(30, answering=True)
    assert house.live(60, answering=False, network=False)
    assert house.registrar.bindings(AOR)
    house.live(30, answering=True)
    house.live(60, answering=False)
    assert not house.registrar.bindings(AOR)


def test_a_phone_that_never_answered_is_kept_until_its_registration_expires(house: House) -> None:
    assert len(house.live(200, answering=False)) > 2
    assert house.registrar.bindings(AOR)


def test_a_phone_that_registered_again_meanwhile_is_kept(house: House) -> None:
    house.live(30, answering=True)
    for _ in range(6):
        house.live(10, answering=False)
        house.register()
    assert house.registrar.bindings(AOR)
