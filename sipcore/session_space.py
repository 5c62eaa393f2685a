"""What all parts of the INVITE sessions share: the sessions themselves, their timers, and sending within a dialog."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

from sipcore.answering import response_to
from sipcore.dialog import Dialog, DialogId
from sipcore.errors import LocalMisuse
from sipcore.events import Event
from sipcore.flow import Datagram, Flow
from sipcore.header import key_of
from sipcore.message import Request, Response
from sipcore.outgoing import Outgoing, Sender
from sipcore.session import Occurrence, Session
from sipcore.session_machine import Act, Happening, SessionState
from sipcore.stack_config import StackConfig
from sipcore.timers import TimerWheel
from sipcore.transaction import State, Transaction
from sipcore.transaction_layer import TransactionLayer
from sipcore.via_path import host_port

SDP_TYPE = ("Content-Type", "application/sdp")


ENDED_SECONDS: Final = 32.0
"""How long a dialog that is over is told from one that never was."""


class Due(StrEnum):
    """The timers of a session."""

    NO_ANSWER = "no answer"
    REPEAT_1XX = "repeat 1xx"
    REPEAT_RELIABLE = "repeat reliable 1xx"
    REPEAT_2XX = "repeat 2xx"
    NO_ACK = "no ACK"
    GLARE = "glare"
    REFRESH = "refresh"
    EXPIRED = "expired"


_COMMANDS: Final = frozenset(
    (Happening.PROGRESS, Happening.ACCEPT, Happening.REJECT, Happening.CANCEL, Happening.HANG_UP)
)


class SessionSpace:
    """The sessions by id and by dialog, and what their parts do alike."""

    def __init__(
        self,
        config: StackConfig,
        transactions: TransactionLayer,
        sender: Sender,
        timers: TimerWheel,
        out: list[Datagram],
        events: list[Event],
        token: Callable[[], str],
    ) -> None:
        self.config = config
        self.transactions = transactions
        self.sender = sender
        self.out = out
        self.events = events
        self.token = token
        self.sessions: dict[str, Session] = {}
        self.dialogs: dict[DialogId, Session] = {}
        self.new_invites: list[tuple[Transaction, float]] = []
        """INVITEs that came since datagrams were taken last, and when."""
        self._ended: OrderedDict[DialogId, float] = OrderedDict()
        """When dialogs ended, the oldest first."""
        self.acts: dict[Act, Callable[[Session, Occurrence, float], None]] = {}
        """What each act of the machine is done by."""
        self._timers = timers
        self._allow = ("Allow", ", ".join(config.allow))
        self._supported = ("Supported", ", ".join(config.supported))
        self._server = ("Server", config.user_agent)
        self._user_agent = ("User-Agent", config.user_agent)

    # --- the machine

    def feed(self, session: Session, occurrence: Occurrence, now: float) -> None:
        """Run the session's machine. A peer's doing without a row is ignored, our user's raises LocalMisuse.

        A command to a session that is over is ignored too: its end may have crossed the command.
        """
        step = session.table.get((session.state, occurrence.what))
        if step is None:
            if occurrence.what in _COMMANDS and not session.ended:
                raise LocalMisuse(f"session {session.id} is {session.state}: {occurrence.what} is not possible")
            return
        session.state = step.state
        for act in step.acts:
            self.acts[act](session, occurrence, now)
        if session.state is SessionState.ENDED:
            self._forget(session, now)

    def add(self, session: Session) -> None:
        """Take in a new session."""
        self.sessions[session.id] = session

    def add_dialog(self, session: Session, dialog: Dialog) -> None:
        """Let requests within `dialog` find the session."""
        session.dialogs[dialog.remote_tag] = dialog
        self.dialogs[dialog.id] = session

    def drop_dialogs(self, session: Session) -> None:
        """The peer was told of no dialog: there is none, and has been none."""
        for dialog in session.dialogs.values():
            self.dialogs.pop(dialog.id, None)
        session.dialogs.clear()

    def _forget(self, session: Session, now: float) -> None:
        """What may still come (a 2xx again, a challenge to the BYE) finds the session by its transaction."""
        self.sessions.pop(session.id, None)
        for dialog in session.dialogs.values():
            self.dialogs.pop(dialog.id, None)
            self._ended[dialog.id] = now
        while self._ended and next(iter(self._ended.values())) < now - ENDED_SECONDS:
            self._ended.popitem(last=False)
        for due in tuple(session.timers):
            self.stop_timer(session, due)
        sent, session.sent_offer = session.sent_offer, None
        if sent is not None and sent.outgoing.transaction is not None:
            self.transactions.give_up(sent.outgoing.transaction, now)
        # It refers to the session too: without the way there both are freed without the garbage collector.
        session.outgoing = None
        asked, session.peer_offer = session.peer_offer, None
        if asked is not None and asked.transaction.state in (State.TRYING, State.PROCEEDING):
            # Requests that wait for an answer are still to be answered (RFC 3261 §15.1.2).
            self.respond(asked.transaction, asked.request, 487, now)

    def has_ended(self, dialog: DialogId, now: float) -> bool:
        """True for a dialog that was there within the last half minute."""
        at = self._ended.get(dialog)
        return at is not None and now - at <= ENDED_SECONDS

    # --- timers

    def start_timer(self, session: Session, due: str, delay: float, now: float) -> None:
        """Start a timer of the session, in the place of the one of that name; none is started when it has ended."""
        self.stop_timer(session, due)
        if not session.ended:
            session.timers[due] = self._timers.start(session, due, delay, now)

    def stop_timer(self, session: Session, due: str) -> None:
        timer = session.timers.pop(due, None)
        if timer is not None:
            self._timers.cancel(timer)

    # --- sending

    def send(self, session: Session, dialog: Dialog, request: Request, now: float) -> Outgoing:
        """Send a request within a dialog of the session."""
        request.add(*self._user_agent)
        outgoing = Outgoing(
            self.token(), request, dialog.flow, session=session, dialog=dialog, credentials=session.credentials
        )
        self.sender.send(outgoing, now)
        return outgoing

    def send_bye(self, session: Session, dialog: Dialog, reason: str | None, now: float) -> None:
        """End a dialog; its answer does not matter (RFC 3261 §15.1.1)."""
        self.send(session, dialog, dialog.request("BYE", fields=[("Reason", reason)] if reason else []), now)

    def respond(
        self,
        transaction: Transaction,
        request: Request,
        status: int,
        now: float,
        *,
        reason: str | None = None,
        to_tag: str | None = None,
        fields: Iterable[tuple[str, str]] = (),
        sdp: bytes | None = None,
    ) -> None:
        """Answer a request within or at the start of a session."""
        response = self.make_response(request, status, reason=reason, to_tag=to_tag, fields=fields, sdp=sdp)
        self.transactions.respond(transaction, response, now)

    def say_trying(self) -> None:
        """Answer each new INVITE with 100 that our user has not answered by now (RFC 3261 §17.2.1)."""
        if not self.new_invites:
            return
        for transaction, came_at in self.new_invites:
            if transaction.request is not None and not transaction.last:
                self.respond(transaction, transaction.request, 100, came_at)
        self.new_invites.clear()

    def make_response(
        self,
        request: Request,
        status: int,
        *,
        reason: str | None = None,
        to_tag: str | None = None,
        fields: Iterable[tuple[str, str]] = (),
        sdp: bytes | None = None,
    ) -> Response:
        """A response with our Server header, and with Record-Route where it makes a dialog."""
        return response_to(
            request,
            status,
            reason,
            to_tag=to_tag,
            fields=[*fields, self._server],
            body=sdp or b"",
            content_type="application/sdp" if sdp else None,
            record_route=request.method == "INVITE" and 100 < status < 300,
        )

    # --- headers

    def own_contact(self, flow: Flow, user: str) -> str:
        """The Contact that brings requests to this flow."""
        host = host_port(self.config.advertised_host or flow.local[0], flow.local[1])
        address = f"{user}@{host}" if user else host
        return f"<sip:{address}>" if flow.transport == "udp" else f"<sip:{address};transport={flow.transport}>"

    def capabilities(
        self, session: Session, fields: Iterable[tuple[str, str]] = (), *, without: str | None = None
    ) -> list[tuple[str, str]]:
        """Contact, Allow and Supported, unless `fields` has its own; `without` is an option tag not offered now."""
        supported = self._supported
        if without is not None:
            supported = ("Supported", ", ".join(tag for tag in self.config.supported if tag != without))
        fields = list(fields)
        given = {key_of(name) for name, _ in fields}
        ours = [("Contact", session.contact), self._allow, supported]
        return [field for field in ours if key_of(field[0]) not in given] + fields
