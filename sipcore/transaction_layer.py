"""All transactions of the stack: matches messages to them, runs their machines, sends what they send."""

from collections.abc import Callable, Iterator
from typing import Final, cast

from sipcore.answered_requests import AnsweredRequests, Forgetting
from sipcore.client_invite import CLIENT_INVITE
from sipcore.client_non_invite import CLIENT_NON_INVITE
from sipcore.errors import LocalMisuse
from sipcore.flow import Datagram, Flow
from sipcore.hop_by_hop import ack_for, cancel_for
from sipcore.message import Request, Response
from sipcore.server_invite import SERVER_INVITE
from sipcore.server_non_invite import SERVER_NON_INVITE
from sipcore.structs import Value
from sipcore.timers import TRANSACTION_TIMEOUT, Timer, TimerWheel
from sipcore.transaction import ClientKey, Do, Input, ServerKey, State, Step, Transaction
from sipcore.transaction_keys import client_key, key_of_branch, merge_key, server_key
from sipcore.transaction_timers import LIFETIMES, RESENDS
from sipcore.via_path import new_branch, our_via, response_flow


class RequestArrived(Value, frozen=True):
    """A new server transaction."""

    transaction: Transaction
    request: Request


class AckArrived(Value, frozen=True):
    """An ACK that acknowledges a 2xx, so that it is the session's."""

    request: Request


class ResponseArrived(Value, frozen=True):
    """A response to a request of ours; `user` as given with it."""

    user: "object"
    response: Response


class TransactionFailed(Value, frozen=True):
    """No final response: `status` is 408 for a timeout and 503 for a failed transport (RFC 3261 §8.1.3.1)."""

    user: "object"
    status: int


_RECEIVED: Final = {
    1: Input.RECEIVED_1XX,
    2: Input.RECEIVED_2XX,
    **dict.fromkeys((3, 4, 5, 6), Input.RECEIVED_300_TO_699),
}
_SENT: Final = {1: Input.SENT_1XX, 2: Input.SENT_2XX, **dict.fromkeys((3, 4, 5, 6), Input.SENT_300_TO_699)}
# Members on the hot path: reading them from their enumeration costs as much as a table look-up.
_RETRANSMISSION: Final = Input.RETRANSMISSION
_TERMINATED: Final = State.TERMINATED

Indication = RequestArrived | AckArrived | ResponseArrived | TransactionFailed
"""What a transaction tells its user: at most one for each thing that happens to it."""


