"""The list that comes in a SUBSCRIBE (RFC 5367)."""

from typing import Final

from presence_pidf.resource_lists import CONTENT_TYPE, read_resource_lists
from presence_pidf.safe_xml import MOST_BYTES, MalformedDocument
from sipcore.content_encoding import CODINGS, unpacked
from sipcore.errors import ProtocolViolation
from sipcore.message import Request
from sipcore.notify_admission import Refused

OPTION: Final = "recipient-list-subscribe"


def recipients_of(request: Request) -> tuple[str, ...] | None:
    """The URIs to be watched, in their order; None where the SUBSCRIBE brings something else than a list.

    Raises ProtocolViolation: 400 for a list that is broken, 413 for one too large, 415 for what else there
    is instead.
    """
    if request.content_type != CONTENT_TYPE:
        if OPTION not in request.require:
            return None
        raise Refused(415, "Unsupported Media Type", ("Accept", CONTENT_TYPE))
    coding = request.header("Content-Encoding") or ""
    try:
        return read_resource_lists(unpacked(request.body, coding, MOST_BYTES))
    except MalformedDocument as malformed:
        raise ProtocolViolation(f"The list is malformed: {malformed}") from None
    except ProtocolViolation as violation:
        if violation.status != 415:
            raise
        raise Refused(415, violation.reason, ("Accept-Encoding", ", ".join(CODINGS))) from None
