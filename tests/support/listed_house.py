"""A company's lamps with phones that watch them, each answering at once: for lists and event packages."""

from itertools import count
from typing import Any, cast

from lampfield.presence.lamps import Lamps
from presence_pidf.dialog_state import DialogPhase, DialogState
from routing.model import DETAILS, Company, OpeningHours, Person, Privacy, Queue, WatchedList
from sipcore.binding import Binding
from sipcore.flow import Datagram, Flow
from sipcore.message import Request, Response
from sipcore.notifier import NotifierConfig
from tests.support.watching_list import ListReader
from tests.support.watching_phone import Notification, Watcher, parse_request

DOMAIN = "nordlys.example"
COLLEAGUES = f"sip:list-colleagues@{DOMAIN}"
LIST = (("Supported", "eventlist"),)


def uri(user: str) -> str:
    return f"sip:{user}@{DOMAIN}"


def company(people: int = 4, **more: Any) -> Company:
    parts: dict[str, Any] = {
        "id": "nordlys",
        "name": "Nordlys",
        "domain": DOMAIN,
        "country": "DK",
        "time_zone": "Europe/Copenhagen",
        "language": "da",
        "people": {f"p{n}": Person(f"p{n}", f"Person {n:02}", str(200 + n)) for n in range(people)},
        "main_numbers": {},
        "hours": {"office": OpeningHours("office", "Europe/Copenhagen", ((),) * 7, switch_code="*60")},
        "menus": {},
        "queues": {"sales": Queue("sales", members=("p2", "p0", "+4533221100"))},
        "queue_extensions": {"301": "sales"},
        "lists": {"keys": WatchedList(("p1", "203", "*60", "p9"), "My keys")},
        "privacy": Privacy(group=DETAILS, company=DETAILS),
    }
    return Company(**(parts | more))


class House:
    """Lamps with phones that watch; each answers at once unless told otherwise."""

    def __init__(self, people: int = 4, *, first_token: int = 1) -> None:
        numbers = count(first_token)
        self.company = company(people)
        self.now = 1000.0
        self.lamps = Lamps(
            lambda: f"token{next(numbers):011d}",
            [self.company],
            NotifierConfig(),
            lambda: self.now,
            bindings=self.bindings,
        )
        self.watchers: dict[str, tuple[Watcher, ListReader]] = {}
        self.flows: list[Flow] = []
        self.bound: dict[str, tuple[Binding, ...]] = {}

    def bindings(self, aor: str) -> tuple[Binding, ...]:
        return self.bound.get(aor, ())

    def subscribe(self, watcher: Watcher, *, expires: int = 600, person: str = "p0", **more: Any) -> Response:
        return self.ask(watcher, watcher.subscribe(expires), person=person, **more)

    def ask(self, watcher: Watcher, request: Request, *, person: str = "p0", **more: Any) -> Response:
        self.watchers.setdefault(watcher.call_id, (watcher, ListReader()))
        response = self.lamps.subscribe(request, watcher.flow, self.now, watcher_domain=DOMAIN, watcher=person, **more)
        return watcher.take(response)

    def reader(self, watcher: Watcher) -> ListReader:
        return self.watchers[watcher.call_id][1]

    def read(self, datagram: Datagram) -> Notification:
        """Hand a NOTIFY to its phone."""
        call_id = parse_request(datagram.data).call_id
        watcher, reader = self.watchers[call_id]
        notification = watcher.read(datagram.data)
        self.flows.append(datagram.flow)
        if notification.body and notification.request.require:
            reader.take(notification)
        return notification

    def deliver(self) -> list[Notification]:
        found = []
        while datagrams := self.lamps.notifier.take_datagrams():
            for datagram in datagrams:
                found.append(self.read(datagram))
                self.lamps.notifier.receive_response(found[-1].answer(), self.now)
        return found

    def ring(self, person: str, phase: str = "early", id: str = "leg") -> None:
        dialog = DialogState(
            id,
            "recipient",
            cast(DialogPhase, phase),
            f"call-{id}",
            "us",
            "them",
            remote_identity="sip:caller@x.example",
        )
        self.lamps.dialog_changed(uri(person), dialog, self.now)

    def call(self, person: str, phase: str = "early", id: str = "leg") -> None:
        """The person calls somebody."""
        dialog = DialogState(id, "initiator", cast(DialogPhase, phase), f"call-{id}", "us", "them")
        self.lamps.dialog_changed(uri(person), dialog, self.now)


def watch(house: House, address: str, **more: Any) -> tuple[Watcher, ListReader]:
    """A phone that has subscribed to a list, by TCP unless told otherwise, and has read what there is."""
    person = more.pop("person", "p0")
    more = {"name": "phone", "fields": LIST, "transport": "tcp"} | more
    phone = Watcher(resource=address, **more)
    response = house.subscribe(phone, person=person)
    assert (response.status, response.header("Require")) == (200, "eventlist")
    house.deliver()
    return phone, house.reader(phone)
