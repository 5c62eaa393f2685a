"""Lamps of one company, with phones that watch as somebody of it and answer every NOTIFY."""

from itertools import count

from lampfield.presence.lamps import Lamps
from presence_pidf.dialog_state import DialogPhase, DialogState
from routing.model import Company
from sipcore.message import Response
from sipcore.notifier import NotifierConfig
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord
from tests.support.watching_phone import Watcher


class WatchedHouse:
    """Build it anew with what `restart` gives to see what outlives a process."""

    def __init__(self, company: Company, first_token: int = 1) -> None:
        self.company = company
        numbers = count(first_token)
        self.now = 1000.0
        self.lamps = Lamps(lambda: f"token{next(numbers):011d}", [company], NotifierConfig(), lambda: self.now)
        self.watchers: dict[str, Watcher] = {}
        self.records: dict[str, SubscriptionRecord] = {}

    def aor(self, user: str) -> str:
        return f"sip:{user}@{self.company.domain}"

    def watch(self, person: str, user: str, event: str = "dialog", user_agent: str = "Test phone") -> Watcher:
        """A phone of this person watches; its answer must be 200."""
        watcher = self.try_to_watch(person, user, event, user_agent)[0]
        assert watcher.received, "a NOTIFY follows at once"
        return watcher

    def try_to_watch(
        self, person: str, user: str, event: str = "dialog", user_agent: str = "Test phone"
    ) -> tuple[Watcher, Response]:
        """As `watch`, with the answer whatever it is."""
        name = f"{person}-{len(self.watchers)}"
        watcher = Watcher(name, self.aor(user), event, user_agent=user_agent)
        self.watchers[watcher.call_id] = watcher
        request = watcher.subscribe()
        domain = self.company.domain
        response = self.lamps.subscribe(request, watcher.flow, self.now, watcher_domain=domain, watcher=person)
        answer = watcher.take(response)
        self.deliver()
        return watcher, answer

    def deliver(self) -> int:
        """Let all NOTIFYs arrive and be answered; how many they were."""
        delivered = 0
        while datagrams := self.lamps.notifier.take_datagrams():
            for datagram in datagrams:
                call_id = next(name for name in self.watchers if f"Call-ID: {name}\r\n".encode() in datagram.data)
                notification = self.watchers[call_id].read(datagram.data)
                self.lamps.notifier.receive_response(notification.answer(), self.now)
                delivered += 1
        for change in self.lamps.notifier.take_changes():
            if isinstance(change, SubscriptionEnded):
                self.records.pop(change.id, None)
            else:
                self.records[change.id] = change
        return delivered

    def ring(self, user: str, phase: DialogPhase = "early") -> None:
        """Somebody is called by Karen Blixen from outside."""
        dialog = DialogState(
            "leg-1", "recipient", phase, "call-7", "us", "them", self.aor(user), "sip:+4520304050@x", "Karen Blixen"
        )
        self.lamps.dialog_changed(self.aor(user), dialog, self.now)
        self.deliver()

    def configure(self, company: Company) -> None:
        """The company is another one from now on."""
        self.company = company
        self.lamps.configure([company], self.now)
        self.deliver()
