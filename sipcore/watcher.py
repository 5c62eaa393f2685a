"""The subscriber of RFC 6665 §4.1: when to send which SUBSCRIBE, and what a NOTIFY changes. Sends nothing by itself."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

from sipcore.dialog import Dialog
from sipcore.dice import between
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.structs import Value
from sipcore.timers import TRANSACTION_TIMEOUT

BACKOFF_BASE: Final = 10.0
"""Seconds until all targets are tried again after the first failure of all; doubles each time."""
BACKOFF_MAX: Final = 600.0
REFUSED_WAIT: Final = 300.0
"""Seconds at least after the notifier said no: to us, or that there is no such resource."""
REFRESH_SHARE = (0.75, 0.9)
"""Between these parts of the duration it is refreshed, so that many subscriptions do not come in step."""
LEAST_DURATION: Final = 10.0
"""A shorter duration is taken for this, so that we would do something else as well."""
DOUBT_SECONDS: Final = 60.0
"""How long what was learned counts once the other server cannot be asked any more."""
CSEQ_STEP: Final = 8
"""CSeq numbers left for the repetitions of one SUBSCRIBE with credentials."""

WatchState = Literal["trying", "pending", "active", "failed", "stopped"]

_AT_ONCE = ("deactivated", "timeout")
"""Reasons for which a subscription is begun anew at once (RFC 6665 §4.1.3)."""
_LONG = ("rejected", "noresource", "invariant")
"""Reasons that will hold for a while."""


class Watched(Value, frozen=True):
    """What is watched: `resource` (a URI) by `watcher` (ours), in one of `packages`, the preferred first."""

    resource: str
    watcher: str
    packages: tuple[str, ...]
    accept: tuple[str, ...]
    """For each package the content type of its documents."""
    expires: int = 3600
    """Seconds asked for."""


class Watcher:
    """One subscription of ours. Ask `request` at `due_at`, send it on `flow`, give what came back to `answered`.

    NOTIFYs for its `call_id` go to `notified`. What was learned counts until `valid_until`. A target that fails is left
    for the next at once; when all have failed it waits, longer each time. A notifier that does not know the package
    (489) is asked for the next.
    """

    def __init__(self, watched: Watched, token: Callable[[], str], now: float) -> None:
        self._watched = watched
        self._token = token
        self._targets: tuple[Flow, ...] = ()
        self._failed_targets = 0
        self._rounds = 0
        self._package = 0
        self._refused_packages = 0
        self._expires = watched.expires
        self._dialog: Dialog | None = None
        self._request: Request | None = None
        self._state: WatchState = "trying"
        self._notified = False
        self.call_id = ""
        """Call-ID of the subscription; it changes with each that is begun anew."""
        self._tag = ""
        self._cseq = 0
        self.due_at = now
        """When the next SUBSCRIBE is to be sent."""
        self.valid_until = now
        """Until when what was learned counts."""
        self.reason = ""
        """Why it does not stand, for people."""
        self._begin()

    @property
    def state(self) -> WatchState:
        """How it stands; `failed` waits for its next attempt."""
        return self._state

    @property
    def package(self) -> str:
        """The event package that is asked for."""
        return self._watched.packages[self._package]

    @property
    def flow(self) -> Flow | None:
        """Where the next request goes; None when no target is known."""
        if self._dialog is not None:
            return self._dialog.flow
        return self._targets[0] if self._targets else None

    def locate(self, targets: Sequence[Flow]) -> None:
        """Take the targets, best first."""
        if set(targets) != set(self._targets):
            self._targets = tuple(targets)
            self._failed_targets = 0

    def request(self, contact: str, now: float) -> Request:
        """The SUBSCRIBE to send now: the first, or a refresh. `contact` is our URI on `flow`."""
        if self._dialog is not None and not self._notified:
            # Timer N: without a NOTIFY there is no subscription (RFC 6665 §4.1.2.4).
            self._begin()
        # Nothing more is due until it is answered, unless nobody ever does.
        self.due_at = now + 2 * TRANSACTION_TIMEOUT
        return self._subscribe(contact, self._expires)

    def leave(self, contact: str) -> Request | None:
        """The SUBSCRIBE that ends the subscription, None where there is none; nothing is due after it."""
        self._state = "stopped"
        self.due_at = float("inf")
        return self._subscribe(contact, 0) if self._dialog is not None else None

    def refresh(self, now: float) -> None:
        """Ask for full state soon: something is missing."""
        if self._dialog is not None and self._state in ("active", "pending"):
            self.due_at = min(self.due_at, now)

    def unreachable(self, now: float) -> None:
        """No target is known (the DNS had no answer): wait."""
        self._fail("no address found", now, 0.0)

    def failed(self, flow: Flow, now: float) -> None:
        """A connection is gone; if it was ours, begin anew."""
        if flow == self.flow and self._dialog is not None and self._state != "stopped":
            self._doubt(now)
            self._begin()
            self._state, self.reason = "trying", "the connection is gone"
            self.due_at = now + between(0.0, 2.0, self._token)

    def answered(self, response: Response | None, now: float) -> None:
        """What came of the SUBSCRIBE: a final response, or None for none."""
        if self._state == "stopped":
            return
        if response is None:
            self._next_target("no answer", now, 0.0)
            return
        status = response.status
        if 200 <= status < 300:
            self._accepted(response, now)
        elif status == 481 and self._dialog is not None:
            self._again("481, the subscription was lost", now)
        elif status == 423 and (least := _seconds(response.header("Min-Expires"))) > self._expires:
            self._expires = least
            self._note_cseq(response)
            self.due_at = now
        elif status == 489:
            self._other_package(now)
        elif status in (408, 480, 430) or 500 <= status < 600:
            self._next_target(f"{status} {response.reason}", now, float(_seconds(response.header("Retry-After"))))
        else:
            self._refused(f"{status} {response.reason}", now, float(_seconds(response.header("Retry-After"))))

    def notified(self, notify: Request, flow: Flow, now: float) -> int:
        """Take a NOTIFY of this Call-ID; the status to answer. 200 is also given to one that ends the subscription.

        Raises ProtocolViolation for what is malformed. The body is for who knows the package.
        """
        if notify.to.tag != self._tag or self._state == "stopped":
            return 481
        event = notify.event
        if event is None or event.package != self.package:
            return 489
        if self._dialog is None:
            # It overtook the 200 (RFC 6665 §4.1.2.4).
            self._dialog = self._of_notify(notify, flow)
        elif (notify.from_.tag or "") != self._dialog.remote_tag:
            # Another branch of a fork: one subscription is enough.
            return 481
        elif not self._dialog.in_order(notify):
            return 500
        self._dialog.heard_on(flow)
        value, _, params = (notify.header("Subscription-State") or "").partition(";")
        state = value.strip().lower()
        if state == "terminated":
            self._terminated(params, now)
        elif state in ("active", "pending"):
            self._stands(state, params, now)
        else:
            raise ProtocolViolation("Subscription-State is neither active, pending nor terminated")
        return 200

    # --- what answers and NOTIFYs do

    def _accepted(self, response: Response, now: float) -> None:
        flow = self.flow
        if self._dialog is None and self._request is not None and flow is not None:
            self._dialog = Dialog.as_uac(self._request, response, flow)
        self._note_cseq(response)
        self._failed_targets = 0
        if self._notified:
            self._granted(float(_seconds(response.header("Expires")) or self._expires), now)
        else:
            self.reason = "no NOTIFY yet"
            self.due_at = now + TRANSACTION_TIMEOUT

    def _stands(self, state: str, params: str, now: float) -> None:
        self._state = "active" if state == "active" else "pending"
        self._notified = True
        self._rounds = self._refused_packages = 0
        self.reason = ""
        remaining = _parameter(params, "expires")
        self._granted(float(_seconds(remaining) or self._expires), now)

    def _granted(self, seconds: float, now: float) -> None:
        seconds = max(seconds, LEAST_DURATION)
        self.valid_until = now + seconds
        self.due_at = now + seconds * between(*REFRESH_SHARE, self._token)

    def _terminated(self, params: str, now: float) -> None:
        reason = (_parameter(params, "reason") or "").lower()
        after = float(_seconds(_parameter(params, "retry-after")))
        told = f"ended by the other server: {reason or 'no reason'}"
        if reason in _AT_ONCE:
            self._again(told, now)
        elif reason in _LONG:
            self._refused(told, now, after)
        else:
            self._fail(told, now, after)

    def _note_cseq(self, response: Response) -> None:
        number = response.cseq.number
        self._cseq = max(self._cseq, number)
        if self._dialog is not None:
            self._dialog.local_cseq = max(self._dialog.local_cseq, number)

    # --- failures

    def _again(self, reason: str, now: float) -> None:
        """Begin anew without waiting long."""
        self._doubt(now)
        self._begin()
        self._state, self.reason = "trying", reason
        self.due_at = now + between(0.0, 1.0, self._token)

    def _other_package(self, now: float) -> None:
        self._package = (self._package + 1) % len(self._watched.packages)
        self._refused_packages += 1
        if self._refused_packages < len(self._watched.packages):
            self._again("489, another package is tried", now)
        else:
            self._refused_packages = 0
            self._refused("489, the server knows none of the packages", now, 0.0)

    def _refused(self, reason: str, now: float, retry_after: float) -> None:
        self._fail(reason, now, max(REFUSED_WAIT, retry_after))

    def _next_target(self, reason: str, now: float, retry_after: float) -> None:
        if self._dialog is not None:
            self._again(reason, now)
            return
        self._targets = (*self._targets[1:], *self._targets[:1])
        self._failed_targets += 1
        if self._failed_targets < len(self._targets):
            self._begin()
            self.reason = reason
            self.due_at = now
        else:
            self._failed_targets = 0
            self._fail(reason, now, retry_after)

    def _fail(self, reason: str, now: float, least: float) -> None:
        self._doubt(now)
        self._begin()
        self._state, self.reason = "failed", reason
        wait = min(BACKOFF_MAX, BACKOFF_BASE * 2**self._rounds)
        self._rounds = min(self._rounds + 1, 10)
        # Half of it by chance, so that a server's restart is not followed by a stampede.
        self.due_at = now + max(wait * between(0.5, 1.0, self._token), least)

    def _doubt(self, now: float) -> None:
        """What was learned may be wrong by now; it counts a little longer, so that lamps do not blink at a restart."""
        self.valid_until = min(self.valid_until, now + DOUBT_SECONDS)

    # --- requests

    def _begin(self) -> None:
        """Forget the dialog; the next request begins another."""
        self._dialog = None
        self._request = None
        self._notified = False
        self.call_id = self._token()
        self._tag = self._token()
        self._cseq = 0

    def _subscribe(self, contact: str, expires: int) -> Request:
        watched = self._watched
        fields = [
            ("Contact", f"<{contact}>"),
            ("Event", self.package),
            ("Accept", watched.accept[self._package]),
            ("Expires", str(expires)),
        ]
        if self._dialog is not None:
            self._dialog.local_cseq += CSEQ_STEP - 1
            return self._dialog.request("SUBSCRIBE", fields=fields)
        self._cseq += CSEQ_STEP
        head = [
            ("Max-Forwards", "70"),
            ("From", f"<{watched.watcher}>;tag={self._tag}"),
            ("To", f"<{watched.resource}>"),
            ("Call-ID", self.call_id),
            ("CSeq", f"{self._cseq} SUBSCRIBE"),
        ]
        self._request = Request("SUBSCRIBE", watched.resource, head + fields)
        return self._request

    def _of_notify(self, notify: Request, flow: Flow) -> Dialog:
        dialog = Dialog.as_uas(notify, self._tag, flow)
        dialog.local_cseq = self._cseq + CSEQ_STEP
        return dialog


def _parameter(params: str, name: str) -> str | None:
    """A parameter of Subscription-State."""
    for part in params.split(";"):
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip()
    return None


def _seconds(text: str | None) -> int:
    """The number that a value begins with; 0 without one."""
    digits = (text or "").strip().partition(";")[0].partition("(")[0].strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 10 else 0
