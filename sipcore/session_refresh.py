"""Keeps the session timer of a session running (RFC 4028 §7, §9, §10)."""

from typing import Final

from sipcore.errors import ProtocolViolation
from sipcore.message import Request, Response
from sipcore.outgoing import Outgoing, Sender
from sipcore.session import Session
from sipcore.session_space import Due, SessionSpace
from sipcore.session_timer import SessionTimer, agree_as_uac, agree_as_uas, read_min_se, request_fields, response_fields

_LONGEST_MIN_SE: Final = 7 * 24 * 3600
"""A Min-SE above a week, seconds, is taken as a refusal."""


class SessionRefresh:
    """Agrees on session intervals and starts the timers that they mean."""

    def __init__(self, space: SessionSpace, sender: Sender) -> None:
        self._space = space
        self._sender = sender

    def agreed(self, request: Request) -> SessionTimer:
        """What we grant to a session refresh request. Raises IntervalTooSmall and ProtocolViolation."""
        config = self._space.config
        return agree_as_uas(request, config.session_expires, config.min_se)

    def grant(self, session: Session, timer: SessionTimer, request: Request, now: float) -> list[tuple[str, str]]:
        """Start the timers of a session refresh request that we answer 2xx; gives the headers of that answer."""
        self._start(session, timer, now)
        return response_fields(timer, "timer" in request.supported)

    def granted(self, session: Session, response: Response, now: float) -> None:
        """Start the timers that a 2xx to our session refresh request grants."""
        try:
            timer = agree_as_uac(response, self._space.config.session_expires)
        except ProtocolViolation:
            timer = SessionTimer(self._space.config.session_expires, we_refresh=True)
        self._start(session, timer, now)

    def heard(self, session: Session, now: float) -> None:
        """The peer answered our refresh, though not with 2xx: try again after the next half of the interval."""
        if session.timer is not None and not session.ended:
            self._start(session, session.timer, now)

    def again(self, session: Session, now: float) -> None:
        """Our refresh did not get through: nothing is heard of the peer, and there is still time to send another."""
        if session.timer is not None:
            self._space.start_timer(session, Due.REFRESH, session.timer.again_after, now)

    def resume(self, session: Session, timer: SessionTimer, now: float) -> None:
        """Go on with the timer of a session that was taken up from another process."""
        self._start(session, timer, now)

    def fields(self, session: Session) -> list[tuple[str, str]]:
        """Headers of a session refresh request of ours, which keeps interval and refresher as they are (§7.4)."""
        config = self._space.config
        timer = session.timer
        if timer is None:
            return request_fields(config.session_expires, config.min_se, None)
        return request_fields(timer.interval, config.min_se, "uac" if timer.we_refresh else "uas")

    def ask_longer(self, outgoing: Outgoing, response: Response, now: float) -> bool:
        """Send a request that was answered 422 again with the interval that the peer wants; False to give up (§7.3)."""
        if response.header("Min-SE") is None:
            return False
        try:
            least = read_min_se(response)
        except ProtocolViolation:
            return False
        if least > _LONGEST_MIN_SE or outgoing.request.header("Min-SE") == str(least):
            return False
        again = self._sender.repeatable(outgoing)
        if again is None:
            return False
        again.set("Session-Expires", str(max(least, self._space.config.session_expires)))
        again.set("Min-SE", str(least))
        self._sender.send_again(outgoing, again, now)
        return True

    def _start(self, session: Session, timer: SessionTimer, now: float) -> None:
        session.timer = timer
        self._space.start_timer(session, Due.EXPIRED, timer.expires_after, now)
        if timer.we_refresh:
            self._space.start_timer(session, Due.REFRESH, timer.refresh_after, now)
        else:
            self._space.stop_timer(session, Due.REFRESH)
