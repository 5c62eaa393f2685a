"""Our own registration at a provider: when to send which REGISTER (RFC 3261 §10.2). Sends nothing by itself."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

from sipcore.address import parse_name_addr
from sipcore.dice import between
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.structs import Value
from sipcore.uri import SipUri, Uri, parse_uri

BACKOFF_BASE: Final = 30.0
"""Seconds until all targets are tried again after the first failure of all; doubles each time (RFC 5626 §4.5)."""
BACKOFF_MAX: Final = 1800.0
REFUSED_WAIT: Final = 300.0
"""Seconds at least after the provider said no to the account: trying on at once gets accounts locked."""
REFRESH_SHARE = (0.75, 0.9)
"""Between these parts of the interval it is refreshed, so that many registrations do not come in step."""
CSEQ_STEP: Final = 8
"""CSeq numbers left for the repetitions of one REGISTER with credentials."""

RegistrationState = Literal["trying", "registered", "failed", "stopped"]


class RegistrationAccount(Value, frozen=True):
    """Who registers where: `registrar` is the Request-URI; `expires`, seconds, is asked for."""

    aor: str
    registrar: str
    expires: int = 600


class RegistrationClient:
    """One registration. Ask `request` at `due_at`, send it on `flow`, give what came back to `answered`.

    A target that fails is left for the next at once; when all have failed it waits, longer each time.
    """

    def __init__(self, account: RegistrationAccount, token: Callable[[], str], now: float) -> None:
        self._account = account
        self._token = token
        self._call_id = token()
        self._tag = token()
        self._cseq = 0
        self._contact = ""
        self._expires = account.expires
        self._targets: tuple[Flow, ...] = ()
        self._failed_targets = 0
        self._rounds = 0
        self._registered_until = 0.0
        self._stopped = False
        self._hurried_until = 0.0
        """A connection that is lost before then brings nothing forward again."""
        self.due_at = now
        """When the next request is to be sent."""
        self.reason = ""
        """Why the last attempt failed, for people."""
        self.service_route: tuple[str, ...] = ()
        """Route values, the next hop first, that the registrar wants our calls to go by (RFC 3608); as told last."""

    @property
    def flow(self) -> Flow | None:
        """Where the next request goes; None when no target is known."""
        return self._targets[0] if self._targets else None

    def state(self, now: float) -> RegistrationState:
        """How it stands; `failed` waits for its next attempt."""
        if self._stopped:
            return "stopped"
        if now < self._registered_until:
            return "registered"
        return "failed" if self.reason else "trying"

    def locate(self, targets: Sequence[Flow]) -> None:
        """Take the targets, best first; one that works is stayed with as long as it is among them."""
        if set(targets) == set(self._targets):
            return  # which of them failed is still known
        current = self.flow
        if current is not None and current in targets and not self._failed_targets:
            targets = [current, *(target for target in targets if target != current)]
        self._targets = tuple(targets)
        self._failed_targets = 0

    def request(self, contact: str) -> Request:
        """The REGISTER to send now, for `contact`, our URI on `flow`; credentials are the sender's business."""
        self._contact = contact
        return self._register(self._expires)

    def leave(self) -> Request:
        """The REGISTER that removes our contact; nothing is due after it."""
        self._stopped = True
        self.due_at = float("inf")
        return self._register(0)

    def unreachable(self, now: float) -> None:
        """No target is known (the DNS had no answer): wait."""
        self.reason = "no address found"
        self._back_off(now, BACKOFF_BASE)

    def answered(self, response: Response | None, now: float) -> None:
        """What came of the request: a final response, or None for none."""
        if self._stopped:
            return
        if response is None:
            self._next_target("no answer", now)
            return
        self._cseq = max(self._cseq, _cseq_of(response))
        status = response.status
        if 200 <= status < 300:
            self._succeeded(response, now)
        elif status == 423 and (shortest := _seconds(response.header("Min-Expires"))) > self._expires:
            self._expires = shortest
            self.due_at = now
        elif status in (408, 480, 430) or 500 <= status < 600:
            self._next_target(f"{status} {response.reason}", now, _seconds(response.header("Retry-After")))
        else:
            self.reason = f"{status} {response.reason}"
            self._back_off(now, max(REFUSED_WAIT, _seconds(response.header("Retry-After"))))

    def failed(self, flow: Flow, now: float) -> None:
        """The connection that we are registered through is gone: register again, over the next target if need be.

        At once, but once in `BACKOFF_BASE` seconds: a provider that closes each connection takes us as registered
        without. After a refusal it is waited as long as for any other.
        """
        if flow != self.flow or self._stopped or self.reason:
            return
        if now >= self._hurried_until:
            self._registered_until = 0.0
        self.due_at = min(self.due_at, max(now, self._hurried_until))
        self._hurried_until = self.due_at + BACKOFF_BASE

    def _succeeded(self, response: Response, now: float) -> None:
        granted = self._granted(response)
        self._registered_until = now + granted
        self._rounds = self._failed_targets = 0
        self.reason = ""
        self.service_route = _service_route_of(response)
        self.due_at = now + granted * between(*REFRESH_SHARE, self._token)

    def _granted(self, response: Response) -> float:
        """Our contact's interval (RFC 3261 §10.2.4); never so short that we would do nothing else."""
        granted: int | None = None
        try:
            ours = parse_uri(self._contact)
            # Registrars behind which there is NAT write the address that they have heard: the user part is ours still.
            known = [contact for contact in response.contacts if contact.uri.equivalent(ours)]
            known += [contact for contact in response.contacts if _user(contact.uri) == _user(ours)]
            granted = (_seconds(known[0].params.get("expires")) or None) if known else None
            granted = granted or response.expires
        except ProtocolViolation:
            granted = None
        return float(max(granted or self._expires, 10))

    def _next_target(self, reason: str, now: float, retry_after: int = 0) -> None:
        self.reason = reason
        self._targets = (*self._targets[1:], *self._targets[:1])
        self._failed_targets += 1
        if self._failed_targets < len(self._targets):
            self.due_at = now
        else:
            self._failed_targets = 0
            self._back_off(now, max(BACKOFF_BASE, retry_after))

    def _back_off(self, now: float, least: float) -> None:
        longest = min(BACKOFF_MAX, least * 2**self._rounds)
        self._rounds = min(self._rounds + 1, 10)
        # Half of it by chance (RFC 5626 §4.5), so that a provider's restart is not followed by a stampede.
        self.due_at = now + max(longest * between(0.5, 1.0, self._token), least if least > BACKOFF_BASE else 0.0)

    def _register(self, expires: int) -> Request:
        self._cseq += CSEQ_STEP
        account = self._account
        return Request(
            "REGISTER",
            account.registrar,
            [
                ("From", f"<{account.aor}>;tag={self._tag}"),
                ("To", f"<{account.aor}>"),
                ("Call-ID", self._call_id),
                ("CSeq", f"{self._cseq} REGISTER"),
                ("Contact", f"<{self._contact}>"),
                ("Expires", str(expires)),
                ("Max-Forwards", "70"),
            ],
        )


def _service_route_of(response: Response) -> tuple[str, ...]:
    """None where one of its routes cannot be read, or the first is no loose router, as each has to be (RFC 3608 §5)."""
    try:
        routes = response.headers("Service-Route")
        uris = [parse_name_addr(route).uri for route in routes]
    except ProtocolViolation:
        return ()
    loose = uris and isinstance(uris[0], SipUri) and "lr" in uris[0].params
    return tuple(routes) if loose else ()


def _user(uri: Uri) -> str:
    return uri.unescaped_user if isinstance(uri, SipUri) else str(uri)


def _seconds(text: str | None) -> int:
    """The number that a header begins with; 0 without one."""
    digits = ""
    for character in (text or "").strip():
        if not character.isascii() or not character.isdecimal() or len(digits) > 9:
            break
        digits += character
    return int(digits or "0")


def _cseq_of(response: Response) -> int:
    try:
        return response.cseq.number
    except ProtocolViolation:
        return 0
