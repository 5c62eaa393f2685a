"""REFERs of peers within calls: accepted or refused by our user, and what becomes of them told by NOTIFY (RFC 3515)."""

from collections.abc import Iterable
from typing import Final

from sipcore.events import ReferOver, ReferReceived
from sipcore.flow import Flow
from sipcore.message import REASONS, Request, Response
from sipcore.outgoing import Outgoing
from sipcore.refer import read_refer
from sipcore.referral import Referral, ReferralState
from sipcore.session import Session
from sipcore.session_space import SessionSpace
from sipcore.timers import TimerWheel
from sipcore.transaction import Transaction

DURATION: Final = 300.0
"""How long a peer is told what becomes of its REFER, seconds, unless it asks for longer by SUBSCRIBE (RFC 3515 §2.4.4).

Longer than any phone rings, so that the outcome ends it.
"""

_NO_SUBSCRIPTION: Final = frozenset((404, 405, 408, 410, 416, *range(480, 486), 489, 501, 604))
"""Answers to a NOTIFY that end its subscription (RFC 6665 §4.2.2, RFC 5057 §5.1); 408 is also none at all."""


class Referrals:
    """All REFERs that are not over. One NOTIFY is under way for each; what changes meanwhile is told with the next."""

    def __init__(self, space: SessionSpace, timers: TimerWheel) -> None:
        self._space = space
        self._timers = timers
        self._referrals: dict[str, Referral] = {}

    def __len__(self) -> int:
        return len(self._referrals)

    # --- from the network

    def asked(self, session: Session, transaction: Transaction, request: Request, flow: Flow) -> None:
        """A REFER within the session's dialog. Raises ProtocolViolation."""
        refer = read_refer(request)
        dialog = session.dialogs[request.from_.tag or ""]
        event = f"refer;id={request.cseq.number}" if session.has_referred else "refer"
        session.has_referred = True
        referral = Referral(
            self._space.token(), session.id, dialog, session.contact, event, transaction, request, refer
        )
        self._referrals[referral.id] = referral
        at_home = flow.remote[0] == session.flow.remote[0]
        self._space.events.append(ReferReceived(session.id, referral.id, request, flow, refer, at_home))

    def subscribed(self, transaction: Transaction, request: Request, now: float) -> bool:
        """A SUBSCRIBE within a dialog; False when it is for no REFER of ours. Raises ProtocolViolation."""
        referral = self._subscription(request)
        if referral is None:
            return False
        wanted = request.expires
        seconds = DURATION if wanted is None else min(float(wanted), DURATION)
        fields = [("Expires", str(int(seconds))), ("Contact", referral.contact)]
        self._space.respond(transaction, request, 200, now, fields=fields)
        if seconds:
            self._keep(referral, seconds, now)
            self._tell(referral, now)
        else:
            self._expire(referral, now)
        return True

    def _subscription(self, request: Request) -> Referral | None:
        event = request.event
        if event is None or event.package != "refer":
            return None
        dialog = (request.call_id, request.to.tag or "", request.from_.tag or "")
        for referral in self._referrals.values():
            is_told = referral.state is ReferralState.ACTIVE and referral.refer.subscribes
            if referral.dialog.id != dialog or not is_told:
                continue
            if event.params.get("id") in (None, str(referral.request.cseq.number)):
                return referral
        return None

    def answered(self, referral: Referral, response: Response, now: float) -> None:
        """A response to a NOTIFY."""
        if response.status >= 200:
            self._delivered(referral, response.status, now)

    def failed(self, referral: Referral, status: int, now: float) -> None:
        """A NOTIFY got no answer: 408 after its time, 503 when its transport failed."""
        self._delivered(referral, status, now)

    def _delivered(self, referral: Referral, status: int, now: float) -> None:
        referral.under_way = None
        if status in _NO_SUBSCRIPTION:
            self._over(referral)
        elif referral.untold:
            self._tell(referral, now)
        elif referral.state is ReferralState.ENDING:
            self._over(referral)

    def timeout(self, referral: Referral, now: float) -> None:
        """The subscription has lasted as long as it was to."""
        referral.timer = None
        self._expire(referral, now)

    # --- our user's

    def accept(self, id: str, now: float) -> None:
        """Answer 202; the first NOTIFY says 100 (RFC 3515 §2.4.4). Ignored for one that is answered."""
        referral = self._asked(id)
        if referral is None:
            return
        quiet = not referral.refer.subscribes
        fields = [("Contact", referral.contact), *([("Refer-Sub", "false")] if quiet else [])]
        self._space.respond(referral.transaction, referral.request, 202, now, fields=fields)
        referral.state = ReferralState.ACTIVE
        if not quiet:
            self._keep(referral, DURATION, now)
            self._tell(referral, now)

    def refuse(
        self, id: str, status: int, now: float, reason: str | None = None, fields: Iterable[tuple[str, str]] = ()
    ) -> None:
        """Answer with a final refusal. Ignored for one that is answered."""
        referral = self._asked(id)
        if referral is not None:
            del self._referrals[id]
            referral.state = ReferralState.OVER
            self._space.respond(referral.transaction, referral.request, status, now, reason=reason, fields=fields)

    def report(self, id: str, status: int, now: float) -> None:
        """Tell the peer what has become of it: a final status ends the subscription. Ignored for one that is over."""
        referral = self._referrals.get(id)
        if referral is None or referral.state is not ReferralState.ACTIVE or status == referral.status:
            return
        referral.status = status
        if status >= 200:
            referral.state = ReferralState.ENDING
            self._stop_timer(referral)
        if referral.refer.subscribes:
            self._tell(referral, now)
        elif status >= 200:
            self._over(referral)

    def _asked(self, id: str) -> Referral | None:
        referral = self._referrals.get(id)
        return referral if referral is not None and referral.state is ReferralState.ASKED else None

    # --- the subscription

    def _keep(self, referral: Referral, seconds: float, now: float) -> None:
        self._stop_timer(referral)
        referral.expires_at = now + seconds
        referral.timer = self._timers.start(referral, "expires", seconds, now)

    def _stop_timer(self, referral: Referral) -> None:
        if referral.timer is not None:
            self._timers.cancel(referral.timer)
            referral.timer = None

    def _expire(self, referral: Referral, now: float) -> None:
        """End the subscription though the outcome is not known: its last NOTIFY says so (RFC 6665 §4.2.2)."""
        self._stop_timer(referral)
        referral.state = ReferralState.ENDING
        self._tell(referral, now)

    def _tell(self, referral: Referral, now: float) -> None:
        referral.untold = referral.under_way is not None
        if referral.untold:
            return
        request = referral.dialog.request(
            "NOTIFY",
            fields=[
                ("Event", referral.event),
                ("Subscription-State", self._subscription_state(referral, now)),
                ("Contact", referral.contact),
                ("User-Agent", self._space.config.user_agent),
                ("Content-Type", "message/sipfrag;version=2.0"),
            ],
            body=f"SIP/2.0 {referral.status} {REASONS.get(referral.status, 'Unknown')}\r\n".encode(),
        )
        outgoing = Outgoing(
            self._space.token(), request, referral.dialog.flow, dialog=referral.dialog, referral=referral
        )
        referral.under_way = outgoing
        self._space.sender.send(outgoing, now)

    @staticmethod
    def _subscription_state(referral: Referral, now: float) -> str:
        if referral.state is ReferralState.ACTIVE:
            return f"active;expires={max(int(referral.expires_at - now), 1)}"
        return "terminated;reason=noresource" if referral.status >= 200 else "terminated;reason=timeout"

    def _over(self, referral: Referral) -> None:
        self._stop_timer(referral)
        referral.state = ReferralState.OVER
        referral.untold = False
        self._referrals.pop(referral.id, None)
        self._space.events.append(ReferOver(referral.session, referral.id))
