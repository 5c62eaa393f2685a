"""The SIP stack as call control uses it: the clock handed in, and what it wants to send sent before the loop sleeps."""

from collections.abc import Callable, Sequence

from sipcore.dialog import Dialog
from sipcore.digest import Credentials
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.replaces import Replaces
from sipcore.session_record import InviteRecord, SessionRecord
from sipcore.stack import Invitation, Stack

Fields = Sequence[tuple[str, str]]


class SipPort:
    """Commands to the stack. `flush_soon` is called after each, and sends the stack's datagrams in one batch."""

    def __init__(self, stack: Stack, clock: Callable[[], float], flush_soon: Callable[[], None]) -> None:
        self._stack = stack
        self._clock = clock
        self._flush_soon = flush_soon

    def invite(self, invitation: Invitation) -> str:
        session = self._stack.invite(invitation, self._clock())
        self._flush_soon()
        return session

    def dialog_of(self, session: str) -> Dialog | None:
        """The session's dialog; None before there is one and when it is over."""
        return self._stack.dialog_of(session)

    def record_of(self, session: str) -> SessionRecord | None:
        """What to keep of an answered session, so that another process can go on with it."""
        return self._stack.record_of(session)

    def take_up(self, record: SessionRecord) -> None:
        """Go on with a session of another process. Raises ProtocolViolation."""
        self._stack.take_up(record, self._clock())

    def invite_record_of(self, session: str) -> InviteRecord | None:
        """What to keep of a session that rings, so that another process can take it back, or receive it again."""
        return self._stack.invite_record_of(session)

    def receive_again(self, record: InviteRecord) -> None:
        """Take a peer's INVITE that rang in another process as if it came now."""
        self._stack.receive_again(record, self._clock())
        self._flush_soon()

    def take_back(self, record: InviteRecord, credentials: Credentials | None) -> None:
        """Give up what another process was ringing. Raises ProtocolViolation."""
        self._stack.take_back(record, self._clock(), credentials)
        self._flush_soon()

    def is_unheard(self, session: str) -> bool:
        """True while nothing has come back to our INVITE, not even 100."""
        return self._stack.is_unheard(session)

    def progress(self, session: str, status: int, *, sdp: bytes | None = None, fields: Fields = ()) -> None:
        self._stack.progress(session, status, self._clock(), sdp=sdp, fields=fields)
        self._flush_soon()

    def accept(self, session: str, sdp: bytes | None, *, fields: Fields = ()) -> None:
        self._stack.accept(session, sdp, self._clock(), fields=fields)
        self._flush_soon()

    def reject(self, session: str, status: int, *, reason: str | None = None, fields: Fields = ()) -> None:
        self._stack.reject(session, status, self._clock(), reason=reason, fields=fields)
        self._flush_soon()

    def cancel(self, session: str, *, reason_header: str | None = None) -> None:
        self._stack.cancel(session, self._clock(), reason_header=reason_header)
        self._flush_soon()

    def bye(self, session: str, *, reason_header: str | None = None) -> None:
        self._stack.bye(session, self._clock(), reason_header=reason_header)
        self._flush_soon()

    def offer(self, session: str, sdp: bytes | None) -> None:
        self._stack.offer(session, sdp, self._clock())
        self._flush_soon()

    def answer(self, session: str, sdp: bytes) -> None:
        self._stack.answer(session, sdp, self._clock())
        self._flush_soon()

    def is_asked(self, session: str) -> bool:
        """True while an offer of the peer within the session waits for our answer."""
        return self._stack.is_asked(session)

    def refuse(self, session: str, status: int) -> None:
        self._stack.refuse(session, status, self._clock())
        self._flush_soon()

    def authorise(self, session: str, credentials: Credentials) -> None:
        """Answer challenges to requests within a call that a provider has brought."""
        self._stack.authorise(session, credentials)

    def identify(self, session: str, fields: Fields) -> None:
        self._stack.identify(session, self._clock(), fields=fields)
        self._flush_soon()

    def accept_refer(self, referral: str) -> None:
        self._stack.accept_refer(referral, self._clock())
        self._flush_soon()

    def refuse_refer(self, referral: str, status: int, *, reason: str | None = None, fields: Fields = ()) -> None:
        self._stack.refuse_refer(referral, status, self._clock(), reason=reason, fields=fields)
        self._flush_soon()

    def report_refer(self, referral: str, status: int) -> None:
        self._stack.report_refer(referral, status, self._clock())
        self._flush_soon()

    def replaced(self, replaces: Replaces) -> str | None:
        """The session whose dialog a Replaces names."""
        return self._stack.replaced(replaces)

    def has_ended(self, replaces: Replaces) -> bool:
        """True where a Replaces names a dialog that has just ended."""
        return self._stack.has_ended(replaces, self._clock())

    def respond(self, transaction: str, response: Response) -> None:
        self._stack.respond(transaction, response, self._clock())
        self._flush_soon()

    def request(self, request: Request, flow: Flow, credentials: Credentials | None = None) -> str:
        transaction = self._stack.request(request, flow, self._clock(), credentials)
        self._flush_soon()
        return transaction
