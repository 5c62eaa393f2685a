"""A publication as it is kept on disk (RFC 3903).

This module stays Python: the types are read with the data from disk.
"""

from sipcore.structs import Leaf


class PublicationRecord(Leaf, frozen=True, gc=False):
    """One piece of event state that somebody has published."""

    id: str
    """The part of the entity tags that stays."""
    number: int
    """The part that changes: the current entity tag is `id.number`."""
    resource: str
    """AOR of the presentity."""
    package: str
    publisher: str
    """Who published it, for people and for who composes."""
    content_type: str
    body: bytes
    expires_at: float
    """UTC epoch seconds."""

    @property
    def entity_tag(self) -> str:
        """What the publisher names it by in SIP-If-Match."""
        return f"{self.id}.{self.number}"
