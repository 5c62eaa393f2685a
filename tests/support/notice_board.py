"""An event package for tests: each resource shows a text; and a network between the notifier and its watchers."""

from collections.abc import Iterable, Sequence
from itertools import count
from typing import NamedTuple

from sipcore.message import Response
from sipcore.notifier import Notifier, NotifierConfig
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionRecord
from tests.support.watching_phone import Notification, Watcher


class Text(NamedTuple):
    """The document: its text, with a version in front where the form has one."""

    content_type: str
    head: bytes
    tail: bytes | None = None


class NoticeBoard:
    """Event package `board`; form `numbered` has versions, `plain` has none, `slow` takes two NOTIFYs a second."""

    name = "board"
    content_types = ("text/numbered", "text/plain")

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.rendered = 0

    def form(self, content_types: Sequence[str], user_agent: str) -> str:
        if "slow" in user_agent.lower():
            return "slow"
        return content_types[0].partition("/")[2]

    def interval(self, form: str) -> float:
        return 0.5 if form == "slow" else 0.0

    def list_event(self, sent: str, form: str) -> str:
        return sent

    def view(self, record: SubscriptionRecord) -> View | None:
        return None

    def document(self, resource: str, form: str) -> Text:
        self.rendered += 1
        text = self.texts.get(resource, "").encode()
        if form == "plain":
            return Text("text/plain", text)
        return Text("text/numbered", b"<board version='", b"'>" + text + b"</board>")


def version_of(notification: Notification) -> int:
    return int(notification.body.split(b"'")[1])


def text_of(notification: Notification) -> str:
    body = notification.body
    if body.startswith(b"<board"):
        body = body.partition(b">")[2].removesuffix(b"</board>")
    return body.decode()


class Bench:
    """A notifier with a notice board and watchers that answer when told to."""

    def __init__(self, config: NotifierConfig | None = None, *, first_token: int = 1) -> None:
        numbers = count(first_token)
        self.board = NoticeBoard()
        self.now = 1000.0
        self.notifier = Notifier(lambda: f"token{next(numbers):011d}", [self.board], config or NotifierConfig())
        self.watchers: dict[str, Watcher] = {}

    def watch(
        self, name: str, resource: str = "sip:a@x.example", expires: int | None = 600, **more: object
    ) -> tuple[Watcher, Response]:
        watcher = Watcher(name, resource, event="board", **more)  # type: ignore[arg-type]
        return watcher, self.subscribe(watcher, expires)

    def subscribe(self, watcher: Watcher, expires: int | None = 600, *fields: tuple[str, str]) -> Response:
        self.watchers[watcher.call_id] = watcher
        request = watcher.subscribe(expires, *fields)
        return watcher.take(self.notifier.subscribe(request, watcher.flow, self.now, resource=watcher.resource))

    def post(self, text: str, resource: str = "sip:a@x.example") -> None:
        self.board.texts[resource] = text
        self.notifier.changed(resource, "board", self.now)

    def sent(self) -> list[Notification]:
        """What the notifier has sent since, read by its watchers and not answered."""
        return [self.read(datagram.data) for datagram in self.notifier.take_datagrams()]

    def read(self, data: bytes) -> Notification:
        head = data.partition(b"\r\n\r\n")[0].decode()
        call_id = next(line[9:] for line in head.split("\r\n") if line.startswith("Call-ID: "))
        return self.watchers[call_id].read(data)

    def answer(self, notifications: Iterable[Notification], status: int = 200, *fields: tuple[str, str]) -> None:
        for notification in notifications:
            assert self.notifier.receive_response(notification.answer(status, *fields), self.now)

    def settle(self) -> list[Notification]:
        """Deliver and answer until nothing more is sent."""
        read: list[Notification] = []
        while sent := self.sent():
            read += sent
            self.answer(sent)
        return read

    def pass_time(self, seconds: float) -> list[Notification]:
        """Let the time pass in the notifier's own steps; what it sends is read and not answered."""
        end = self.now + seconds
        read: list[Notification] = []
        while (at := self.notifier.next_timeout()) is not None and at <= end:
            self.now = max(self.now, at)
            self.notifier.advance(self.now)
            read += self.sent()
        self.now = end
        return read
