"""People, and the boxes in which messages for them and for groups are left."""

import msgspec

from routing.model.destination import Destination
from routing.model.privacy import Detail


class Person(msgspec.Struct, frozen=True):
    """Somebody who can be called: id, name and extension."""

    id: str
    name: str
    extension: str
    ring_seconds: float = 30.0
    on_busy: Destination | None = None
    on_no_answer: Destination | None = None
    outside_number: str | None = None
    """Shown as caller id when calling out; None shows the company's first main number."""
    administrator: bool = False
    """May record greetings, turn switches and change others' membership."""
    forwards_outside: bool = True
    """May have calls forwarded to numbers outside; never to those that cost more."""
    shows: tuple[Detail, ...] | None = None
    """What colleagues see at most, whatever the company lets them; None: no less than that."""
    mobile: str | None = None
    """E.164: by it mobile networks and other PBXs know the person."""
    mail: str = ""
    """By it calendars and computers know the person; empty: none."""
    hidden_from: tuple[str, ...] = ()
    """Ids of people who see this one as not there, always, without being told."""


class VoicemailBox(msgspec.Struct, frozen=True):
    """Where callers leave messages: of a person (the box's name is the person's id) or of a group."""

    name: str
    readers: tuple[str, ...] = ()
    """Ids of the people who may listen; empty: the person, or the members of the queue, of the box's name."""
    greeting: str = "voicemail-greeting"
    mail: str = ""
    """Address to which messages are sent as attachments; empty: none."""
    max_seconds: float = 180.0
    max_messages: int = 100
    keep_days: float = 0.0
    """Messages that were heard are deleted after so long; 0: never."""
