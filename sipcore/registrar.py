"""The registrar: which contacts an address-of-record is bound to (RFC 3261 §10.3, Path RFC 3327, RFC 5626 §6)."""

from collections.abc import Iterable, Sequence
from email.utils import formatdate

import msgspec

from sipcore.binding import Binding, BindingChange
from sipcore.contact_request import ContactRequest, read_contact
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Request, Response, response_to
from sipcore.nat import behind_nat, contact_flow, direct_flow
from sipcore.timers import Timer, TimerWheel
from sipcore.uri import SipUri, parse_uri

ONE_HOUR = 3600
"""Longer intervals are never called too brief (RFC 3261 §10.3 step 7)."""
EXPIRY_GRANULARITY = 0.5
"""A binding may outlive its time by this many seconds."""
CONTACTS_READ = 16_384
"""Contact values remembered in their parsed form, so that a refresh costs no parsing."""


class RegistrarConfig(msgspec.Struct, frozen=True):
    """Registration intervals in seconds, and how many bindings an address-of-record may have."""

    min_expires: int = 60
    max_expires: int = 7200
    default_expires: int = 3600
    max_bindings: int = 10
    """When there are more, those that would expire first go: a phone that changes its address is never locked out."""


class Registrar:
    """Bindings of all addresses-of-record. Who may change them is checked before; `aor` is the canonical one."""

    def __init__(self, config: RegistrarConfig | None = None) -> None:
        self._config = config or RegistrarConfig()
        self._bindings: dict[str, tuple[Binding, ...]] = {}
        self._timers: dict[str, Timer] = {}
        self._wheel = TimerWheel(EXPIRY_GRANULARITY)
        self._on_connection: dict[Flow, set[str]] = {}
        self._changes: list[BindingChange] = []
        self._read: dict[tuple[str, int | None], ContactRequest] = {}
        self._date = (0, "")

    # -- requests -------------------------------------------------------------------------------------------------

    def register(self, request: Request, flow: Flow, aor: str, now: float) -> Response:
        """Change or tell the bindings of `aor` as a REGISTER from `flow` asks; the answer to send."""
        try:
            if request.contact_star:
                refusal = self._remove_all(request, aor, now)
            elif request.has("Contact"):
                refusal = self._update(request, flow, aor, now)
            else:
                refusal = None
        except ProtocolViolation as violation:
            return response_to(request, violation.status, violation.reason)
        return refusal or self._tell(request, aor, now)

    def _remove_all(self, request: Request, aor: str, now: float) -> Response | None:
        if request.expires != 0:
            raise ProtocolViolation("Contact * needs Expires 0")
        call_id, cseq = request.call_id, request.cseq.number
        current = self.bindings(aor)
        if any(binding.call_id == call_id and binding.cseq >= cseq for binding in current):
            return response_to(request, 500, "REGISTER out of order")
        self._commit(aor, current, (), now)
        return None

    def _update(self, request: Request, flow: Flow, aor: str, now: float) -> Response | None:
        """Do step 7: all contacts, or none with the answer why."""
        asked = self._asked(request)
        if any(0 < contact.expires < min(self._config.min_expires, ONE_HOUR) for contact in asked):
            return response_to(request, 423, fields=[("Min-Expires", str(self._config.min_expires))])
        if len(asked) > self._config.max_bindings:
            return response_to(request, 403, "Too many contacts")
        current = self.bindings(aor)
        others, updated = list(current), list[Binding]()
        for contact in asked:
            known = _find(others, contact)
            if known is not None:
                if known.call_id == request.call_id and known.cseq >= request.cseq.number:
                    return response_to(request, 500, "REGISTER out of order")
                others.remove(known)
            if contact.expires > 0 and _find(updated, contact) is None:
                updated.append(self._bind(request, flow, aor, contact, now))
        excess = len(others) + len(updated) - self._config.max_bindings
        after = (others[excess:] if excess > 0 else others) + updated
        after.sort(key=_by_expiry)
        self._commit(aor, current, tuple(after), now)
        return None

    def _asked(self, request: Request) -> list[ContactRequest]:
        try:
            expires = request.expires
        except ProtocolViolation:
            expires = ONE_HOUR  # malformed is as good as 3600 (RFC 3261 §10.2.1.1)
        default = self._config.default_expires if expires is None else expires
        values = request.headers("Contact")
        return [self._contact(value, default) for value in values]

    def _contact(self, value: str, default: int) -> ContactRequest:
        key = (value, default)
        contact = self._read.get(key)
        if contact is None:
            if len(self._read) >= CONTACTS_READ:
                self._read.clear()
            contact = self._read[key] = read_contact(value, default)
        return contact

    def _bind(self, request: Request, flow: Flow, aor: str, contact: ContactRequest, now: float) -> Binding:
        path = tuple(request.headers("Path"))
        return Binding(
            aor=aor,
            contact=contact.text,
            source=flow,
            flow=flow if path else contact_flow(contact.uri, flow),
            behind_nat=not path and behind_nat(contact.uri, flow),
            expires_at=now + min(contact.expires, self._config.max_expires),
            call_id=request.call_id,
            cseq=request.cseq.number,
            path=path,
            q=contact.q,
            instance=contact.instance,
            reg_id=contact.reg_id,
            user_agent=request.header("User-Agent") or "",
        )

    def _tell(self, request: Request, aor: str, now: float) -> Response:
        bindings = self.bindings(aor)
        fields = [("Contact", binding.contact_value(now)) for binding in bindings]
        paths = request.headers("Path")
        if paths:
            fields += [("Path", path) for path in paths]
        if any(binding.reg_id is not None for binding in bindings) and "outbound" in request.supported:
            fields.append(("Require", "outbound"))
        fields.append(("Date", self._http_date(now)))
        return response_to(request, 200, fields=fields)

    def _http_date(self, now: float) -> str:
        second = int(now)
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]

    # -- what is bound ----------------------------------------------------------------------------------------------

    def bindings(self, aor: str) -> Sequence[Binding]:
        """The bindings of `aor`, the one that expires first at the front; `advance` takes away what has expired."""
        return self._bindings.get(aor, ())

    def targets(self, aor: str) -> list[Binding]:
        """What to ring: the preferred first; of a device with several flows only the newest (RFC 5626 §5)."""
        devices: dict[str, Binding] = {}
        for binding in self.bindings(aor):
            device = binding.instance if binding.reg_id is not None and binding.instance else binding.key
            devices[device] = binding
        return sorted(devices.values(), key=lambda binding: (-binding.q, -binding.expires_at))

    def all(self) -> Iterable[Binding]:
        """Every binding there is."""
        for bindings in self._bindings.values():
            yield from bindings

    def __len__(self) -> int:
        return sum(map(len, self._bindings.values()))

    # -- what happens otherwise ---------------------------------------------------------------------------------------

    def flow_failed(self, flow: Flow, now: float) -> None:
        """A connection is gone: contacts that can be reached at their own address are from now on, others removed."""
        for aor in list(self._on_connection.get(flow, ())):
            current = self.bindings(aor)
            kept = []
            for binding in current:
                if binding.flow != flow:
                    kept.append(binding)
                elif (other := _without(binding)) is not None:
                    kept.append(other)
            self._commit(aor, current, tuple(kept), now)

    def remove(self, binding: Binding, now: float) -> None:
        """Forget one binding, for example of a phone that does not answer any more."""
        current = self.bindings(binding.aor)
        kept = tuple(other for other in current if other.key != binding.key)
        self._commit(binding.aor, current, kept, now)

    def advance(self, now: float) -> None:
        """Remove what has expired."""
        for timer in self._wheel.expired(now):
            aor = timer.owner
            assert isinstance(aor, str)
            del self._timers[aor]
            current = self.bindings(aor)
            kept = tuple(binding for binding in current if binding.expires_at > now)
            self._commit(aor, current, kept, now)

    def next_timeout(self) -> float | None:
        """When `advance` has something to do."""
        return self._wheel.next_timeout()

    def restore(self, bindings: Iterable[Binding], now: float) -> None:
        """Take back what was kept on disk; not told as changes. What has expired meanwhile is told as expired."""
        by_aor: dict[str, list[Binding]] = {}
        for binding in bindings:
            by_aor.setdefault(binding.aor, []).append(binding)
        for aor, restored in by_aor.items():
            restored.sort(key=_by_expiry)
            live = tuple(binding for binding in restored if binding.expires_at > now)
            self._changes += [BindingChange("expired", binding) for binding in restored if binding.expires_at <= now]
            self._store(aor, self.bindings(aor), live, now)

    def take_changes(self) -> list[BindingChange]:
        """What became of bindings since the last call, in order, for lamps and disk."""
        changes, self._changes = self._changes, []
        return changes

    def _commit(self, aor: str, before: Sequence[Binding], after: tuple[Binding, ...], now: float) -> None:
        old = {binding.key: binding for binding in before}
        for binding in after:
            previous = old.pop(binding.key, None)
            if previous is None:
                self._changes.append(BindingChange("added", binding))
            elif previous is not binding:
                self._changes.append(BindingChange("refreshed", binding))
        for binding in old.values():
            self._changes.append(BindingChange("removed" if binding.expires_at > now else "expired", binding))
        self._store(aor, before, after, now)

    def _store(self, aor: str, before: Sequence[Binding], after: tuple[Binding, ...], now: float) -> None:
        for binding in before:
            if binding.flow.reliable and binding.flow in self._on_connection:
                aors = self._on_connection[binding.flow]
                aors.discard(aor)
                if not aors:
                    del self._on_connection[binding.flow]
        for binding in after:
            if binding.flow.reliable:
                self._on_connection.setdefault(binding.flow, set()).add(aor)
        if not after:
            self._bindings.pop(aor, None)
            timer = self._timers.pop(aor, None)
            if timer is not None:
                self._wheel.cancel(timer)
            return
        self._bindings[aor] = after
        # A timer that comes too early finds nothing and is set again: a refresh costs no timer.
        if aor not in self._timers or self._timers[aor].tick * EXPIRY_GRANULARITY > after[0].expires_at + 1:
            self._set_timer(aor, after[0].expires_at, now)

    def _set_timer(self, aor: str, at: float, now: float) -> None:
        timer = self._timers.get(aor)
        if timer is not None:
            self._wheel.cancel(timer)
        self._timers[aor] = self._wheel.start(aor, "expiry", max(at - now, EXPIRY_GRANULARITY), now)


def _by_expiry(binding: Binding) -> float:
    return binding.expires_at


def _find(bindings: Sequence[Binding], contact: ContactRequest) -> Binding | None:
    """The binding that `contact` is about: the same flow of the same device (RFC 5626 §6), or an equivalent URI."""
    for binding in bindings:
        if contact.reg_id is not None and binding.reg_id is not None:
            if (contact.instance, contact.reg_id) == (binding.instance, binding.reg_id):
                return binding
        elif contact.text == binding.contact or contact.uri.equivalent(parse_uri(binding.contact)):
            return binding
    return None


def _without(binding: Binding) -> Binding | None:
    """The binding without its connection, None when there is no other way to it."""
    uri = parse_uri(binding.contact)
    if binding.behind_nat or binding.path or binding.reg_id is not None or not isinstance(uri, SipUri):
        return None
    flow = direct_flow(uri, binding.source)
    if flow == binding.flow:
        return None
    return msgspec.structs.replace(binding, flow=flow)
