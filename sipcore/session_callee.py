"""The called party's side of a session: from the INVITE to the ACK of its 2xx (RFC 3261 §13.3)."""

from typing import Final

from sipcore.dialog import Dialog
from sipcore.errors import LocalMisuse
from sipcore.events import InviteReceived, SessionCancelled, SessionEnded, SessionEstablished
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.reliability import ReliabilityOfOurs, holds_answer
from sipcore.replaces import replaces_of
from sipcore.session import AwaitedAck, Occurrence, Session
from sipcore.session_body import sdp_of
from sipcore.session_machine import Act
from sipcore.session_refresh import SessionRefresh
from sipcore.session_space import Due, SessionSpace
from sipcore.timers import T1, T2, TRANSACTION_TIMEOUT
from sipcore.transaction import State, Transaction

REPEAT_1XX_AFTER: Final = 60.0
"""Seconds after which a provisional response is repeated, so that no proxy gives the call up (RFC 3261 §13.3.1.1)."""


class Callee:
    """Answers INVITEs that make sessions."""

    def __init__(self, space: SessionSpace, reliability: ReliabilityOfOurs, refresh: SessionRefresh) -> None:
        self._space = space
        self._reliability = reliability
        self._refresh = refresh
        space.acts |= {
            Act.SEND_PROGRESS: self._send_progress,
            Act.SEND_SUCCESS: self._send_success,
            Act.SEND_REFUSAL: self._send_refusal,
            Act.SEND_TERMINATED: self._send_terminated,
            Act.SEND_PRACK_TIMEOUT: self._send_prack_timeout,
            Act.REPORT_CALLER_GONE: self._report_caller_gone,
            Act.REPORT_ESTABLISHED: self._report_established,
            Act.REPORT_ENDED: self._report_ended,
        }

    def invited(self, transaction: Transaction, request: Request, flow: Flow, now: float) -> None:
        """A new INVITE outside dialogs. Raises ProtocolViolation, as when its session interval is too small."""
        space = self._space
        offer = sdp_of(request)
        replaces = replaces_of(request)
        timer = self._refresh.agreed(request)
        dialog = Dialog.as_uas(request, space.token(), flow)
        user = getattr(request.request_uri, "user", None) or ""
        session = Session(space.token(), flow, space.own_contact(flow, user), request, is_caller=False)
        session.transaction = transaction
        session.timer = timer
        session.dialog = dialog
        session.remote_sdp = offer
        session.peer_allows = request.allow
        transaction.user = session
        transaction.to_tag = dialog.local_tag
        space.add(session)
        space.add_dialog(session, dialog)
        space.new_invites.append((transaction, now))
        space.events.append(InviteReceived(session.id, request, flow, offer, replaces))

    # --- provisional responses

    def _send_progress(self, session: Session, occurrence: Occurrence, now: float) -> None:
        response = self._response(session, occurrence)
        reliable = self._reliability.is_asked(session, occurrence.sdp)
        if occurrence.sdp is not None:
            session.local_sdp = occurrence.sdp
            session.local_answers = session.remote_sdp is not None
        if reliable:
            self._reliability.send(session, occurrence, response, now)
            return
        self._space.transactions.respond(_transaction(session), response, now)
        self._space.start_timer(session, Due.REPEAT_1XX, REPEAT_1XX_AFTER, now)

    def repeat_progress(self, session: Session, now: float) -> None:
        """A minute passed without news for the caller's proxies."""
        transaction = _transaction(session)
        self._space.transactions.resend(transaction, transaction.last)
        self._space.start_timer(session, Due.REPEAT_1XX, REPEAT_1XX_AFTER, now)

    # --- final responses

    def accept(self, session: Session, occurrence: Occurrence, now: float) -> None:
        """Our user answers; behind a description that is not acknowledged the answer waits (RFC 3262 §3)."""
        if not session.ended and holds_answer(session):
            session.held_accept = occurrence
            return
        self._space.feed(session, occurrence, now)

    def _send_success(self, session: Session, occurrence: Occurrence, now: float) -> None:
        assert session.timer is not None
        granted = self._refresh.grant(session, session.timer, session.invite, now)
        response = self._response(session, occurrence, granted)
        if occurrence.sdp is not None:
            session.local_sdp = occurrence.sdp
            session.local_answers = session.remote_sdp is not None
        self._space.stop_timer(session, Due.REPEAT_1XX)
        # Its PRACK may still come and is answered (RFC 3262 §3), but nothing waits for it.
        self._space.stop_timer(session, Due.REPEAT_RELIABLE)
        session.held_progress.clear()
        carries_offer = occurrence.sdp is not None and session.remote_sdp is None
        invite = session.invite
        self.send_2xx(session, _transaction(session), invite, response, now, initial=True, carries_offer=carries_offer)

    def send_2xx(
        self,
        session: Session,
        transaction: Transaction,
        request: Request,
        response: Response,
        now: float,
        *,
        initial: bool,
        carries_offer: bool,
    ) -> None:
        """Send a 2xx to an INVITE, and again until its ACK comes (RFC 3261 §13.3.1.4)."""
        data = self._space.transactions.respond(transaction, response, now)
        session.awaited_ack = AwaitedAck(
            transaction, data, T1, request.cseq.number, initial=initial, carries_offer=carries_offer
        )
        self._space.start_timer(session, Due.REPEAT_2XX, T1, now)
        self._space.start_timer(session, Due.NO_ACK, TRANSACTION_TIMEOUT, now)

    def repeat_2xx(self, session: Session, now: float) -> None:
        """Send the 2xx again; also over connections, for a hop behind this one may be over UDP."""
        awaited = session.awaited_ack
        if awaited is None:
            return
        self._space.transactions.resend(awaited.transaction, awaited.data)
        awaited.interval = min(2 * awaited.interval, T2)
        self._space.start_timer(session, Due.REPEAT_2XX, awaited.interval, now)

    def acknowledged(self, session: Session, ack: Request) -> AwaitedAck | None:
        """What an ACK acknowledges; None for one that came before."""
        awaited = session.awaited_ack
        if awaited is None or awaited.cseq != ack.cseq.number:
            return None
        session.awaited_ack = None
        self._space.stop_timer(session, Due.REPEAT_2XX)
        self._space.stop_timer(session, Due.NO_ACK)
        return awaited

    def _send_refusal(self, session: Session, occurrence: Occurrence, now: float) -> None:
        transaction = _transaction(session)
        response = self._response(session, occurrence)
        if not transaction.last:
            self._space.drop_dialogs(session)
        self._space.transactions.respond(transaction, response, now)

    def _send_terminated(self, session: Session, occurrence: Occurrence, now: float) -> None:
        self._send_final(session, 487, now)

    def _send_prack_timeout(self, session: Session, occurrence: Occurrence, now: float) -> None:
        self._send_final(session, 504, now)

    def _send_final(self, session: Session, status: int, now: float) -> None:
        transaction = _transaction(session)
        if transaction.state is State.PROCEEDING:
            self._space.respond(transaction, session.invite, status, now, to_tag=_own_tag(session))

    def _response(
        self, session: Session, occurrence: Occurrence, granted: list[tuple[str, str]] | None = None
    ) -> Response:
        """Our response to the INVITE, with what makes a dialog where it makes one."""
        status = occurrence.status
        fields = occurrence.fields
        if status < 300:
            fields = (*self._space.capabilities(session, fields), *(granted or ()))
        return self._space.make_response(
            session.invite,
            status,
            reason=occurrence.reason,
            to_tag=_own_tag(session),
            fields=fields,
            sdp=occurrence.sdp,
        )

    # --- reports

    def _report_caller_gone(self, session: Session, occurrence: Occurrence, now: float) -> None:
        self._space.events.append(SessionCancelled(session.id, occurrence.reason))

    def _report_established(self, session: Session, occurrence: Occurrence, now: float) -> None:
        session.remote_sdp = occurrence.sdp or session.remote_sdp
        self._space.events.append(SessionEstablished(session.id, occurrence.sdp))

    def _report_ended(self, session: Session, occurrence: Occurrence, now: float) -> None:
        self._space.events.append(SessionEnded(session.id, occurrence.cause, occurrence.reason))


def _transaction(session: Session) -> Transaction:
    if session.transaction is None:
        raise LocalMisuse(f"session {session.id} is the caller: it has no INVITE to answer")
    return session.transaction


def _own_tag(session: Session) -> str | None:
    return session.dialog.local_tag if session.dialog else None