class TransactionLayer:
    """Client and server transactions by key. Sends through `out`, keeps its timers on `timers`."""

    def __init__(
        self, timers: TimerWheel, out: list[Datagram], token: Callable[[], str], advertised_host: str | None = None
    ) -> None:
        self._timers = timers
        self._out = out
        self._token = token
        self._advertised_host = advertised_host
        self._clients: dict[ClientKey, Transaction] = {}
        self._servers: dict[ServerKey, Transaction] = {}
        self._heads: dict[bytes, Transaction] = {}
        self._merges: dict[str, Transaction] = {}
        self._answered = AnsweredRequests(timers)
        self._acts: dict[Do, Callable[[Do, Transaction, Request | Response | None, float], Indication | None]] = {
            Do.SEND_REQUEST: self._send_last,
            Do.SEND_RESPONSE: self._send_last,
            Do.SEND_ACK: self._send_ack,
            Do.PASS_UP: self._pass_up,
            Do.REPORT_TIMEOUT: self._report_failure,
            Do.REPORT_TRANSPORT_ERROR: self._report_failure,
            **dict.fromkeys(LIFETIMES, self._start_lifetime),
            **dict.fromkeys(RESENDS, self._start_resend),
        }

    @property
    def client_count(self) -> int:
        return len(self._clients)

    @property
    def server_count(self) -> int:
        return len(self._servers) + len(self._answered)

    @property
    def is_ending_calls(self) -> bool:
        """True while a BYE or CANCEL of ours is not answered."""
        return any(each.ends_call for each in self._clients.values())

    # --- client side

    def request(self, request: Request, flow: Flow, user: object, now: float) -> Transaction:
        """Send a request in a new client transaction, our Via on top; `user` comes back with what happens to it."""
        branch = new_branch(self._token())
        request.prepend("Via", our_via(flow, branch, self._advertised_host))
        return self._start_client(request, (branch, request.method), flow, user, now)

    def proceeding(self, invite: Request, flow: Flow, user: object) -> Transaction:
        """The transaction of an INVITE that another process sent, and that was answered provisionally."""
        key = (invite.via.branch or "", "INVITE")
        transaction = self._clients[key] = Transaction(CLIENT_INVITE, key, invite, flow, user)
        transaction.state = State.PROCEEDING
        transaction.last = invite.to_bytes()
        return transaction

    def cancel(self, invite: Transaction, reason: str | None, now: float) -> None:
        """Send the CANCEL of an INVITE and wait 64*T1 for its final response, whatever the CANCEL's is (§9.1)."""
        assert invite.request is not None
        cancel = cancel_for(invite.request, reason)
        self._start_client(cancel, (invite.key[0], "CANCEL"), invite.flow, None, now)
        self.give_up(invite, now)

    def send_ack(self, ack: Request, flow: Flow) -> bytes:
        """Send the ACK for a 2xx, which is no transaction (RFC 3261 §13.2.2.4), and give its bytes to send it again."""
        ack.prepend("Via", our_via(flow, new_branch(self._token()), self._advertised_host))
        data = ack.to_bytes()
        self._out.append(Datagram(data, flow))
        return data

    def give_up(self, invite: Transaction, now: float) -> None:
        """Let an INVITE that is answered provisionally time out, which it never does by itself (RFC 3261 §9.1)."""
        if invite.state is State.PROCEEDING and invite.lifetime is None:
            invite.lifetime = self._timers.start(invite, Input.GIVEN_UP, TRANSACTION_TIMEOUT, now)

    def receive_response(self, response: Response, now: float) -> Indication | None:
        """Match a response; one without a transaction is dropped (RFC 6026 §7.2). Raises ProtocolViolation."""
        transaction = self._clients.get(client_key(response))
        if transaction is None:
            return None
        return self._feed(transaction, _RECEIVED[response.status // 100], response, now)

    def _start_client(self, request: Request, key: ClientKey, flow: Flow, user: object, now: float) -> Transaction:
        machine = CLIENT_INVITE if request.method == "INVITE" else CLIENT_NON_INVITE
        transaction = Transaction(machine, key, request, flow, user)
        transaction.last = request.to_bytes()
        self._clients[key] = transaction
        self._perform(transaction, machine.start, None, now)
        return transaction

    # --- server side

    def absorb(self, head: bytes, now: float) -> bool:
        """True if a request that begins with `head` was seen before, and answered again if it was answered."""
        transaction = self._heads.get(head)
        if transaction is None:
            return self._answer_again(head)
        self._feed(transaction, _RETRANSMISSION, None, now)
        return True

    def receive_request(self, request: Request, flow: Flow, head: bytes | None, now: float) -> Indication | None:
        """Match a request or begin a transaction for it. Raises ProtocolViolation."""
        method = request.method
        key = server_key(request, "INVITE" if method == "ACK" else method)
        transaction = self._servers.get(key)
        if method == "ACK":
            return AckArrived(request) if transaction is None else self._feed(transaction, Input.ACK, request, now)
        if transaction is not None:
            return self._feed(transaction, Input.RETRANSMISSION, request, now)
        if self._answer_again(key):
            return None
        machine = SERVER_INVITE if method == "INVITE" else SERVER_NON_INVITE
        transaction = Transaction(machine, key, request, response_flow(request.via, flow), None)
        self._servers[key] = transaction
        if head is not None:
            transaction.head = head
            self._heads[head] = transaction
        return RequestArrived(transaction, request)

    def is_new_call(self, request: Request) -> bool:
        """True for an INVITE outside dialogs that belongs to no transaction yet. Raises ProtocolViolation."""
        return (
            request.method == "INVITE"
            and request.to.tag is None
            and server_key(request, request.method) not in self._servers
        )

    def knows_invite(self, branch: str, sent_by: str) -> bool:
        """True if there is an INVITE transaction of this branch of RFC 3261 and sent-by."""
        return key_of_branch(branch, sent_by, "INVITE") in self._servers

    def is_merged(self, transaction: Transaction, request: Request) -> bool:
        """True if another transaction has the same request, come by another path (RFC 3261 §8.2.2.2); else notes it.

        Ask this of requests outside dialogs only.
        """
        key = merge_key(request)
        if key in self._merges or self._answered.find(key) is not None:
            return True
        self._merges[key] = transaction
        transaction.merge_key = key
        return False

    def cancelled_by(self, cancel: Request) -> Transaction | None:
        """The INVITE transaction that a CANCEL means (RFC 3261 §9.2). Raises ProtocolViolation."""
        return self._servers.get(server_key(cancel, "INVITE"))

    def has_refused(self, cancel: Request) -> bool:
        """True where the INVITE that a CANCEL means was refused at once: it is over, and is not moved by it (§9.2)."""
        return self._answered.find(server_key(cancel, "INVITE")) is not None

    def respond(self, transaction: Transaction, response: Response, now: float) -> bytes:
        """Send a response, and give its bytes. Raises LocalMisuse after the final one, but for a 2xx to INVITE."""
        status = response.status
        happened = _SENT[status // 100]
        if happened is Input.SENT_300_TO_699 and not transaction.last and transaction.machine is SERVER_INVITE:
            happened = Input.REFUSED_AT_ONCE
        step = transaction.machine.table.get((transaction.state, happened))
        if step is None:
            raise LocalMisuse(f"{transaction!r}: {happened} ({status})")
        transaction.last = data = response.to_bytes()
        at_once = happened is Input.REFUSED_AT_ONCE
        if at_once or status in (401, 407):
            self._take_repeated(transaction)
        if at_once or (status >= 200 and transaction.machine is SERVER_NON_INVITE):
            self._complete(transaction, now)
            return data
        self._move(transaction, step, None, now)
        if status >= 200:
            self._shrink(transaction)
        return data

    def resend(self, transaction: Transaction, response: bytes) -> None:
        """Send a response once more: a 2xx to INVITE or a reliable 1xx, whose timing is the session's."""
        self._out.append(Datagram(response, transaction.flow))

    def _answer_again(self, name: bytes | str) -> bool:
        answer = self._answered.find(name)
        if answer is None:
            return False
        self._out.append(answer)
        return True

    def _complete(self, transaction: Transaction, now: float) -> None:
        """Send the final response of the non-INVITE machine: what it does in Completed is left to `_answered`.

        So it is with an INVITE that is refused at once: many are a stranger's, who keeps no rate and sends no ACK.
        """
        key, answer = transaction.key, Datagram(transaction.last, transaction.flow)
        assert isinstance(key, str)
        self._out.append(answer)
        self._forget(transaction)
        # Nothing is sent twice on a reliable transport, so there is nothing to wait for.
        if transaction.flow.transport == "udp":
            self._answered.remember(transaction.head, key, transaction.merge_key, answer, now)

    def _shrink(self, transaction: Transaction) -> None:
        """Let go of what an answered INVITE does not need until its last timer."""
        # The user may be a session that is over long before, and all that it holds.
        transaction.request = transaction.user = None
        if transaction.state is State.ACCEPTED:
            transaction.last = b""

    def _take_repeated(self, transaction: Transaction) -> None:
        """Take the request once more, as another one, after this refusal."""
        # COMPAT(several): phones repeat a challenged request with credentials under the same CSeq number. And who tries
        # the next of our addresses changes the branch alone (RFC 3263 §4.3).
        if transaction.merge_key is not None:
            self._merges.pop(transaction.merge_key, None)
            transaction.merge_key = None

    # --- timers and transports

    def timeout(self, timer: Timer, transaction: Transaction | Forgetting, now: float) -> Indication | None:
        """A timer of `transaction` fired, or of some that are over but for this."""
        if isinstance(transaction, Forgetting):
            self._answered.forget(transaction)
            return None
        if timer is transaction.resend:
            transaction.resend = None
        else:
            transaction.lifetime = None
        return self._feed(transaction, cast(Input, timer.what), None, now)

    def transport_failed(self, flow: Flow, now: float) -> Iterator[Indication]:
        """Tell every transaction on `flow`; what is given back is what each says.

        Over UDP not those in Proceeding, for where one datagram was refused others came through, and none that ends a
        call: nobody else would tell the peer, and it is sent again for half a minute.
        """
        for transactions in (self._clients, self._servers):
            for transaction in [each for each in transactions.values() if each.flow == flow]:
                if not flow.reliable and (transaction.state is State.PROCEEDING or transaction.ends_call):
                    continue
                indication = self._feed(transaction, Input.TRANSPORT_ERROR, None, now)
                if indication is not None:
                    yield indication

    # --- running the machines

    def _feed(
        self, transaction: Transaction, happened: Input, message: Request | Response | None, now: float
    ) -> Indication | None:
        step = transaction.machine.table.get((transaction.state, happened))
        return None if step is None else self._move(transaction, step, message, now)

    def _move(
        self, transaction: Transaction, step: Step, message: Request | Response | None, now: float
    ) -> Indication | None:
        state = step.state
        if state is not transaction.state:
            transaction.state = state
            table = transaction.machine.table
            # A timer without a row in the new state is cancelled.
            if transaction.resend is not None and (state, transaction.resend.what) not in table:
                self._timers.cancel(transaction.resend)
                transaction.resend = None
            if transaction.lifetime is not None and (state, transaction.lifetime.what) not in table:
                self._timers.cancel(transaction.lifetime)
                transaction.lifetime = None
        indication = self._perform(transaction, step, message, now)
        if transaction.state is _TERMINATED:
            self._forget(transaction)
        return indication

    def _perform(
        self, transaction: Transaction, step: Step, message: Request | Response | None, now: float
    ) -> Indication | None:
        indication: Indication | None = None
        for do in step.actions:
            indication = self._acts[do](do, transaction, message, now) or indication
        return indication

    def _send_last(self, do: Do, transaction: Transaction, message: Request | Response | None, now: float) -> None:
        if transaction.last:
            self._out.append(Datagram(transaction.last, transaction.flow))

    def _send_ack(self, do: Do, transaction: Transaction, message: Request | Response | None, now: float) -> None:
        if isinstance(message, Response) and transaction.request is not None:
            transaction.last = ack_for(transaction.request, message).to_bytes()
        self._out.append(Datagram(transaction.last, transaction.flow))

    def _pass_up(
        self, do: Do, transaction: Transaction, message: Request | Response | None, now: float
    ) -> Indication | None:
        if isinstance(message, Response):
            return ResponseArrived(transaction.user, message)
        return None if message is None else AckArrived(message)

    def _report_failure(
        self, do: Do, transaction: Transaction, message: Request | Response | None, now: float
    ) -> Indication:
        return TransactionFailed(transaction.user, 408 if do is Do.REPORT_TIMEOUT else 503)

    def _start_lifetime(self, do: Do, transaction: Transaction, message: Request | Response | None, now: float) -> None:
        what, over_udp, over_reliable = LIFETIMES[do]
        seconds = over_reliable if transaction.flow.reliable else over_udp
        if seconds:
            transaction.lifetime = self._timers.start(transaction, what, seconds, now)
        else:
            # Nothing is sent twice on a reliable transport, so there is nothing to wait for.
            self._move(transaction, transaction.machine.table[transaction.state, what], None, now)

    def _start_resend(self, do: Do, transaction: Transaction, message: Request | Response | None, now: float) -> None:
        if transaction.flow.reliable:
            return
        what, least, most = RESENDS[do]
        transaction.interval = min(max(2 * transaction.interval, least), most)
        transaction.resend = self._timers.start(transaction, what, transaction.interval, now)

    def _forget(self, transaction: Transaction) -> None:
        transaction.state = _TERMINATED
        for timer in (transaction.resend, transaction.lifetime):
            if timer is not None:
                self._timers.cancel(timer)
        transaction.resend = transaction.lifetime = None
        # Its user may hold it for long: without the way back both are freed without the garbage collector.
        transaction.user = transaction.request = None
        key = transaction.key
        if not isinstance(key, str):
            self._clients.pop(key, None)
            return
        self._servers.pop(key, None)
        if transaction.head is not None:
            self._heads.pop(transaction.head, None)
        if transaction.merge_key is not None:
            self._merges.pop(transaction.merge_key, None)
