"""All INVITE sessions: takes what happens to them to the part that knows, and our user's commands likewise."""

from typing import Final

from sipcore.dialog import Dialog
from sipcore.dice import between
from sipcore.digest import Credentials
from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.events import AnswerReceived, InfoReceived
from sipcore.flow import Flow
from sipcore.invitation import Invitation
from sipcore.message import Request, Response
from sipcore.outgoing import Outgoing
from sipcore.referrals import Referrals
from sipcore.reliability import ReliabilityOfOurs, ReliabilityOfPeer
from sipcore.replaces import Replaces
from sipcore.session import Occurrence, OwnOffer, Session
from sipcore.session_body import sdp_of
from sipcore.session_callee import Callee
from sipcore.session_caller import Caller
from sipcore.session_keeping import invite_record_of, proceeding, record_of, take_up
from sipcore.session_machine import Act, Happening, SessionState
from sipcore.session_offers import Offers
from sipcore.session_record import InviteRecord, SessionRecord
from sipcore.session_refresh import SessionRefresh
from sipcore.session_space import Due, SessionSpace
from sipcore.timers import T2
from sipcore.transaction import Transaction

SESSION_METHODS: Final = frozenset(("INVITE", "BYE", "PRACK", "UPDATE", "INFO", "REFER"))
"""Requests within a dialog that belong to its INVITE session."""

_RETRY_SECONDS: Final = 10.0


