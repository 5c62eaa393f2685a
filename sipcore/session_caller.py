"""The caller's side of a session: INVITE, provisional responses, every fork's 2xx, CANCEL (RFC 3261 §13.2, §9.1)."""

from sipcore.dialog import Dialog
from sipcore.errors import ProtocolViolation
from sipcore.events import SessionAccepted, SessionProgress, SessionRejected
from sipcore.flow import Datagram
from sipcore.header import key_of
from sipcore.invitation import Invitation
from sipcore.message import REASONS, Request, Response
from sipcore.outgoing import CREDENTIALS, Outgoing
from sipcore.reliability import ReliabilityOfPeer
from sipcore.session import Described, Occurrence, OwedAnswer, Session
from sipcore.session_body import sdp_of
from sipcore.session_machine import Act, Happening
from sipcore.session_refresh import SessionRefresh
from sipcore.session_space import SDP_TYPE, Due, SessionSpace
from sipcore.session_timer import request_fields


class Caller:
    """Makes sessions and follows them until they are up or rejected."""

    def __init__(self, space: SessionSpace, reliability: ReliabilityOfPeer, refresh: SessionRefresh) -> None:
        self._space = space
        self._reliability = reliability
        self._refresh = refresh
        space.acts |= {
            Act.REPORT_PROGRESS: self._report_progress,
            Act.FOLLOW: self._follow,
            Act.SORT: self._sort,
            Act.DECLINE: self._decline,
            Act.REPORT_REJECTED: self._report_rejected,
            Act.REPORT_CANCELLED: self._report_cancelled,
            Act.SEND_CANCEL: self._send_cancel,
        }

    def invite(self, invitation: Invitation, now: float) -> Session:
        """Send the INVITE of a new session."""
        space = self._space
        user = getattr(invitation.local.uri, "user", None) or ""
        contact = invitation.contact or space.own_contact(invitation.flow, user)
        fields = [("Max-Forwards", str(invitation.max_forwards))]
        fields += [("Route", route if "<" in route else f"<{route}>") for route in invitation.routes]
        fields += [
            ("From", str(invitation.local.with_tag(space.token()))),
            ("To", str(invitation.remote)),
            ("Call-ID", invitation.call_id or space.token()),
            ("CSeq", "1 INVITE"),
        ]
        request = Request("INVITE", invitation.uri, fields, invitation.offer or b"")
        session = Session(space.token(), invitation.flow, contact, request, is_caller=True)
        # Without an offer of ours a reliable response would carry the peer's, and its PRACK the answer.
        without = None if invitation.offer else "100rel"
        for name, value in space.capabilities(session, invitation.fields, without=without):
            request.add(name, value)
        for name, value in request_fields(space.config.session_expires, space.config.min_se, None):
            request.add(name, value)
        request.add("User-Agent", space.config.user_agent)
        if invitation.offer:
            request.add(*SDP_TYPE)
        session.credentials = invitation.credentials
        session.local_sdp = invitation.offer
        session.outgoing = Outgoing(
            session.id, request, invitation.flow, session=session, credentials=invitation.credentials
        )
        space.add(session)
        if invitation.timeout is not None:
            space.start_timer(session, Due.NO_ANSWER, invitation.timeout, now)
        space.sender.send(session.outgoing, now)
        return session

    def received(self, session: Session, outgoing: Outgoing, response: Response, now: float) -> None:
        """A response to the INVITE."""
        if response.status == 422 and self._refresh.ask_longer(outgoing, response, now):
            self.repeated(session, now)
            return
        session.invite = outgoing.request
        status, reason = response.status, response.reason
        if status >= 300:
            what = Happening.FAILURE
        elif status < 200:
            what = Happening.PROVISIONAL
        else:
            what = Happening.SUCCESS
            try:
                Dialog.as_uac(session.invite, response, session.flow)
                sdp_of(response)
            except ProtocolViolation:
                # A call with a 2xx that makes no dialog can be neither acknowledged nor ended; so it is where it
                # cannot be read.
                what, status, reason = Happening.FAILURE, 502, "Bad Gateway"
        self._space.feed(session, Occurrence(what, response, status=status, reason=reason), now)

    def repeated(self, session: Session, now: float) -> None:
        """The INVITE was sent anew in the place of one that was refused."""
        self._space.feed(session, Occurrence(Happening.REPEATED), now)

    def give_up(self, session: Session, status: int, reason: str | None, now: float) -> None:
        """Cancel the call; `SessionRejected` will tell `status`. `reason` is a Reason header's value."""
        session.give_up_status = status
        session.cancel_reason = session.bye_reason = reason
        if session.outgoing is not None:
            session.outgoing.final = True
        self._space.feed(session, Occurrence(Happening.CANCEL), now)

    # --- provisional responses

    def _report_progress(self, session: Session, occurrence: Occurrence, now: float) -> None:
        response = _response(occurrence)
        if response.status == 100:
            return
        session.peer_allows = response.allow or session.peer_allows
        dialog = self._early_dialog(session, response)
        if dialog is not None and not self._reliability.accept(session, dialog, response, now):
            return
        sdp = sdp_of(response)
        if sdp is not None:
            session.remote_sdp = sdp
            local, local_answers = _own_description(session, response)
            session.early[response.to.tag or ""] = Described(sdp, local, local_answers)
        local, _ = _own_description(session, response)
        self._space.events.append(SessionProgress(session.id, response.status, response.reason, response, sdp, local))

    def _early_dialog(self, session: Session, response: Response) -> Dialog | None:
        """The early dialog of this fork (§12.1), None where the response makes none."""
        tag = response.to.tag
        if tag is None:
            return None
        dialog = session.dialogs.get(tag)
        if dialog is None:
            if not response.contacts:
                return None
            dialog = Dialog.as_uac(session.invite, response, session.flow)
            self._space.add_dialog(session, dialog)
        elif response.contacts:
            dialog.refresh_target(response, dialog.flow)
        session.dialog = dialog
        return dialog

    # --- 2xx

    def _follow(self, session: Session, occurrence: Occurrence, now: float) -> None:
        space, response = self._space, _response(occurrence)
        space.stop_timer(session, Due.NO_ANSWER)
        dialog = self._confirmed_dialog(session, response)
        space.add_dialog(session, dialog)
        session.dialog = dialog
        session.peer_allows = response.allow or session.peer_allows
        sdp = sdp_of(response)
        early = session.early.get(dialog.remote_tag)
        if early is not None and (sdp is None or early.local_answers):
            # An answer that came reliably need not come again (RFC 3262 §5), and of others the first counts (§13.2.1):
            # not one that stands in the 2xx still, where an UPDATE has changed it since.
            sdp = early.remote
        session.local_sdp, session.local_answers = _own_description(session, response)
        session.remote_sdp = sdp or session.remote_sdp
        self._drop_offer_of_others(session, dialog, now)
        if session.local_sdp is None and sdp is not None:
            session.owed_answer = OwedAnswer(response, session.invite)
        else:
            self.acknowledge(session, dialog, session.invite, None)
        self._refresh.granted(session, response, now)
        space.events.append(SessionAccepted(session.id, response, sdp, session.local_sdp))

    def _drop_offer_of_others(self, session: Session, dialog: Dialog, now: float) -> None:
        """Another fork has asked for something, and was not answered before this one was followed."""
        asked = session.peer_offer
        if asked is not None and asked.request.from_.tag != dialog.remote.tag:
            session.peer_offer = None
            self._space.respond(asked.transaction, asked.request, 481, now)

    def _confirmed_dialog(self, session: Session, response: Response) -> Dialog:
        """The dialog that a 2xx makes; it sets the route set anew, but numbers go on (§13.2.2.4)."""
        dialog = Dialog.as_uac(session.invite, response, session.flow)
        early = session.dialogs.get(dialog.remote_tag)
        if early is not None:
            dialog.local_cseq = max(early.local_cseq, dialog.local_cseq)
            dialog.remote_cseq = early.remote_cseq
        return dialog

    def acknowledge(self, session: Session, dialog: Dialog, invite: Request, sdp: bytes | None) -> None:
        """Send the ACK for a 2xx to `invite`, with its credentials (§22.1), and keep it for the 2xx that come again."""
        cseq = invite.cseq.number
        fields = [SDP_TYPE] if sdp else []
        if session.credentials is not None:
            fields += [field for field in invite.fields if key_of(field[0]) in CREDENTIALS]
        ack = dialog.request("ACK", cseq=cseq, fields=fields, body=sdp or b"")
        data = self._space.transactions.send_ack(ack, dialog.flow)
        session.acks[dialog.remote_tag, cseq] = data

    def acknowledge_again(self, session: Session, response: Response) -> bool:
        """True if this 2xx was acknowledged before; its ACK is sent again."""
        tag = response.to.tag or ""
        data = session.acks.get((tag, response.cseq.number))
        if data is None:
            return False
        self._space.out.append(Datagram(data, session.dialogs[tag].flow))
        return True

    def _sort(self, session: Session, occurrence: Occurrence, now: float) -> None:
        response = _response(occurrence)
        owed = session.owed_answer
        if owed is not None and owed.response.to.tag == response.to.tag:
            return
        if not self.acknowledge_again(session, response):
            self._decline(session, occurrence, now)

    def _decline(self, session: Session, occurrence: Occurrence, now: float) -> None:
        response = _response(occurrence)
        dialog = self._confirmed_dialog(session, response)
        session.dialogs[dialog.remote_tag] = dialog
        self.acknowledge(session, dialog, session.invite, None)
        self._space.send_bye(session, dialog, None, now)

    # --- failure and CANCEL

    def _report_rejected(self, session: Session, occurrence: Occurrence, now: float) -> None:
        status = occurrence.status
        reason = occurrence.reason or REASONS.get(status, "")
        self._space.events.append(SessionRejected(session.id, status, reason, occurrence.response))

    def _report_cancelled(self, session: Session, occurrence: Occurrence, now: float) -> None:
        status = session.give_up_status
        self._space.events.append(SessionRejected(session.id, status, REASONS[status], occurrence.response))

    def _send_cancel(self, session: Session, occurrence: Occurrence, now: float) -> None:
        transaction = session.outgoing.transaction if session.outgoing else None
        if transaction is not None:
            self._space.transactions.cancel(transaction, session.cancel_reason, now)


def _own_description(session: Session, response: Response) -> tuple[bytes | None, bool]:
    """Ours that belongs to the fork of a response, and whether it answers the peer's: the INVITE's, or a later one."""
    early = session.early.get(response.to.tag or "")
    return (early.local, early.local_answers) if early is not None else (session.invite.body or None, False)


def _response(occurrence: Occurrence) -> Response:
    assert occurrence.response is not None
    return occurrence.response
