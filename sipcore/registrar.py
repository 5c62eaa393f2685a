"""The registrar: which contacts an address-of-record is bound to (RFC 3261 §10.3, Path RFC 3327, RFC 5626 §6)."""

from collections.abc import Iterable, Sequence
from email.utils import formatdate
from typing import Final

from msgspec.structs import replace

from sipcore.address import parse_name_addr
from sipcore.answering import response_to
from sipcore.binding import Binding, BindingChange
from sipcore.contact_request import ContactRequest, read_contact
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.nat import behind_nat, contact_flow, direct_flow, is_address
from sipcore.structs import Value
from sipcore.text import as_text
from sipcore.timers import Timer, TimerWheel
from sipcore.uri import SipUri, parse_uri

ONE_HOUR: Final = 3600
"""Longer intervals are never called too brief (RFC 3261 §10.3 step 7)."""
EXPIRY_GRANULARITY: Final = 0.5
"""A binding may outlive its time by this many seconds."""
CONTACTS_READ: Final = 16_384
"""Contact values remembered in their parsed form, so that a refresh costs no parsing."""


class RegistrarConfig(Value, frozen=True):
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
            contacts = request.headers("Contact")
            if contacts == ["*"]:
                self._remove_all(request, aor)
            elif contacts:
                self._update(request, contacts, flow, aor, now)
        except _TooBriefError:
            return response_to(request, 423, fields=[("Min-Expires", str(self._config.min_expires))])
        except ProtocolViolation as violation:
            return response_to(request, violation.status, violation.reason)
        return self._tell(request, aor, now)

    def _remove_all(self, request: Request, aor: str) -> None:
        if request.expires != 0:
            raise ProtocolViolation("Contact * needs Expires 0")
        current = self.bindings(aor)
        for binding in current:
            _check_order(binding, request)
        self._changes += [BindingChange("removed", binding) for binding in current]
        self._store(aor, current, ())

    def _update(self, request: Request, values: Sequence[str], flow: Flow, aor: str, now: float) -> None:
        """Do step 7: all contacts, or none by raising why."""
        if len(values) > self._config.max_bindings:
            raise ProtocolViolation("Too many contacts", 403)
        current = self.bindings(aor)
        others, updated, changes = list(current), list[Binding](), list[BindingChange]()
        for contact in self._asked(request, values):
            known = _find(others, contact)
            if known is not None:
                _check_order(known, request)
                others.remove(known)
            if contact.expires > 0:
                binding = self._bind(request, flow, aor, contact, known, now)
                updated.append(binding)
                changes.append(BindingChange("added" if known is None else "refreshed", binding))
            elif known is not None:
                changes.append(BindingChange("removed", known))
        excess = len(others) + len(updated) - self._config.max_bindings
        if excess > 0:
            changes += [BindingChange("removed", binding) for binding in others[:excess]]
            del others[:excess]
        after = others + updated
        if len(after) > 1:
            after.sort(key=_by_expiry)
        self._changes += changes
        self._store(aor, current, tuple(after))

    def _asked(self, request: Request, values: Sequence[str]) -> Sequence[ContactRequest]:
        """The contacts as asked for, each URI once. Raises ProtocolViolation, _TooBriefError."""
        try:
            expires = request.expires
        except ProtocolViolation:
            expires = ONE_HOUR  # malformed is as good as 3600 (RFC 3261 §10.2.1.1)
        default = self._config.default_expires if expires is None else expires
        min_expires = min(self._config.min_expires, ONE_HOUR)
        asked = {}
        for value in values:
            contact = self._contact(value, default)
            if 0 < contact.expires < min_expires:
                raise _TooBriefError
            asked[contact.text] = contact
        return tuple(asked.values())

    def _contact(self, value: str, default: int) -> ContactRequest:
        key = (value, default)
        contact = self._read.get(key)
        if contact is None:
            if len(self._read) >= CONTACTS_READ:
                self._read.clear()
            contact = self._read[key] = read_contact(value, default)
        return contact

    def _bind(
        self, request: Request, flow: Flow, aor: str, contact: ContactRequest, known: Binding | None, now: float
    ) -> Binding:
        path = tuple(as_text(str(address)) for address in request.paths)
        if known is not None and known.source == flow and known.contact == contact.text and known.path == path:
            to, natted = known.flow, known.behind_nat
        elif path:
            to, natted = flow, False
        else:
            to, natted = contact_flow(contact.uri, flow), behind_nat(contact.uri, flow)
        return Binding(
            aor,
            contact.text,
            flow,
            to,
            natted,
            now + min(contact.expires, self._config.max_expires),
            as_text(request.call_id),
            request.cseq.number,
            path,
            contact.q,
            contact.instance,
            contact.reg_id,
            as_text(request.header("User-Agent") or ""),
        )

    def _tell(self, request: Request, aor: str, now: float) -> Response:
        outbound = False
        fields = []
        for binding in self.bindings(aor):
            fields.append(("Contact", binding.contact_value(now)))
            outbound = outbound or binding.reg_id is not None
        fields += [("Path", path) for path in request.headers("Path")]
        if outbound and "outbound" in request.supported:
            fields.append(("Require", "outbound"))
        fields.append(("Date", self.http_date(now)))
        return response_to(request, 200, fields=fields)

    def renew(self, binding: Binding, cseq: int, expires_at: float) -> Binding:
        """Let one of the current bindings live on, with a higher CSeq and until later; the binding as it is now."""
        renewed = replace(binding, cseq=cseq, expires_at=expires_at)
        current = self._bindings[binding.aor]
        if len(current) == 1:
            self._bindings[binding.aor] = (renewed,)
        else:
            others = [other for other in current if other != binding]
            self._bindings[binding.aor] = tuple(sorted([*others, renewed], key=_by_expiry))
        self._changes.append(BindingChange("refreshed", renewed))
        return renewed

    def http_date(self, now: float) -> str:
        """`now` as the Date header has it (RFC 3261 §20.17)."""
        second = int(now)
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]

    # -- what is bound ----------------------------------------------------------------------------------------------

    def bindings(self, aor: str) -> Sequence[Binding]:
        """The bindings of `aor`, the one that expires first at the front; `advance` takes away what has expired."""
        return self._bindings.get(aor, ())

    def connection(self, aor: str, flow: Flow) -> Flow | None:
        """A connection that the phone which sends on `flow` has opened to register; None where there is none."""
        for binding in self._bindings.get(aor, ()):
            if binding.flow.reliable and binding.flow.remote[0] == flow.remote[0]:
                return binding.flow
        return None

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
                other = binding if binding.flow != flow else _without_connection(binding)
                if other is None:
                    self._changes.append(BindingChange("removed", binding))
                    continue
                kept.append(other)
                if other is not binding:
                    self._changes.append(BindingChange("refreshed", other))
            self._store(aor, current, tuple(kept))

    def remove(self, binding: Binding) -> None:
        """Forget one binding, for example of a phone that does not answer any more."""
        current = self.bindings(binding.aor)
        kept = tuple(other for other in current if other.key != binding.key)
        self._changes += [BindingChange("removed", other) for other in current if other.key == binding.key]
        self._store(binding.aor, current, kept)

    def advance(self, now: float) -> None:
        """Remove what has expired."""
        for timer in self._wheel.expired(now):
            aor = timer.owner
            assert isinstance(aor, str)
            del self._timers[aor]
            current = self.bindings(aor)
            kept = tuple(binding for binding in current if binding.expires_at > now)
            self._changes += [BindingChange("expired", binding) for binding in current if binding.expires_at <= now]
            self._store(aor, current, kept)

    def next_timeout(self) -> float | None:
        """When `advance` has something to do."""
        return self._wheel.next_timeout()

    def restore(self, bindings: Iterable[Binding], now: float) -> None:
        """Take back what was kept on disk. What has expired meanwhile, or hung on a connection, is told as a change."""
        by_aor: dict[str, list[Binding]] = {}
        for binding in bindings:
            live = by_aor.setdefault(binding.aor, [])
            if binding.expires_at <= now:
                self._changes.append(BindingChange("expired", binding))
                continue
            # Connections ended with the process that had them.
            kept = _without_connection(binding) if binding.source.reliable else binding
            if kept is None:
                self._changes.append(BindingChange("removed", binding))
            else:
                live.append(kept)
        for aor, restored in by_aor.items():
            self._store(aor, self.bindings(aor), tuple(sorted(restored, key=_by_expiry)))

    def take_changes(self) -> list[BindingChange]:
        """What became of bindings since the last call, in order, for lamps and disk."""
        changes, self._changes = self._changes, []
        return changes

    def _store(self, aor: str, before: Sequence[Binding], after: tuple[Binding, ...]) -> None:
        for binding in before:
            if binding.flow[0] != "udp" and binding.flow in self._on_connection:
                aors = self._on_connection[binding.flow]
                aors.discard(aor)
                if not aors:
                    del self._on_connection[binding.flow]
        for binding in after:
            if binding.flow[0] != "udp":
                self._on_connection.setdefault(binding.flow, set()).add(aor)
        timer = self._timers.get(aor)
        if not after:
            self._bindings.pop(aor, None)
            if timer is not None:
                self._wheel.cancel(timer)
                del self._timers[aor]
            return
        self._bindings[aor] = after
        # A timer that comes too early finds nothing and is set again: a refresh costs no timer.
        first = after[0].expires_at
        if timer is None or timer.tick * EXPIRY_GRANULARITY > first + 2 * EXPIRY_GRANULARITY:
            if timer is not None:
                self._wheel.cancel(timer)
            self._timers[aor] = self._wheel.start(aor, "expiry", first, 0.0)


