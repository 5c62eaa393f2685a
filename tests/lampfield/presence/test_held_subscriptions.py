"""Twenty thousand keys are held by refreshes, and each of them shows what is true; those that are given up end."""

import re
from collections import Counter
from itertools import count

from lampfield.presence.lamps import Lamps
from presence_pidf.dialog_state import DialogState
from sipcore.flow import Flow
from sipcore.notifier import NotifierConfig
from tests.support.listed_house import DOMAIN, company, uri
from tests.support.watching_phone import SERVER, parse_request

KEYS, PEOPLE = 20_000, 500
EXPIRES, REFRESHED_AFTER = 600, 400
GIVEN_UP = 20
"""Every so many-th key is not refreshed."""
_NOTIFY = re.compile(rb"NOTIFY sip:k(\d+)@.*?\r\n(Via:.*?\r\n).*?\r\nCSeq: (\d+) NOTIFY\r\n.*?-State: (\w+)", re.DOTALL)
_SHOWN = re.compile(rb'version="(\d+)".*?entity="sip:p(\d+)@.*?(?:<state>(\w+)</state>|</dialog-info>)', re.DOTALL)


class Key:
    """A lamp key of a phone: its subscription, and what it was told."""

    __slots__ = ("cseq", "ended", "number", "shown", "tag", "target", "told", "version")

    def __init__(self, number: int) -> None:
        self.number = number
        self.cseq = self.told = 0
        self.version = -1
        self.tag = self.target = self.shown = ""
        self.ended = False

    @property
    def person(self) -> int:
        return self.number % PEOPLE


class Wall:
    """All keys, beside the lamps that they watch; every NOTIFY is answered at once."""

    def __init__(self) -> None:
        numbers = count(1)
        self.now = 1000.0
        self.lamps = Lamps(lambda: f"t{next(numbers):011d}", [company(PEOPLE)], NotifierConfig(), lambda: self.now)
        self.keys = [Key(number) for number in range(KEYS)]
        self.told = 0

    def subscribe(self, key: Key) -> None:
        """Subscribe, or refresh in the dialog."""
        key.cseq += 1
        address = (f"10.0.{key.number >> 8}.{key.number & 255}", 5060)
        request = (
            f"SUBSCRIBE {key.target or uri(f'p{key.person}')} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {address[0]}:5060;branch=z9hG4bKk{key.number}-{key.cseq};rport\r\n"
            f"From: <{uri('p0')}>;tag=k{key.number}\r\nTo: <{uri(f'p{key.person}')}>{key.tag}\r\n"
            f"Call-ID: k{key.number}@{address[0]}\r\nCSeq: {key.cseq} SUBSCRIBE\r\n"
            f"Contact: <sip:k{key.number}@{address[0]}:5060>\r\nMax-Forwards: 70\r\n"
            f"Event: dialog\r\nExpires: {EXPIRES}\r\nContent-Length: 0\r\n\r\n"
        )
        response = self.lamps.subscribe(
            parse_request(request.encode()),
            Flow("udp", SERVER, address),
            self.now,
            watcher_domain=DOMAIN,
            watcher="p0",
        )
        assert response.status == 200
        key.tag, key.target = f";tag={response.to.tag}", str(response.contacts[0].uri)
        self.settle()

    def settle(self) -> None:
        """Read and answer what is told, until nothing more is."""
        while datagrams := self.lamps.notifier.take_datagrams():
            for datagram in datagrams:
                via = self._read(datagram.data)
                self.lamps.notifier.receive_response(b"SIP/2.0 200 OK\r\n%b\r\n" % via, self.now)

    def _read(self, data: bytes) -> bytes:
        found = _NOTIFY.match(data)
        assert found is not None, data
        key = self.keys[int(found[1])]
        cseq, self.told = int(found[3]), self.told + 1
        assert cseq == key.told + 1, "none is lost, none is told twice"
        key.told, key.ended = cseq, found[4] == b"terminated"
        shown = _SHOWN.search(data)
        assert shown is not None, data
        version, key.shown = int(shown[1]), (shown[3] or b"").decode()
        assert version == key.version + 1
        key.version = version
        assert int(shown[2]) == key.person
        return found[2]

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.lamps.notifier.advance(self.now)
        self.settle()

    def ring(self) -> None:
        """Everybody is called by somebody else."""
        for person in range(PEOPLE):
            dialog = DialogState("leg", "recipient", "early", f"call-{person}", "us", "them")
            self.lamps.dialog_changed(uri(f"p{person}"), dialog, self.now)
        self.settle()


def test_twenty_thousand_keys_are_held_by_refreshes_and_show_what_is_true() -> None:
    wall = Wall()
    for key in wall.keys:
        wall.subscribe(key)
    wall.pass_time(REFRESHED_AFTER)
    kept = [key for key in wall.keys if key.number % GIVEN_UP]
    for key in kept:
        wall.subscribe(key)
    wall.pass_time(EXPIRES - REFRESHED_AFTER + 2.0)
    assert wall.lamps.notifier.count == len(kept)
    assert [key for key in wall.keys if not key.ended] == kept
    wall.ring()
    assert Counter(key.shown for key in kept) == {"early": len(kept)}
    assert wall.told == KEYS + len(kept) + (KEYS - len(kept)) + len(kept)
    counts = wall.lamps.notifier.counts()
    assert counts == {"subscriptions": len(kept), "transactions": len(kept), "in_flight": 0, "waiting": 0}
