"""Voicemail counts as application/simple-message-summary (RFC 3842)."""

import msgspec

from presence_pidf.document import Document

CONTENT_TYPE = "application/simple-message-summary"


class MessageCounts(msgspec.Struct, frozen=True):
    """How many voice messages somebody has."""

    new: int = 0
    old: int = 0
    new_urgent: int = 0
    old_urgent: int = 0


def render_message_summary(account: str, counts: MessageCounts) -> Document:
    """Render the counts for the account's URI; the urgent ones are among the others (RFC 3842 §5.2)."""
    waiting = "yes" if counts.new else "no"
    lines = (
        f"Messages-Waiting: {waiting}",
        f"Message-Account: {account}",
        f"Voice-Message: {counts.new}/{counts.old} ({counts.new_urgent}/{counts.old_urgent})",
        "",
    )
    return Document(CONTENT_TYPE, "\r\n".join(lines).encode())
