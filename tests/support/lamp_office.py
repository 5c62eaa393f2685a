"""A presence server and a shelf of watching phones, each a SIP stack in memory, to be joined by a `Link`."""

from collections.abc import Mapping
from itertools import count

from lampfield.presence.lamps import Lamps
from presence_pidf.dialog_state import DialogState
from routing.model import Company, Person
from sipcore.answering import response_to
from sipcore.events import Event, RequestReceived, ResponseReceived
from sipcore.flow import Datagram, Flow
from sipcore.notifier import NotifierConfig
from sipcore.notify_admission import Durations
from sipcore.stack import Stack, StackConfig
from sipcore.subscription import BRANCH_PREFIX
from tests.support.link import tokens
from tests.support.watching_phone import SERVER, Watcher

DOMAIN = "nordlys.example"
PHONES = ("192.0.2.50", 5060)
EXPIRES = 600
"""Seconds a phone subscribes for; it refreshes after half of that, as phones do."""
TRY_AGAIN = 30.0
"""Seconds after which a phone whose SUBSCRIBE failed tries again."""
_NOTIFY_BRANCH = BRANCH_PREFIX.encode()


class PresenceServer:
    """A stack and the lamps of one company, driven as the endpoint drives them."""

    def __init__(self, people: int) -> None:
        self._stack = Stack(StackConfig(user_agent="Lampfield"), tokens("s"))
        persons = {f"p{i}": Person(f"p{i}", f"Person {i}", str(100 + i)) for i in range(people)}
        company = Company(
            id="nordlys",
            name="Nordlys",
            domain=DOMAIN,
            country="DK",
            time_zone="Europe/Copenhagen",
            language="da",
            people=persons,
            main_numbers={},
            hours={},
            menus={},
            queues={},
        )
        durations = Durations(least=10, most=EXPIRES, usual=EXPIRES)
        # Nobody here watches what says how long it lasts.
        self.lamps = Lamps(tokens("n"), [company], NotifierConfig(durations=durations), lambda: 0.0)
        self._calls = count(1)

    def show(self, person: int, phase: str, now: float) -> None:
        """The person's only call is in this phase; `terminated` ends it."""
        dialog = DialogState(
            id="leg",
            direction="recipient",
            phase=phase,  # type: ignore[arg-type]
            call_id=f"call-{next(self._calls)}",
            local_tag="here",
            remote_tag="there",
            remote_identity="sip:+4533221100@trunk.example",
            started=now,
        )
        self.lamps.dialog_changed(f"sip:p{person}@{DOMAIN}", dialog, now)

    def truth(self, person: int, event: str, now: float) -> object:
        """What somebody is told who asks now, as `Phone.shown`."""
        asker = Phone("asker", person, event)
        asked = asker.watcher
        self.lamps.subscribe(asked.subscribe(0), asked.flow, now, watcher_domain=DOMAIN)
        (notify,) = self.lamps.notifier.take_datagrams()
        self.lamps.notifier.receive_response(asked.read(notify.data).answer(), now)
        return asker.shown

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        answers_notify = data.startswith(b"SIP/") and _NOTIFY_BRANCH in data
        if not (answers_notify and self.lamps.notifier.receive_response(data, now)):
            self._stack.receive(data, flow, now)

    def advance(self, now: float) -> None:
        self._stack.advance(now)
        self.lamps.notifier.advance(now)

    def next_timeout(self) -> float | None:
        times = (self._stack.next_timeout(), self.lamps.notifier.next_timeout())
        return min((at for at in times if at is not None), default=None)

    def take_datagrams(self) -> list[Datagram]:
        return self._stack.take_datagrams() + self.lamps.notifier.take_datagrams()

    def take_events(self) -> list[Event]:
        return self._stack.take_events()

    def on_event(self, event: Event, now: float) -> None:
        """Answer what phones ask."""
        assert isinstance(event, RequestReceived)
        response = self.lamps.subscribe(event.request, event.flow, now, watcher_domain=DOMAIN)
        self._stack.respond(event.transaction, response, now)


class Phone:
    """One lamp key: keeps its subscription alive, and shows the newest of what it was told."""

    def __init__(self, name: str, person: int, event: str) -> None:
        self._name, self._person = name, person
        self.event = event
        self._dialogs = count(1)
        self.begin()
        self.next_subscribe = 0.0
        """When it subscribes or refreshes next; far away while a SUBSCRIBE is not answered."""

    def begin(self) -> None:
        """Forget the dialog, if there was one."""
        resource = f"sip:p{self._person}@{DOMAIN}"
        call_id = f"{self._name}-{next(self._dialogs)}"
        self.watcher = Watcher(self._name, resource, self.event, PHONES, call_id=call_id)
        self.watcher.fields = (("Accept", "application/dialog-info+xml, application/pidf+xml"),)

    @property
    def shown(self) -> object:
        """What the lamp shows."""
        newest = self.watcher.received[-1]
        return newest.dialogs if self.event == "dialog" else (newest.basic, newest.activities)


class Shelf:
    """Many phones on one stack."""

    def __init__(self, phones: Mapping[str, Phone]) -> None:
        self.stack = Stack(StackConfig(user_agent="Phones", allow=("NOTIFY",)), tokens("p"))
        self._phones = phones
        self._asked: dict[str, Phone] = {}
        """Who sent the SUBSCRIBE of a transaction."""

    def next_subscribe(self) -> float:
        """When some phone subscribes next; infinity when all wait for answers."""
        return min(phone.next_subscribe for phone in self._phones.values())

    def subscribe_where_due(self, now: float) -> None:
        """Send the SUBSCRIBEs whose time has come."""
        for phone in self._phones.values():
            if phone.next_subscribe <= now:
                phone.next_subscribe = float("inf")
                request = phone.watcher.subscribe(EXPIRES)
                request.replace_first("Via", None)
                self._asked[self.stack.request(request, Flow("udp", PHONES, SERVER), now)] = phone

    def on_event(self, event: Event, now: float) -> None:
        """Take what the server says."""
        match event:
            case ResponseReceived(transaction=transaction, response=response):
                phone = self._asked.pop(transaction)
                phone.next_subscribe = now + EXPIRES / 2
                if response is None or response.status >= 300:
                    phone.begin()
                    phone.next_subscribe = now + (TRY_AGAIN if response is None else 0.0)
                else:
                    phone.watcher.take(response)
            case RequestReceived(transaction=transaction, request=request):
                self.stack.respond(transaction, response_to(request, self._notified(request.to_bytes(), now)), now)
            case _:
                raise AssertionError(event)

    def _notified(self, data: bytes, now: float) -> int:
        """Read a NOTIFY as a phone does; the status of the answer."""
        found = [phone for phone in self._phones.values() if f"Call-ID: {phone.watcher.call_id}\r\n".encode() in data]
        if not found:
            return 481
        (phone,) = found
        watcher = phone.watcher
        before = watcher.received[-1] if watcher.received else None
        notification = watcher.read(data)
        if before is not None and notification.cseq <= before.cseq:
            # COMPAT(Poly): a NOTIFY that was overtaken on its way.
            watcher.received.pop()
            return 500
        if notification.terminated:
            phone.begin()
            phone.next_subscribe = now
        elif before is not None and notification.request.body.startswith(b"<?xml") and watcher.event == "dialog":
            assert notification.version > before.version
        return 200
