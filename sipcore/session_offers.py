"""Offers within a session: re-INVITE and UPDATE, ours and the peer's, glare (RFC 3261 §14, RFC 3311)."""

from contextlib import suppress
from typing import Final

from sipcore.dice import between
from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.events import AnswerReceived, OfferReceived, OfferRefused
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.outgoing import Outgoing
from sipcore.session import Described, Occurrence, OwedAnswer, OwnOffer, PeerOffer, SentOffer, Session
from sipcore.session_body import sdp_of
from sipcore.session_callee import Callee
from sipcore.session_caller import Caller
from sipcore.session_machine import Happening, SessionState
from sipcore.session_refresh import SessionRefresh
from sipcore.session_space import SDP_TYPE, Due, SessionSpace
from sipcore.transaction import State, Transaction

_BUSY_SECONDS: Final = 10.0
"""Retry-After of a 500 is chosen up to this (RFC 3261 §14.2, RFC 3311 §5.2)."""


class Offers:
    """One exchange at a time: an offer of ours waits while another is on its way."""

    def __init__(self, space: SessionSpace, caller: Caller, callee: Callee, refresh: SessionRefresh) -> None:
        self._space = space
        self._caller = caller
        self._callee = callee
        self._refresh = refresh

    # --- ours

    def offer(self, session: Session, own: OwnOffer, now: float) -> None:
        """Send an offer as soon as the session is free for it; a later one takes the place of one that waits."""
        if session.ended:
            return
        session.own_offer = own
        self.send_waiting(session, now)

    def send_waiting(self, session: Session, now: float) -> None:
        """Send the offer that waits, if nothing is in its way any more."""
        own, dialog = session.own_offer, session.dialog
        if own is None or dialog is None or Due.GLARE in session.timers:
            return
        if session.sent_offer or session.peer_offer or session.awaited_ack or session.owed_answer:
            return
        method = self._method(session, own)
        if method is None:
            return
        session.own_offer = None
        sdp = own.sdp
        if own.is_refresh and method == "INVITE":
            sdp = session.local_sdp
        fields = self._space.capabilities(session, self._refresh.fields(session))
        if sdp is not None:
            fields.append(SDP_TYPE)
        request = dialog.request(method, fields=fields, body=sdp or b"")
        outgoing = self._space.send(session, dialog, request, now)
        session.sent_offer = SentOffer(outgoing, OwnOffer(sdp, own.is_refresh))

    def _method(self, session: Session, own: OwnOffer) -> str | None:
        """UPDATE before the answer and for refreshes where the peer has it, else INVITE; None while neither may be."""
        update = "UPDATE" in session.peer_allows and "UPDATE" in self._space.config.allow
        if session.state is SessionState.UP:
            return "UPDATE" if own.is_refresh and update else "INVITE"
        early = session.state in (SessionState.PROCEEDING, SessionState.INVITED)
        # The first offer must have been answered, and reliably, so that both know it (RFC 3311 §5.1).
        negotiated = session.rseqs_heard or (session.rseq and not session.reliable)
        return "UPDATE" if early and update and negotiated and session.remote_sdp and session.local_sdp else None

    def answered(self, session: Session, outgoing: Outgoing, response: Response, now: float) -> None:
        """A final response to our re-INVITE or UPDATE."""
        status = response.status
        sent = session.sent_offer
        if status < 300:
            self._accepted(session, outgoing, response, now)
            return
        if sent is None or sent.outgoing is not outgoing:
            return
        if status == 422 and self._refresh.ask_longer(outgoing, response, now):
            return
        session.sent_offer = None
        if status == 491:
            session.own_offer = session.own_offer or sent.own
            self._space.start_timer(session, Due.GLARE, self._glare_delay(session), now)
            return
        self.refused(session, sent, status, now)

    def refused(self, session: Session, sent: SentOffer, status: int, now: float) -> None:
        """Our offer failed: the session goes on as before, unless the peer does not know it (§12.2.1.2, §14.1)."""
        session.sent_offer = None
        if status in (408, 481):
            self._space.feed(session, Occurrence(Happening.LOST, cause="timeout"), now)
            return
        if not sent.own.is_refresh:
            self._space.events.append(OfferRefused(session.id, status))
        elif status == 503:
            self._refresh.again(session, now)
        else:
            # Whatever the peer thinks of the refresh, it is there.
            self._refresh.heard(session, now)
        self.send_waiting(session, now)

    def _glare_delay(self, session: Session) -> float:
        """Who made the Call-ID waits longer, so that the two do not meet again (§14.1), in units of 10 ms."""
        least, most = (2.1, 4.0) if session.is_caller else (0.0, 2.0)
        return max(round(between(least, most, self._space.token), 2), 0.01)

    def _accepted(self, session: Session, outgoing: Outgoing, response: Response, now: float) -> None:
        is_invite = outgoing.request.method == "INVITE"
        dialog, sent = outgoing.dialog, session.sent_offer
        if dialog is None or (is_invite and self._caller.acknowledge_again(session, response)):
            return
        if sent is None or sent.outgoing is not outgoing:
            if is_invite and session.owed_answer is None:
                # The session is over, but its peer waits for the ACK.
                self._caller.acknowledge(session, dialog, outgoing.request, None)
            return
        session.sent_offer = None
        session.peer_allows = response.allow or session.peer_allows
        self._refresh.granted(session, response, now)
        sdp: bytes | None = None
        # Who waits for the answer is to hear of it, and the peer its ACK: what cannot be read of it is not there.
        with suppress(ProtocolViolation):
            sdp = sdp_of(response)
            dialog.refresh_target(response, dialog.flow)
        if is_invite and sent.own.sdp is None and sdp is not None:
            session.owed_answer = OwedAnswer(response, outgoing.request)
            self._space.events.append(OfferReceived(session.id, "INVITE", sdp))
            return
        if is_invite:
            self._caller.acknowledge(session, dialog, outgoing.request, None)
        changed = sdp is not None and sdp != session.remote_sdp
        if sent.own.sdp is not None:
            session.local_sdp, session.local_answers = sent.own.sdp, False
            session.remote_sdp = sdp or session.remote_sdp
        if sdp is not None and dialog.remote_tag in session.early:
            session.early[dialog.remote_tag] = Described(sdp, sent.own.sdp or session.local_sdp, sent.own.sdp is None)
        # Where our user has an offer waiting, its answer follows, and must not be taken for this one.
        if not sent.own.is_refresh or (changed and session.own_offer is None):
            self._space.events.append(AnswerReceived(session.id, sdp))
        self.send_waiting(session, now)

    # --- the peer's

    def asked(self, session: Session, transaction: Transaction, request: Request, flow: Flow, now: float) -> None:
        """A re-INVITE, or an UPDATE or PRACK with a body or without. Raises ProtocolViolation."""
        offer = sdp_of(request)
        is_invite = request.method == "INVITE"
        if (is_invite or offer is not None) and not self._is_free(session, transaction, request, now):
            return
        if request.method != "PRACK":
            timer = self._refresh.agreed(request)
            session.dialogs[request.from_.tag or ""].refresh_target(request, flow)
            session.peer_allows = request.allow or session.peer_allows
            if offer is None and not is_invite:
                granted = self._refresh.grant(session, timer, request, now)
                self._space.respond(transaction, request, 200, now, fields=self._space.capabilities(session, granted))
                return
        elif offer is None:
            self._space.respond(transaction, request, 200, now)
            return
        transaction.user = session
        session.peer_offer = PeerOffer(transaction, request, offer)
        if is_invite:
            self._space.respond(transaction, request, 100, now)
        if (
            offer is not None
            and offer == session.remote_sdp
            and session.local_sdp is not None
            and session.local_answers
        ):
            # The same description again only refreshes the session (RFC 4028 §7.4).
            self.answer(session, session.local_sdp, now)
            return
        self._space.events.append(OfferReceived(session.id, request.method, offer))

    def _is_free(self, session: Session, transaction: Transaction, request: Request, now: float) -> bool:
        """True if the peer may offer now; else it is told to come again (§14.2, RFC 3311 §5.2)."""
        unanswered = session.state is SessionState.INVITED and (request.method == "INVITE" or session.local_sdp is None)
        if session.peer_offer is not None or unanswered:
            seconds = str(int(between(0.0, _BUSY_SECONDS, self._space.token)))
            self._space.respond(transaction, request, 500, now, fields=[("Retry-After", seconds)])
            return False
        if session.sent_offer is not None or session.awaited_ack is not None or session.owed_answer is not None:
            self._space.respond(transaction, request, 491, now)
            return False
        return True

    def answer(self, session: Session, sdp: bytes, now: float) -> None:
        """Our user's answer, or our offer to a re-INVITE without one. Ignored when the question is gone."""
        owed = session.owed_answer
        if owed is not None and session.dialog is not None and not session.ended:
            session.owed_answer = None
            session.local_sdp, session.local_answers = sdp, True
            session.remote_sdp = sdp_of(owed.response) or session.remote_sdp
            self._caller.acknowledge(session, session.dialog, owed.invite, sdp)
            self.send_waiting(session, now)
            return
        asked = session.peer_offer
        if asked is None or session.ended:
            return
        session.peer_offer = None
        session.local_sdp, session.local_answers = sdp, asked.offer is not None
        session.remote_sdp = asked.offer or session.remote_sdp
        tag = asked.request.from_.tag or ""
        if asked.offer is not None and tag in session.early:
            session.early[tag] = Described(asked.offer, sdp, True)
        space = self._space
        if asked.request.method == "PRACK":
            space.respond(asked.transaction, asked.request, 200, now, sdp=sdp)
            return
        timer = self._refresh.agreed(asked.request)
        granted = self._refresh.grant(session, timer, asked.request, now)
        fields = space.capabilities(session, granted)
        if asked.request.method == "UPDATE":
            space.respond(asked.transaction, asked.request, 200, now, fields=fields, sdp=sdp)
            self.send_waiting(session, now)
            return
        response = space.make_response(asked.request, 200, fields=fields, sdp=sdp)
        self._callee.send_2xx(
            session, asked.transaction, asked.request, response, now, initial=False, carries_offer=asked.offer is None
        )

    def refuse(self, session: Session, status: int, now: float) -> None:
        """Our user refuses the peer's offer; the session goes on as before. Ignored when the offer is gone."""
        if status < 300:
            raise LocalMisuse(f"{status} refuses nothing")
        asked = session.peer_offer
        if asked is None:
            return
        session.peer_offer = None
        self._space.respond(asked.transaction, asked.request, status, now)
        self.send_waiting(session, now)

    def withdrawn(self, session: Session, transaction: Transaction, now: float) -> None:
        """The peer cancels its re-INVITE (§9.2)."""
        asked = session.peer_offer
        if asked is not None and asked.transaction is transaction and transaction.state is State.PROCEEDING:
            session.peer_offer = None
            self._space.respond(transaction, asked.request, 487, now)
            self.send_waiting(session, now)

    def confirmed(self, session: Session, sdp: bytes | None, carried_offer: bool, now: float) -> None:
        """The ACK of our 2xx to a re-INVITE."""
        if carried_offer:
            session.remote_sdp = sdp or session.remote_sdp
            self._space.events.append(AnswerReceived(session.id, sdp, in_request=True))
        self.send_waiting(session, now)
