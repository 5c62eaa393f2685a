"""A person's state as application/xpidf+xml, of which old Poly phones know the words that MSN had."""

from typing import Final

from presence_pidf.document import Document
from presence_pidf.person_state import Condition, PersonState
from presence_pidf.xml_text import escape_uri

CONTENT_TYPE: Final = "application/xpidf+xml"

_SHOWN_AS: dict[Condition, tuple[str, str]] = {
    "unregistered": ("closed", "offline"),
    "idle": ("open", "online"),
    "ringing": ("inuse", "onthephone"),
    "calling": ("inuse", "onthephone"),
    "talking": ("inuse", "onthephone"),
    "hold": ("inuse", "onthephone"),
    "do-not-disturb": ("open", "busy"),
    "forwarded": ("open", "berightback"),
    "busy": ("open", "busy"),
    "meeting": ("open", "busy"),
    "away": ("open", "away"),
    "vacation": ("open", "away"),
}
"""The status and the substatus of MSN."""


def render_xpidf(entity: str, state: PersonState) -> Document:
    """Render the state of the presentity `entity`, an AOR."""
    status, substatus = _SHOWN_AS[state.condition]
    if status == "open" and not state.reachable:
        status = "closed"
    uri = escape_uri(entity)
    return Document(
        CONTENT_TYPE,
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<!DOCTYPE presence PUBLIC "-//IETF//DTD RFCxxxx XPIDF 1.0//EN" "xpidf.dtd">\n'
            f'<presence>\n<presentity uri="{uri};method=SUBSCRIBE"/>\n<atom id="phone">\n'
            f'<address uri="{uri};user=ip" priority="0.800000">\n'
            f'<status status="{status}"/>\n<msnsubstatus substatus="{substatus}"/>\n'
            "</address>\n</atom>\n</presence>\n"
        ).encode(),
    )
