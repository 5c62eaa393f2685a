"""Reliable provisional responses and PRACK, both sides (RFC 3262)."""

import re
from typing import Final

from sipcore.dialog import Dialog
from sipcore.errors import ProtocolViolation
from sipcore.message import Request, Response
from sipcore.session import Occurrence, ReliableProvisional, Session
from sipcore.session_machine import Happening
from sipcore.session_space import Due, SessionSpace
from sipcore.timers import T1, TRANSACTION_TIMEOUT

_RACK: Final = re.compile(r"([0-9]{1,10})[ \t]+([0-9]{1,10})[ \t]+(\S+)")
_RSEQ: Final = re.compile(r"[0-9]{1,10}")


class ReliabilityOfPeer:
    """The caller's side: acknowledges the peer's reliable provisional responses, each once and in order (§4)."""

    def __init__(self, space: SessionSpace) -> None:
        self._space = space

    def accept(self, session: Session, dialog: Dialog, response: Response, now: float) -> bool:
        """True if the response is to be worked on; a reliable one is acknowledged with PRACK.

        False for one that came before, or before its turn. Raises ProtocolViolation.
        """
        if "100rel" not in response.require:
            return True
        value = response.header("RSeq")
        if value is None or not _RSEQ.fullmatch(value):
            raise ProtocolViolation("Malformed RSeq")
        rseq = int(value)
        tag = dialog.remote_tag
        last = session.rseqs_heard.get(tag)
        if last is not None and rseq != last + 1:
            return False
        session.rseqs_heard[tag] = rseq
        rack = f"{rseq} {response.cseq.number} {response.cseq.method}"
        self._space.send(session, dialog, dialog.request("PRACK", fields=[("RAck", rack)]), now)
        return True


class ReliabilityOfOurs:
    """The called party's side: sends provisional responses again until they are acknowledged, one at a time (§3)."""

    def __init__(self, space: SessionSpace) -> None:
        self._space = space

    def is_asked(self, session: Session, sdp: bytes | None) -> bool:
        """True if a provisional response is to be reliable: the caller insists, or can and there is a description."""
        if "100rel" not in self._space.config.supported:
            return False
        return "100rel" in session.invite.require or (sdp is not None and "100rel" in session.invite.supported)

    def send(self, session: Session, occurrence: Occurrence, response: Response, now: float) -> None:
        """Send a reliable provisional response; behind one that is not acknowledged it waits."""
        if session.reliable is not None:
            session.held_progress.append(occurrence)
            return
        assert session.transaction is not None
        session.rseq += 1
        response.add("Require", "100rel")
        response.add("RSeq", str(session.rseq))
        self._space.transactions.respond(session.transaction, response, now)
        session.reliable = ReliableProvisional(
            session.rseq, session.transaction.last, T1, now, carries_sdp=occurrence.sdp is not None
        )
        self._space.start_timer(session, Due.REPEAT_RELIABLE, T1, now)

    def repeat(self, session: Session, now: float) -> None:
        """Send it again with twice the interval, or give the call up after 64*T1."""
        pending = session.reliable
        if pending is None or session.transaction is None:
            return
        if now - pending.sent_at >= TRANSACTION_TIMEOUT:
            self._space.feed(session, Occurrence(Happening.NO_PRACK, cause="timeout"), now)
            return
        self._space.transactions.resend(session.transaction, pending.data)
        pending.interval *= 2
        left = pending.sent_at + TRANSACTION_TIMEOUT - now
        self._space.start_timer(session, Due.REPEAT_RELIABLE, min(pending.interval, left), now)

    def acknowledged(self, session: Session, prack: Request) -> bool:
        """True if a PRACK is for the response that is not acknowledged yet. Raises ProtocolViolation."""
        match = _RACK.fullmatch(prack.header("RAck") or "")
        if match is None:
            raise ProtocolViolation("Malformed RAck")
        pending = session.reliable
        cseq = session.invite.cseq
        if pending is None or (int(match[1]), int(match[2]), match[3]) != (pending.rseq, cseq.number, cseq.method):
            return False
        session.reliable = None
        self._space.stop_timer(session, Due.REPEAT_RELIABLE)
        return True

    def release(self, session: Session, now: float) -> None:
        """After a PRACK was answered: send what waited for it."""
        if session.peer_offer is not None:
            # The PRACK carried an offer, whose answer comes first.
            return
        if session.held_accept is not None:
            accept, session.held_accept = session.held_accept, None
            self._space.feed(session, accept, now)
        elif session.held_progress:
            self._space.feed(session, session.held_progress.pop(0), now)


def holds_answer(session: Session) -> bool:
    """True while a 2xx must wait, for a provisional response with a description is not acknowledged (§3)."""
    return session.reliable is not None and session.reliable.carries_sdp