class Sessions:
    """Joins caller, called party, offers, reliability and session timers over one `SessionSpace`."""

    def __init__(self, space: SessionSpace, referrals: Referrals) -> None:
        self._space = space
        self._referrals = referrals
        self._refresh = refresh = SessionRefresh(space, space.sender)
        self._reliability = ReliabilityOfOurs(space)
        self._caller = Caller(space, ReliabilityOfPeer(space), refresh)
        self._callee = Callee(space, self._reliability, refresh)
        self._offers = Offers(space, self._caller, self._callee, refresh)
        space.acts[Act.SEND_BYE] = self._send_bye

    @property
    def session_count(self) -> int:
        return len(self._space.sessions)

    @property
    def dialog_count(self) -> int:
        return len(self._space.dialogs)

    # --- requests from the network

    def find(self, request: Request) -> Session | None:
        """The session of a request within a dialog. Raises ProtocolViolation, as for an OPTIONS that asks for none."""
        session = self._space.dialogs.get((request.call_id, request.to.tag or "", request.from_.tag or ""))
        if session is None and request.method == "OPTIONS":
            # Who asks so wants to know whether the call is still there (RFC 3261 §12.2.2).
            raise ProtocolViolation("Call/Transaction Does Not Exist", 481)
        return session

    def invited(self, transaction: Transaction, request: Request, flow: Flow, now: float) -> None:
        """An INVITE outside dialogs. Raises ProtocolViolation."""
        self._callee.invited(transaction, request, flow, now)

    def requested(self, session: Session, transaction: Transaction, request: Request, flow: Flow, now: float) -> bool:
        """A request within a dialog of `session`. False when it is not about the session: our user is to answer it.

        Raises ProtocolViolation.
        """
        dialog = session.dialogs[request.from_.tag or ""]
        if not dialog.in_order(request):
            seconds = str(int(between(0.0, _RETRY_SECONDS, self._space.token)))
            self._space.respond(transaction, request, 500, now, fields=[("Retry-After", seconds)])
            return True
        dialog.heard_on(flow)
        method = request.method
        if session.state is SessionState.UP and dialog is not session.dialog:
            # A fork that lost: its BYE may cross ours, and does not end the session.
            self._space.respond(transaction, request, 200 if method == "BYE" else 481, now)
        elif method == "BYE":
            self._bye_received(session, transaction, request, now)
        elif method == "PRACK":
            self._prack_received(session, transaction, request, flow, now)
        elif method in ("INVITE", "UPDATE"):
            self._offers.asked(session, transaction, request, flow, now)
        elif method == "INFO":
            self._space.respond(transaction, request, 200, now)
            self._space.events.append(InfoReceived(session.id, request.content_type or "", request.body))
        elif method == "REFER":
            self._referrals.asked(session, transaction, request, flow)
        else:
            return False
        return True

    def _bye_received(self, session: Session, transaction: Transaction, request: Request, now: float) -> None:
        self._space.respond(transaction, request, 200, now)
        occurrence = Occurrence(Happening.BYE, cause="bye", reason=request.header("Reason"))
        self._space.feed(session, occurrence, now)

    def _prack_received(
        self, session: Session, transaction: Transaction, request: Request, flow: Flow, now: float
    ) -> None:
        sdp = sdp_of(request)
        if not self._reliability.acknowledged(session, request):
            self._space.respond(transaction, request, 481, now)
            return
        if sdp is not None and session.remote_sdp is None:
            session.remote_sdp = sdp
            self._space.respond(transaction, request, 200, now)
            self._space.events.append(AnswerReceived(session.id, sdp, in_request=True))
        else:
            self._offers.asked(session, transaction, request, flow, now)
        self._reliability.release(session, now)

    def cancelled(self, invite: Transaction, cancel: Request, now: float) -> None:
        """A CANCEL of an INVITE of a session (§9.2); one that is answered goes on."""
        session = invite.user
        if not isinstance(session, Session):
            return
        if invite is session.transaction:
            # One for each protocol, on one line or on many (RFC 3326 §2).
            occurrence = Occurrence(Happening.CANCELLED, reason=", ".join(cancel.all_of("reason")) or None)
            self._space.feed(session, occurrence, now)
        else:
            self._offers.withdrawn(session, invite, now)

    def acknowledged(self, ack: Request, now: float) -> None:
        """The ACK for a 2xx; one for nothing is ignored. Raises ProtocolViolation."""
        session = self.find(ack)
        if session is None:
            return
        # Read before anything is taken note of: an ACK that cannot be read is none, and the 2xx is sent again.
        sdp = sdp_of(ack)
        awaited = self._callee.acknowledged(session, ack)
        if awaited is None:
            return
        if awaited.initial:
            self._space.feed(session, Occurrence(Happening.ACK, sdp=sdp), now)
            self._offers.send_waiting(session, now)
        else:
            self._offers.confirmed(session, sdp, awaited.carries_offer, now)

    # --- what becomes of our requests

    def repeated(self, session: Session, outgoing: Outgoing, now: float) -> None:
        """A request of the session was sent anew, with credentials."""
        if outgoing.makes_session:
            self._caller.repeated(session, now)

    def answered(self, session: Session, outgoing: Outgoing, response: Response, now: float) -> None:
        """A response to a request of the session; a malformed one is dropped. Raises ProtocolViolation."""
        method = outgoing.request.method
        if outgoing.makes_session:
            self._caller.received(session, outgoing, response, now)
        elif response.status < 200:
            if session.ended and outgoing.transaction is not None:
                self._space.transactions.give_up(outgoing.transaction, now)
        elif method in ("INVITE", "UPDATE"):
            self._offers.answered(session, outgoing, response, now)
        elif method == "INFO" and response.status in (408, 481):
            self._space.feed(session, Occurrence(Happening.LOST, cause="timeout"), now)

    def failed(self, session: Session, outgoing: Outgoing, status: int, now: float) -> None:
        """A request of the session got no final response: 408 after its time, 503 when its transport failed."""
        if status == 503 and self._space.sender.go_round(outgoing, now):
            return
        sent = session.sent_offer
        if outgoing.makes_session:
            self._space.feed(session, Occurrence(Happening.FAILURE, status=status), now)
        elif sent is not None and sent.outgoing is outgoing:
            self._offers.refused(session, sent, status, now)
        elif outgoing.request.method == "INFO" and status == 408:
            self._space.feed(session, Occurrence(Happening.LOST, cause="timeout"), now)

    def transport_failed(self, session: Session, now: float) -> None:
        """The caller cannot be answered."""
        self._space.feed(session, Occurrence(Happening.TRANSPORT_ERROR, cause="transport"), now)

    def timeout(self, session: Session, due: str, now: float) -> None:
        """A timer of a session fired."""
        session.timers.pop(due, None)
        space = self._space
        match due:
            case Due.NO_ANSWER:
                self._caller.give_up(session, 408, None, now)
            case Due.REPEAT_1XX:
                self._callee.repeat_progress(session, now)
            case Due.REPEAT_RELIABLE:
                self._reliability.repeat(session, now)
            case Due.REPEAT_2XX:
                self._callee.repeat_2xx(session, now)
            case Due.NO_ACK:
                session.awaited_ack = None
                space.stop_timer(session, Due.REPEAT_2XX)
                space.feed(session, Occurrence(Happening.NO_ACK, cause="no-ack"), now)
            case Due.GLARE:
                self._offers.send_waiting(session, now)
            case Due.REFRESH:
                if session.own_offer is None and session.sent_offer is None:
                    self._offers.offer(session, OwnOffer(None, is_refresh=True), now)
                else:
                    # What is on its way refreshes the session too, unless it is refused.
                    space.start_timer(session, Due.REFRESH, T2, now)
            case Due.EXPIRED:
                space.feed(session, Occurrence(Happening.EXPIRED, cause="expired"), now)

    # --- dialogs by name

    def replaced(self, replaces: Replaces) -> Session | None:
        """The session whose dialog a Replaces names."""
        found = (self._space.dialogs.get(dialog) for dialog in replaces.dialogs)
        return next((session for session in found if session is not None), None)

    def has_ended(self, replaces: Replaces, now: float) -> bool:
        """True where the dialog that it names was there and is over."""
        return any(self._space.has_ended(dialog, now) for dialog in replaces.dialogs)

    # --- over a restart

    def record_of(self, session: str) -> SessionRecord | None:
        found = self._space.sessions.get(session)
        return record_of(found) if found is not None else None

    def take_up(self, record: SessionRecord, now: float) -> None:
        take_up(record, self._space, self._refresh, now)

    def invite_record_of(self, session: str) -> InviteRecord | None:
        found = self._space.sessions.get(session)
        return invite_record_of(found) if found is not None else None

    def take_back(self, record: InviteRecord, now: float, credentials: Credentials | None) -> None:
        self._caller.give_up(proceeding(record, self._space, credentials), 487, None, now)

    # --- our user's commands

    def invite(self, invitation: Invitation, now: float) -> str:
        return self._caller.invite(invitation, now).id

    def progress(
        self,
        session: str,
        status: int,
        now: float,
        *,
        sdp: bytes | None,
        reason: str | None,
        fields: tuple[tuple[str, str], ...],
    ) -> None:
        _check_status(status, 101, 199)
        self._command(
            session, Occurrence(Happening.PROGRESS, status=status, sdp=sdp, reason=reason, fields=fields), now
        )

    def accept(self, session: str, sdp: bytes | None, now: float, fields: tuple[tuple[str, str], ...]) -> None:
        found = self._space.sessions.get(session)
        if found is not None:
            self._callee.accept(found, Occurrence(Happening.ACCEPT, status=200, sdp=sdp, fields=fields), now)

    def reject(
        self, session: str, status: int, now: float, *, reason: str | None, fields: tuple[tuple[str, str], ...]
    ) -> None:
        _check_status(status, 300, 699)
        self._command(session, Occurrence(Happening.REJECT, status=status, reason=reason, fields=fields), now)

    def cancel(self, session: str, now: float, reason: str | None) -> None:
        found = self._space.sessions.get(session)
        if found is not None:
            self._caller.give_up(found, 487, reason, now)

    def bye(self, session: str, now: float, reason: str | None) -> None:
        found = self._space.sessions.get(session)
        if found is not None:
            found.bye_reason = reason
            self._space.feed(found, Occurrence(Happening.HANG_UP, status=480), now)

    def offer(self, session: str, sdp: bytes | None, now: float) -> None:
        found = self._space.sessions.get(session)
        if found is not None:
            self._offers.offer(found, OwnOffer(sdp), now)

    def answer(self, session: str, sdp: bytes, now: float) -> None:
        found = self._space.sessions.get(session)
        if found is not None:
            self._offers.answer(found, sdp, now)
            self._reliability.release(found, now)

    def refuse(self, session: str, status: int, now: float) -> None:
        found = self._space.sessions.get(session)
        if found is not None:
            self._offers.refuse(found, status, now)
            self._reliability.release(found, now)

    def info(self, session: str, content_type: str, body: bytes, now: float) -> None:
        found = self._space.sessions.get(session)
        if found is not None and found.dialog is not None:
            request = found.dialog.request("INFO", fields=[("Content-Type", content_type)], body=body)
            self._space.send(found, found.dialog, request, now)

    def authorise(self, session: str, credentials: Credentials) -> None:
        found = self._space.sessions.get(session)
        if found is not None:
            found.credentials = credentials

    def identify(self, session: str, fields: tuple[tuple[str, str], ...], now: float) -> None:
        found = self._space.sessions.get(session)
        if found is None or found.dialog is None or found.state is not SessionState.UP:
            return
        if "UPDATE" in found.peer_allows:
            head = self._space.capabilities(found, [*self._refresh.fields(found), *fields])
            self._space.send(found, found.dialog, found.dialog.request("UPDATE", fields=head), now)

    def is_asked(self, session: str) -> bool:
        found = self._space.sessions.get(session)
        return found is not None and (found.peer_offer is not None or found.owed_answer is not None)

    def is_unheard(self, session: str) -> bool:
        found = self._space.sessions.get(session)
        return found is not None and found.state is SessionState.CALLING

    def dialog_of(self, session: str) -> Dialog | None:
        """The dialog that the session has now: none before the first response of the called party with a tag."""
        found = self._space.sessions.get(session)
        return None if found is None else found.dialog

    def _command(self, session: str, occurrence: Occurrence, now: float) -> None:
        found = self._space.sessions.get(session)
        if found is not None:
            self._space.feed(found, occurrence, now)

    def _send_bye(self, session: Session, occurrence: Occurrence, now: float) -> None:
        if session.dialog is None:
            raise LocalMisuse(f"session {session.id} has no dialog to end")
        owed, session.owed_answer = session.owed_answer, None
        if owed is not None:
            self._caller.acknowledge(session, session.dialog, owed.invite, None)
        self._space.send_bye(session, session.dialog, session.bye_reason, now)


def _check_status(status: int, least: int, most: int) -> None:
    if not least <= status <= most:
        raise LocalMisuse(f"status {status}: expected {least} to {most}")
