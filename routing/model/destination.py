"""Where a call can go."""

from typing import Literal

import msgspec

DestinationKind = Literal[
    "person",
    "queue",
    "menu",
    "number",
    "message",
    "voicemail",
    "calendar",
    "lookup",
    "hours",
    "names",
    "callback",
    "mailbox",
    "recording",
    "park",
    "back",
    "hangup",
]


class Destination(msgspec.Struct, frozen=True):
    """Where a call goes next, written `kind:name`, or `kind` alone where there is nothing to name.

    - `person:anna`, `queue:sales`, `menu:main`, `number:+4533221100`
    - `message:closed`: a prompt, then the call ends
    - `voicemail:anna`: leave a message in a box
    - `calendar:evenings`: where the week calendar leads at this moment
    - `lookup:customers`: ask the company's own server where the call goes
    - `hours:office`: the opening hours are told, then `back`
    - `names`: dial a person by name
    - `callback:sales`: keep a place in the queue and be called back
    - `mailbox`: listen to one's messages; `recording`: record a greeting, after the PIN
    - `park:71`: wait in a park slot, `park` in any; where phones send calls, not written in company files
    - `back`: to the menu that the caller came from, or to the place in the queue that was kept
    - `hangup`
    """

    kind: DestinationKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind


def read_destination(written: str) -> Destination:
    """The destination whose written form this is. Raises msgspec.ValidationError for any other text."""
    kind, _, name = written.partition(":")
    return msgspec.convert({"kind": kind, "name": name}, Destination)
