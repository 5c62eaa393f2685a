"""A subscription as it is kept on disk (RFC 6665 §4.2).

This module stays Python: the types are read with the data from disk.
"""

from functools import lru_cache

from sipcore.flow import Flow
from sipcore.structs import Leaf, Value

BRANCH_PREFIX = "z9hG4bKn."
"""Branches of NOTIFYs: this, the subscription's id, a dot and the CSeq number. No other transaction begins so."""


CODING = "|"
"""Parts the package's name of a form from the coding in which its documents are sent."""


DETAIL = "~"
"""Parts what the watcher may see from the rest of the package's name of a form."""


class SubscriptionRecord(Leaf, frozen=True, gc=False):
    """All that a subscription needs to outlive a restart. NOTIFYs are the two templates with numbers between."""

    id: str
    """Our tag in the dialog, and part of each branch."""
    resource: str
    package: str
    form: str
    """The package's name of it, behind `DETAIL` what the watcher may see, behind `CODING` how documents are coded."""
    dialog: str
    """Call-ID and the watcher's tag."""
    before: bytes
    """A NOTIFY up to the number in its branch."""
    after: bytes
    """From there to the number in its CSeq."""
    routes: tuple[str, ...]
    """The route set, in order (RFC 3261 §12.1.1)."""
    contact: str
    """Our Contact."""
    flow: Flow
    """Where NOTIFYs go."""
    phone: str
    """What a new subscription of the same phone for the same key has in common with this one."""
    remote_cseq: int
    expires_at: float
    reserved: int
    """CSeq numbers below this may have been used; after a restart they go on from here."""
    watcher: str = ""
    """AOR of who watches, as was proved; empty where nobody was asked."""
    eventlist: bool = False
    """The resource is a list (RFC 4662)."""
    recipients: tuple[str, ...] = ()
    """The URIs of a list that came with the SUBSCRIBE (RFC 5367)."""
    stream: Flow | None = None
    """A connection to the phone, for NOTIFYs that are too large for a datagram."""

    @property
    def package_form(self) -> str:
        """The form as the package names it."""
        return self.form.partition(CODING)[0]

    @property
    def detail(self) -> str:
        """How much the watcher may see, as the package names it; empty for everything."""
        return self.package_form.partition(DETAIL)[2]

    @property
    def coding(self) -> str:
        """The coding of the documents; empty for none."""
        return self.form.partition(CODING)[2]

    def form_with(self, detail: str) -> str:
        """The form in which a watcher who may see so much is told."""
        return detailed(self.form, detail)

    @property
    def call_id(self) -> str:
        """For the log."""
        return self.dialog.partition(" ")[0]


@lru_cache(256)
def detailed(form: str, detail: str) -> str:
    """The form, with another detail; the same text for all who are told alike."""
    name, coded, coding = form.partition(CODING)
    name = name.partition(DETAIL)[0]
    return f"{name}{DETAIL}{detail}{coded}{coding}" if detail else f"{name}{coded}{coding}"


class SubscriptionEnded(Value, frozen=True):
    """The subscription of this id is over; its record can be forgotten."""

    id: str
