"""What people outside the house are told of."""

from typing import Literal, get_args

import msgspec

NoticeKind = Literal[
    "last-passive", "auto-pause", "missed-call", "box-full", "message-lost", "trunk-down", "database-away"
]
NOTICE_KINDS: tuple[NoticeKind, ...] = get_args(NoticeKind)


class NoticeTarget(msgspec.Struct, frozen=True):
    """Who is told of what: a program by webhook, a person by mail, or both."""

    name: str
    kinds: tuple[NoticeKind, ...]
    webhook: str = ""
    """Where each notice is sent by POST; empty for none."""
    secret_name: str = ""
    """Name of the server's secret that signs it; empty for not signed."""
    mail: str = ""
    """Where each notice is sent by mail; empty for none."""
