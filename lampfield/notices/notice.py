"""One notice."""

import msgspec

from routing.model import NoticeKind


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Something that needs somebody. As JSON it is what a webhook is sent."""

    id: str
    """The same each time the notice is sent."""
    company: str
    kind: NoticeKind
    at: float
    """UTC epoch seconds."""
    text: str
    """One sentence for people, in the company's language."""
    over: bool = False
    """True where what was told of before has ended."""
    queue: str = ""
    member: str = ""
    call: str = ""
    caller: str = ""
    box: str = ""
