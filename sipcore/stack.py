"""The SIP stack without sockets: datagrams and time in, datagrams and events out."""

import logging
from collections.abc import Callable, Iterable

from sipcore.admission import Admission
from sipcore.answered_requests import Forgetting
from sipcore.answering import REFUSED_TAG, outside_of_any, response_to, tagged
from sipcore.dialog import Dialog
from sipcore.digest import Credentials
from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.events import Event, RequestReceived, ResponseReceived, TransportFailed
from sipcore.flow import Datagram, Flow
from sipcore.invitation import Invitation
from sipcore.message import Request, Response, parse_message
from sipcore.outgoing import Outgoing, Sender
from sipcore.referral import Referral
from sipcore.referrals import Referrals
from sipcore.replaces import Replaces
from sipcore.session import Session
from sipcore.session_record import InviteRecord, SessionRecord
from sipcore.session_space import SessionSpace
from sipcore.session_timer import IntervalTooSmall
from sipcore.sessions import SESSION_METHODS, Sessions
from sipcore.stack_config import StackConfig
from sipcore.timers import TRANSACTION_TIMEOUT, TimerWheel
from sipcore.transaction import Transaction
from sipcore.transaction_keys import head_of
from sipcore.transaction_layer import (
    AckArrived,
    Indication,
    RequestArrived,
    ResponseArrived,
    TransactionFailed,
    TransactionLayer,
)
from sipcore.validation import check_request, check_response
from sipcore.via_path import response_flow, stamp_source

__all__ = ["Invitation", "Stack", "StackConfig"]

_log = logging.getLogger(__name__)

Fields = Iterable[tuple[str, str]]
"""Header names and values."""


