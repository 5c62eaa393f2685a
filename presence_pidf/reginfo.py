"""The contacts of an AOR as application/reginfo+xml (RFC 3680)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from presence_pidf.document import Document
from presence_pidf.xml_text import escape, escape_uri

CONTENT_TYPE: Final = "application/reginfo+xml"


class RegisteredContact(msgspec.Struct, frozen=True, gc=False):
    """One contact binding."""

    id: str
    """Stable for the life of the binding."""
    uri: str
    expires: float
    """Seconds until it ends, unless the phone refreshes it before."""
    q: float = 1.0
    call_id: str = ""
    cseq: int = 0
    user_agent: str = ""
    """What phone it is, shown as the contact's name."""


def _contact(contact: RegisteredContact) -> str:
    name = f"<display-name>{escape(contact.user_agent)}</display-name>" if contact.user_agent else ""
    call_id = f' callid="{escape(contact.call_id)}" cseq="{contact.cseq}"' if contact.call_id else ""
    return (
        f'<contact id="{escape(contact.id)}" state="active" event="registered"'
        f' expires="{max(0, round(contact.expires))}" q="{contact.q:.3g}"{call_id}>'
        f"<uri>{escape_uri(contact.uri)}</uri>{name}</contact>\n"
    )


def render_reginfo(aor: str, contacts: Sequence[RegisteredContact]) -> Document:
    """Render full state: the bindings there are. Without any the registration is in state `init` (RFC 3680 §4.7.1)."""
    state = "active" if contacts else "init"
    uri = escape_uri(aor)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="'
    tail = (
        f'" state="full">\n<registration aor="{uri}" id="{uri}" state="{state}">\n'
        f"{''.join(map(_contact, contacts))}</registration>\n</reginfo>\n"
    )
    return Document(CONTENT_TYPE, head.encode(), tail.encode())
