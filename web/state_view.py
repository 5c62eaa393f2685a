"""How much of a state a client is shown: what its token's scopes let it see; what they do not is left out."""

from collections.abc import Collection

import msgspec
from msgspec import UNSET, UnsetType

from provisioning.tokens import Scope
from web.state_board import Entry, Free
from web.told_state import Phone, ToldForwarding, ToldRoaming, ToldSource, ToldState


class ShownState(msgspec.Struct, frozen=True):
    """As it is told; null is not known, what is left out is not for this client."""

    sequence: int
    person: str
    name: str
    extension: str
    phone: Phone
    condition: str
    since: float
    back_at: float | None
    reason: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    sources: tuple[ToldSource, ...] | UnsetType = UNSET
    forwarding: ToldForwarding | UnsetType | None = UNSET
    private_number: bool | UnsetType | None = UNSET
    roaming: ToldRoaming | UnsetType | None = UNSET
    data_attached: bool | UnsetType | None = UNSET


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event: exactly one of `state`, `gone` and `free` is there."""

    sequence: int
    state: ShownState | None = None
    gone: str | None = None
    """Id of somebody who is not in the company any more."""
    free: Free | None = None

    @property
    def event(self) -> str:
        """Its kind, by name."""
        if self.state is not None:
            return "state"
        return "gone" if self.gone is not None else "free"


class View:
    """What one client sees."""

    def __init__(self, client: str, scopes: Collection[Scope], people: Collection[str] = ()) -> None:
        """`people` are ids; empty for all."""
        self._client = client
        self._reasons = "reasons" in scopes
        self._forwarding = "forwarding" in scopes
        self._mobile = "mobile" in scopes
        self._people = frozenset(people)

    def change(self, entry: Entry) -> Change | None:
        """What the client is told of an entry; None for nothing."""
        if self._people and entry.person not in self._people:
            return None
        if entry.free is not None:
            return Change(entry.sequence, free=entry.free) if entry.free.client == self._client else None
        if entry.state is None:
            return Change(entry.sequence, gone=entry.key)
        return Change(entry.sequence, state=self.state(entry.sequence, entry.state))

    def state(self, sequence: int, state: ToldState) -> ShownState:
        """A state with what the client may see of it."""
        return ShownState(
            sequence=sequence,
            person=state.person,
            name=state.name,
            extension=state.extension,
            phone=state.phone,
            condition=state.condition,
            since=state.since,
            back_at=state.back_at,
            reason=state.reason if self._reasons else UNSET,
            note=state.note if self._reasons else UNSET,
            sources=state.sources if self._reasons else UNSET,
            forwarding=state.forwarding if self._forwarding else UNSET,
            private_number=state.private_number if self._mobile else UNSET,
            roaming=state.roaming if self._mobile else UNSET,
            data_attached=state.data_attached if self._mobile else UNSET,
        )