class Stack:
    """Takes each message to its transaction, its session or our user. Never raises for what a peer sends."""

    def __init__(self, config: StackConfig, token: Callable[[], str]) -> None:
        self._token = token
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []
        self._timers = TimerWheel()
        self._transactions = TransactionLayer(self._timers, self._datagrams, token, config.advertised_host)
        self._sender = Sender(self._transactions, token)
        self._space = SessionSpace(
            config, self._transactions, self._sender, self._timers, self._datagrams, self._events, token
        )
        self._referrals = Referrals(self._space, self._timers)
        self._sessions = Sessions(self._space, self._referrals)
        self._admission = Admission(config)
        # Requests that our user has to answer, by the id it knows them by.
        self._unanswered: dict[str, Transaction] = {}
        self.retry_after: int | None = None
        """Seconds told to new calls, which are refused; None while they are taken."""
        self.refused_at = float("-inf")
        """When a new call was last refused: all that is kept of those that were."""
        self._dropped = 0

    # --- input and output

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """Take in one UDP datagram or one message from a connection."""
        head = head_of(data)
        if head is not None and self._transactions.absorb(head, now):
            return
        try:
            message = parse_message(data)
        except ProtocolViolation as violation:
            self._drop(violation, flow)
            return
        if isinstance(message, Response):
            self._receive_response(message, flow, now)
        else:
            self._receive_request(message, flow, head, now)

    def advance(self, now: float) -> None:
        """Do what is due by `now`."""
        for timer in self._timers.expired(now):
            owner = timer.owner
            if isinstance(owner, (Transaction, Forgetting)):
                self._tell(self._transactions.timeout(timer, owner, now), None, now)
            elif isinstance(owner, Session):
                self._sessions.timeout(owner, timer.what, now)
            elif isinstance(owner, Referral):
                self._referrals.timeout(owner, now)

    def next_timeout(self) -> float | None:
        """When `advance` has something to do next."""
        return self._timers.next_timeout()

    def take_datagrams(self) -> list[Datagram]:
        """What is to be sent, in order; taken once. New calls that are not answered get 100: take the events first."""
        self._space.say_trying()
        taken = self._datagrams[:]
        self._datagrams.clear()
        return taken

    def take_events(self) -> list[Event]:
        """What happened, in order; taken once."""
        taken = self._events[:]
        self._events.clear()
        return taken

    def transport_failed(self, flow: Flow, now: float) -> None:
        """A connection broke or a destination is refused: what waits on the flow fails at once (RFC 3261 §8.1.3.1)."""
        self._events.append(TransportFailed(flow))
        for indication in tuple(self._transactions.transport_failed(flow, now)):
            self._tell(indication, flow, now)

    def refuse_new_calls(self, retry_after: int | None) -> None:
        """Answer INVITEs outside dialogs with 503 and Retry-After (seconds) from now on; None takes them again."""
        self.retry_after = retry_after

    def knows_invite(self, branch: str, sent_by: str) -> bool:
        """True if an INVITE with this branch and sent-by (`host:port`, the port None if not told) has a transaction."""
        return self._transactions.knows_invite(branch, sent_by)

    @property
    def is_hanging_up(self) -> bool:
        """True while there are sessions, or BYEs and CANCELs of ours that are not answered."""
        return self._sessions.session_count > 0 or self._transactions.is_ending_calls

    def counts(self) -> dict[str, int]:
        """How much the stack holds, and how many messages it dropped as no SIP since it began."""
        return {
            "client_transactions": self._transactions.client_count,
            "server_transactions": self._transactions.server_count,
            "sessions": self._sessions.session_count,
            "dialogs": self._sessions.dialog_count,
            "referrals": len(self._referrals),
            "unanswered": len(self._unanswered),
            "timers": len(self._timers),
            "dropped": self._dropped,
        }

    # --- requests outside INVITE sessions

    def respond(self, transaction: str, response: Response, now: float) -> None:
        """Answer a `RequestReceived`; once with a final response."""
        found = self._unanswered.get(transaction)
        if found is None:
            raise LocalMisuse(f"transaction {transaction} is answered or unknown")
        if response.status >= 200:
            del self._unanswered[transaction]
        self._transactions.respond(found, tagged(response), now)

    def request(self, request: Request, flow: Flow, now: float, credentials: Credentials | None = None) -> str:
        """Send a request outside INVITE sessions; `ResponseReceived` follows, after digest challenges are answered."""
        outgoing = Outgoing(self._token(), request, flow, credentials=credentials)
        self._sender.send(outgoing, now)
        return outgoing.id

    # --- INVITE sessions; a command to a session that is over is ignored, for its end may have crossed it

    def invite(self, invitation: Invitation, now: float) -> str:
        """Call somebody; gives the session."""
        return self._sessions.invite(invitation, now)

    def progress(
        self,
        session: str,
        status: int,
        now: float,
        *,
        sdp: bytes | None = None,
        reason: str | None = None,
        fields: Fields = (),
    ) -> None:
        """Send a provisional response (101 to 199): reliably when the caller insists, or can and there is SDP."""
        self._sessions.progress(session, status, now, sdp=sdp, reason=reason, fields=tuple(fields))

    def accept(self, session: str, sdp: bytes | None, now: float, *, fields: Fields = ()) -> None:
        """Answer with 200, which is sent again until the ACK brings `SessionEstablished`."""
        self._sessions.accept(session, sdp, now, tuple(fields))

    def reject(self, session: str, status: int, now: float, *, reason: str | None = None, fields: Fields = ()) -> None:
        """Refuse with a final response, 300 to 699."""
        self._sessions.reject(session, status, now, reason=reason, fields=tuple(fields))

    def cancel(self, session: str, now: float, *, reason_header: str | None = None) -> None:
        """Give a call up that is not answered; `SessionRejected` 487 follows, also when a 2xx crosses."""
        self._sessions.cancel(session, now, reason_header)

    def bye(self, session: str, now: float, *, reason_header: str | None = None) -> None:
        """End a session that is up, as soon as the protocol allows; no event follows."""
        self._sessions.bye(session, now, reason_header)

    def offer(self, session: str, sdp: bytes | None, now: float) -> None:
        """Offer by re-INVITE, or UPDATE before the answer, once none is on its way; None has the peer offer."""
        self._sessions.offer(session, sdp, now)

    def answer(self, session: str, sdp: bytes, now: float) -> None:
        """Answer an `OfferReceived`, or the offer in `SessionAccepted` when the invitation had none."""
        self._sessions.answer(session, sdp, now)

    def is_asked(self, session: str) -> bool:
        """True while an `OfferReceived` waits for its answer: it may have been taken back."""
        return self._sessions.is_asked(session)

    def refuse(self, session: str, status: int, now: float) -> None:
        """Refuse an `OfferReceived` (488 and its like)."""
        self._sessions.refuse(session, status, now)

    def info(self, session: str, content_type: str, body: bytes, now: float) -> None:
        """Send an INFO within the session (RFC 6086)."""
        self._sessions.info(session, content_type, body, now)

    def authorise(self, session: str, credentials: Credentials) -> None:
        """Answer challenges to our requests within a session that the peer began; one of ours has its invitation's."""
        self._sessions.authorise(session, credentials)

    def identify(self, session: str, now: float, *, fields: Fields) -> None:
        """Tell the peer of a session that is up who it talks to now, by UPDATE without an offer (RFC 5876 §3.1).

        `fields` has P-Asserted-Identity. A peer that does not know UPDATE is told nothing.
        """
        self._sessions.identify(session, tuple(fields), now)

    def accept_refer(self, referral: str, now: float) -> None:
        """Accept a `ReferReceived`: the peer is told 100, and what `report_refer` says."""
        self._referrals.accept(referral, now)

    def refuse_refer(
        self, referral: str, status: int, now: float, *, reason: str | None = None, fields: Fields = ()
    ) -> None:
        """Refuse a `ReferReceived` with a final response, 300 to 699."""
        self._referrals.refuse(referral, status, now, reason, fields)

    def report_refer(self, referral: str, status: int, now: float) -> None:
        """Tell the peer what has become of its REFER; after a final status `ReferOver` follows."""
        self._referrals.report(referral, status, now)

    def replaced(self, replaces: Replaces) -> str | None:
        """The session whose dialog a Replaces names, early or up."""
        session = self._sessions.replaced(replaces)
        return session.id if session is not None else None

    def has_ended(self, replaces: Replaces, now: float) -> bool:
        """True where a Replaces names a dialog that ended within the last half minute."""
        return self._sessions.has_ended(replaces, now)

    def is_unheard(self, session: str) -> bool:
        """True while nothing has come back to the INVITE of a session of ours, not even 100."""
        return self._sessions.is_unheard(session)

    def dialog_of(self, session: str) -> Dialog | None:
        """The session's dialog; None when it is over, or before the called party's first response with a tag."""
        return self._sessions.dialog_of(session)

    def record_of(self, session: str) -> SessionRecord | None:
        """What to keep of a session, so that another process can `take_up` it; None unless it is answered."""
        return self._sessions.record_of(session)

    def invite_record_of(self, session: str) -> InviteRecord | None:
        """What to keep of a session that rings: another process can `take_back` ours, or `receive_again` the peer's."""
        return self._sessions.invite_record_of(session)

    def take_back(self, record: InviteRecord, now: float, credentials: Credentials | None = None) -> None:
        """Give up what rang in another process; `credentials` are as in `authorise`. Raises ProtocolViolation."""
        self._sessions.take_back(record, now, credentials)

    def receive_again(self, record: InviteRecord, now: float) -> None:
        """Take in an INVITE that rang in another process. Its caller has been told so, and does not ask again."""
        self.receive(record.invite, record.flow, now)
        self._space.say_trying()

    def take_up(self, record: SessionRecord, now: float) -> None:
        """Go on with a session that was up in another process; no event tells of it. Raises ProtocolViolation."""
        self._sessions.take_up(record, now)

    # --- what comes in

    def _receive_response(self, response: Response, flow: Flow, now: float) -> None:
        try:
            check_response(response)
            self._tell(self._transactions.receive_response(response, now), flow, now)
        except ProtocolViolation as violation:
            self._drop(violation, flow)

    def _answered(self, outgoing: Outgoing, response: Response, now: float) -> None:
        if self._sender.answer_challenge(outgoing, response, now):
            if outgoing.session is not None:
                self._sessions.repeated(outgoing.session, outgoing, now)
        elif outgoing.session is not None:
            self._sessions.answered(outgoing.session, outgoing, response, now)
        elif outgoing.referral is not None:
            self._referrals.answered(outgoing.referral, response, now)
        elif response.status >= 200:
            self._events.append(ResponseReceived(outgoing.id, response))

    def _failed(self, user: object, status: int, now: float) -> None:
        if isinstance(user, Session):
            self._sessions.transport_failed(user, now)
        elif isinstance(user, Outgoing) and user.session is not None:
            self._sessions.failed(user.session, user, status, now)
        elif isinstance(user, Outgoing) and user.referral is not None:
            self._referrals.failed(user.referral, status, now)
        elif isinstance(user, Outgoing):
            self._events.append(ResponseReceived(user.id, None))

    def _receive_request(self, request: Request, flow: Flow, head: bytes | None, now: float) -> None:
        try:
            if self.retry_after is not None and self._transactions.is_new_call(request):
                # Without judging it and without a transaction: no work, memory or timers for calls that are not taken.
                self.refused_at = now
                fields = [("Retry-After", str(self.retry_after))]
                self._answer_statelessly(request, 503, None, flow, fields, REFUSED_TAG)
                return
            check_request(request)
            self._tell(self._transactions.receive_request(request, flow, head, now), flow, now)
        except ProtocolViolation as violation:
            self._drop(violation, flow)
            # An ACK is never answered (RFC 3261 §17), nor can be what does not say who asks.
            if request.method != "ACK" and request.has("via"):
                self._answer_statelessly(request, violation.status, violation.reason, flow)

    def _tell(self, indication: Indication | None, flow: Flow | None, now: float) -> None:
        """Hand on what a transaction has to say; `flow` is where a message came from."""
        if indication is None:
            return
        if isinstance(indication, RequestArrived):
            assert flow is not None
            self._arrived(indication.transaction, indication.request, flow, now)
        elif isinstance(indication, ResponseArrived) and isinstance(indication.user, Outgoing):
            self._answered(indication.user, indication.response, now)
        elif isinstance(indication, AckArrived):
            self._sessions.acknowledged(indication.request, now)
        elif isinstance(indication, TransactionFailed):
            self._failed(indication.user, indication.status, now)

    def _arrived(self, transaction: Transaction, request: Request, flow: Flow, now: float) -> None:
        stamp_source(request, flow)
        try:
            refusal = self._admission.refusal(request) or self._route(transaction, request, flow, now)
        except IntervalTooSmall as small:
            refusal = response_to(request, 422, fields=[("Min-SE", str(small.min_se))])
        except ProtocolViolation as violation:
            refusal = response_to(request, violation.status, violation.reason)
        if refusal is not None:
            self._transactions.respond(transaction, tagged(refusal), now)

    def _route(self, transaction: Transaction, request: Request, flow: Flow, now: float) -> Response | None:
        """Take a new request to whom it is for; gives the answer when it is for nobody. Raises ProtocolViolation."""
        method = request.method
        if method == "CANCEL":
            return self._cancelled(request, now)
        if request.to.tag is None:
            if self._transactions.is_merged(transaction, request):
                return response_to(request, 482)
            if method == "INVITE":
                self._sessions.invited(transaction, request, flow, now)
                return None
        else:
            session = self._sessions.find(request)
            if session is not None and self._sessions.requested(session, transaction, request, flow, now):
                return None
            if method == "SUBSCRIBE" and self._referrals.subscribed(transaction, request, now):
                return None
        if method in SESSION_METHODS:
            return outside_of_any(request)
        id = self._token()
        self._unanswered[id] = transaction
        self._events.append(RequestReceived(id, request, flow))
        return None

    def _cancelled(self, cancel: Request, now: float) -> Response:
        invite = self._transactions.cancelled_by(cancel)
        if invite is None:
            late = self._transactions.has_refused(cancel) or now - self.refused_at < TRANSACTION_TIMEOUT
            return response_to(cancel, 200 if late else 481)
        self._sessions.cancelled(invite, cancel, now)
        return response_to(cancel, 200, to_tag=invite.to_tag)

    def _answer_statelessly(
        self, request: Request, status: int, reason: str | None, flow: Flow, fields: Fields = (), tag: str = ""
    ) -> None:
        """Answer a request that gets no transaction, as far as it can be read (RFC 3261 §8.2.7)."""
        try:
            back = response_flow(request.via, flow)
            stamp_source(request, flow)
        except ProtocolViolation:
            back = flow
        response = tagged(response_to(request, status, reason, fields=fields), tag)
        self._datagrams.append(Datagram(response.to_bytes(), back))

    def _drop(self, violation: ProtocolViolation, flow: Flow) -> None:
        self._dropped += 1
        _log.info("%s: %s", flow.remote[0], violation.reason)
