"""Requests of ours, through as many transactions as the challenges to them take (RFC 3261 §22)."""

from collections.abc import Callable
from typing import Final

from sipcore.dialog import Dialog
from sipcore.digest import Credentials, authorize, choose_challenge, is_stale
from sipcore.flow import Flow
from sipcore.header import key_of
from sipcore.message import Request, Response
from sipcore.referral import Referral
from sipcore.session import Session
from sipcore.transaction import Transaction
from sipcore.transaction_layer import TransactionLayer

MOST_ATTEMPTS: Final = 4
"""How often one request is sent in all: with a nonce that was stale, and through proxies that challenge too."""

_CHALLENGES: Final = {401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization")}

CREDENTIALS: Final = frozenset(("authorization", "proxy-authorization"))
"""Headers that prove who sends a request, by their keys."""


class Outgoing:
    """One request of ours; it is the `user` of its transactions."""

    __slots__ = (
        "attempts",
        "credentials",
        "dialog",
        "final",
        "flow",
        "id",
        "makes_session",
        "referral",
        "request",
        "session",
        "transaction",
    )

    def __init__(
        self,
        id: str,
        request: Request,
        flow: Flow,
        *,
        session: Session | None = None,
        dialog: Dialog | None = None,
        credentials: Credentials | None = None,
        referral: Referral | None = None,
    ) -> None:
        self.id = id
        self.request = request
        self.flow = flow
        self.session = session
        """The session that is told of responses; without one they are events."""
        self.makes_session = session is not None and dialog is None
        """True for the INVITE that the session began with."""
        self.dialog = dialog
        """Where the next CSeq number comes from."""
        self.referral = referral
        """The REFER that a NOTIFY tells of, which is told of responses."""
        self.credentials = credentials
        self.attempts = 0
        self.final = False
        """True once we gave it up: it is not sent again, whatever is answered."""
        self.transaction: Transaction | None = None


class Sender:
    """Sends requests, and again where the answer asks for it."""

    def __init__(self, transactions: TransactionLayer, token: Callable[[], str]) -> None:
        self._transactions = transactions
        self._token = token

    def send(self, outgoing: Outgoing, now: float) -> None:
        """Send the request in a new transaction."""
        outgoing.attempts += 1
        outgoing.transaction = self._transactions.request(outgoing.request, outgoing.flow, outgoing, now)

    def repeatable(self, outgoing: Outgoing) -> Request | None:
        """The same request as a new one: without its transaction's Via, with the next CSeq number (RFC 3261 §8.1.3.5).

        None when it was sent often enough, or given up.
        """
        if outgoing.final or outgoing.attempts >= MOST_ATTEMPTS:
            return None
        old = outgoing.request
        number = outgoing.dialog.next_cseq() if outgoing.dialog else old.cseq.number + 1
        again = Request(old.method, old.uri, old.fields, old.body)
        again.replace_first("Via", None)
        again.set("CSeq", f"{number} {old.method}")
        return again

    def send_again(self, outgoing: Outgoing, again: Request, now: float) -> None:
        """Send what `repeatable` gave, with what was changed in it, in the place of the request."""
        outgoing.request = again
        self.send(outgoing, now)

    def go_round(self, outgoing: Outgoing, now: float) -> bool:
        """Send a request within a dialog again that failed with its connection; False where no other way is known."""
        dialog, session = outgoing.dialog, outgoing.session
        if dialog is None or (session is not None and session.ended and outgoing.request.method != "BYE"):
            return False
        # The first time it may be a connection alone that is gone: the peer closes it as we send.
        goes_on = dialog.leave(outgoing.flow, anew=outgoing.attempts == 1)
        again = self.repeatable(outgoing) if goes_on else None
        if again is None:
            return False
        outgoing.flow = dialog.flow
        self.send_again(outgoing, again, now)
        return True

    def answer_challenge(self, outgoing: Outgoing, response: Response, now: float) -> bool:
        """Send the request again with credentials if `response` is a challenge they answer; False if it is final."""
        if response.status not in _CHALLENGES or outgoing.credentials is None:
            return False
        asks, answers = _CHALLENGES[response.status]
        # Several challenges on one line cannot be told apart by commas, so they are taken line by line.
        challenges = [value for name, value in response.fields if key_of(name) == asks]
        challenge = choose_challenge(challenges, outgoing.credentials)
        if challenge is None or (outgoing.request.has(answers) and not is_stale(challenge)):
            return False
        again = self.repeatable(outgoing)
        if again is None:
            return False
        again.remove(answers)
        # The nonce is new each time, so its count is always 1 (RFC 7616 §3.4).
        value = authorize(challenge, outgoing.credentials, again.method, again.uri, 1, self._token(), again.body)
        again.add(answers, value)
        self.send_again(outgoing, again, now)
        return True