class _TooBriefError(Exception):
    """An interval below the shortest one."""


def _check_order(binding: Binding, request: Request) -> None:
    """Out of order requests of one client change nothing (RFC 3261 §10.3 steps 6 and 7). Raises ProtocolViolation."""
    if binding.call_id == as_text(request.call_id) and binding.cseq >= request.cseq.number:
        raise ProtocolViolation("REGISTER out of order", 500)


def _by_expiry(binding: Binding) -> float:
    return binding.expires_at


def _find(bindings: Sequence[Binding], contact: ContactRequest) -> Binding | None:
    """The binding that `contact` is about: the same flow of the same device (RFC 5626 §6), or an equivalent URI."""
    for binding in bindings:
        if contact.reg_id is not None and binding.reg_id is not None:
            if contact.reg_id == binding.reg_id and contact.instance == binding.instance:
                return binding
        elif contact.text == binding.contact or contact.uri.equivalent(parse_uri(binding.contact)):
            return binding
    return None


def _without_connection(binding: Binding) -> Binding | None:
    """The binding without its connection, None when there is no other way to it."""
    if binding.reg_id is not None or binding.behind_nat:
        return None
    uri = parse_name_addr(binding.path[0]).uri if binding.path else parse_uri(binding.contact)
    if not isinstance(uri, SipUri) or not is_address(uri.address):
        return None
    flow = direct_flow(uri, binding.source)
    return None if flow == binding.flow else replace(binding, flow=flow)
