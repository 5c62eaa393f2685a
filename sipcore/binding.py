"""A contact binding: one device at which an address-of-record is reached (RFC 3261 §10).

This module stays Python: the types are read with the data from disk.
"""

from typing import Literal, NamedTuple

from sipcore.flow import Flow
from sipcore.structs import Leaf


class BindingTarget(NamedTuple):
    """How a request reaches a binding: its Request-URI, the flow it is sent on, its Route headers."""

    uri: str
    flow: Flow
    routes: tuple[str, ...]


class Binding(Leaf, frozen=True, gc=False):
    """One contact of an address-of-record. Written to disk and read back with msgspec."""

    aor: str
    contact: str
    """The contact URI as the phone gave it."""
    source: Flow
    """Where the REGISTER came from."""
    flow: Flow
    """Where requests to the contact go: the source, except for a phone that is not behind NAT and listens elsewhere."""
    behind_nat: bool
    expires_at: float
    call_id: str
    cseq: int
    path: tuple[str, ...] = ()
    """Proxies between, the nearest to us first, as Route values (RFC 3327)."""
    q: float = 1.0
    """Preference among the contacts, 0 to 1 (RFC 3261 §20.10)."""
    instance: str | None = None
    """`+sip.instance` with its brackets: the device, whatever its address is (RFC 5626 §4.1)."""
    reg_id: int | None = None
    """Which of the device's flows this is (RFC 5626 §4.2)."""
    user_agent: str = ""

    @property
    def key(self) -> str:
        """Names the binding among all; stays when it is refreshed."""
        if self.instance is not None and self.reg_id is not None:
            return f"{self.aor} {self.instance};reg-id={self.reg_id}"
        return f"{self.aor} {self.contact}"

    @property
    def target(self) -> BindingTarget:
        """How an INVITE (or any other request) reaches it."""
        return BindingTarget(self.contact, self.flow, self.path)

    def contact_value(self, now: float) -> str:
        """The Contact header value that tells of it, with what is left of its time in seconds."""
        value = f"<{self.contact}>;expires={max(0, round(self.expires_at - now))}"
        if self.q != 1.0:
            value = f"{value};q={self.q:.3g}"
        if self.instance is not None:
            value = f'{value};+sip.instance="{self.instance}"'
            if self.reg_id is not None:
                value = f"{value};reg-id={self.reg_id}"
        return value


class BindingChange(Leaf, frozen=True, gc=False):
    """What became of a binding. `gone` ones are `binding` as it last was."""

    kind: Literal["added", "refreshed", "removed", "expired"]
    binding: Binding

    @property
    def gone(self) -> bool:
        """True when the binding is no more."""
        return self.kind in ("removed", "expired")
