"""A person's state as application/cpim-pidf+xml, the draft of PIDF that phones of its time still ask for."""

from typing import Final

from presence_pidf.document import Document
from presence_pidf.person_state import PersonState
from presence_pidf.pidf import is_open, note_of
from presence_pidf.xml_text import escape, escape_uri

CONTENT_TYPE: Final = "application/cpim-pidf+xml"


def render_cpim_pidf(entity: str, state: PersonState) -> Document:
    """Render the state of the presentity `entity`, an AOR: open or closed, and a note."""
    uri = escape_uri(entity)
    basic = "open" if is_open(state) else "closed"
    return Document(
        CONTENT_TYPE,
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<presence xmlns="urn:ietf:params:xml:ns:cpim-pidf:" entity="{uri}">\n'
            f'<tuple id="phone"><status><basic>{basic}</basic></status><contact>{uri}</contact>'
            f"<note>{escape(note_of(state))}</note></tuple>\n</presence>\n"
        ).encode(),
    )
