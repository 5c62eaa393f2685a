"""What has changed of a person's state since a watcher was told: application/pidf-diff+xml (RFC 5262, RFC 5263)."""

from collections.abc import Iterator, Sequence
from typing import Final

from presence_pidf.document import Document
from presence_pidf.person_state import PersonState
from presence_pidf.pidf import NAMESPACES, Element, elements_of
from presence_pidf.xml_text import escape_uri

CONTENT_TYPE: Final = "application/pidf-diff+xml"

_NAMESPACES = f'{NAMESPACES} xmlns:p="urn:ietf:params:xml:ns:pidf-diff"'


def _document(root: str, entity: str, content: str) -> Document:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<p:{root} {_NAMESPACES} entity="{escape_uri(entity)}" version="'
    return Document(CONTENT_TYPE, head.encode(), f'">\n{content}</p:{root}>\n'.encode())


def render_pidf_full(entity: str, state: PersonState) -> Document:
    """Render all of the state, from which changes go on."""
    return _document("pidf-full", entity, "".join(element.text for element in elements_of(entity, state)))


def render_pidf_changes(entity: str, older: PersonState, newer: PersonState) -> Document:
    """Render what to change in a document of the older state; all of the newer where that is not shorter to say.

    Elements are replaced as a whole. They are found by their ids (RFC 5261 §4.1), so each must stand once; where some
    do not, or have changed places, the full document is told anew, as RFC 5263 §4.4 allows at any time.
    """
    before, after = elements_of(entity, older), elements_of(entity, newer)
    old, new = [element.path for element in before], [element.path for element in after]
    kept = [path for path in old if path in new]
    if len({*old}) < len(old) or len({*new}) < len(new) or kept != [path for path in new if path in old]:
        return render_pidf_full(entity, newer)
    return _document("pidf-diff", entity, "".join(_operations(before, after)))


def _operations(before: Sequence[Element], after: Sequence[Element]) -> Iterator[str]:
    """The operations that make the one of the other, in order (RFC 5261 §4)."""
    known = {element.path: element.text for element in before}
    wanted = {element.path for element in after}
    for element in before:
        if element.path not in wanted:
            yield f'<p:remove sel="{element.path}"/>\n'
    place = 'sel="presence" pos="prepend"'
    for element in after:
        older = known.get(element.path)
        if older is None:
            yield f"<p:add {place}>{element.text.strip()}</p:add>\n"
        elif older != element.text:
            yield f'<p:replace sel="{element.path}">{element.text.strip()}</p:replace>\n'
        place = f'sel="{element.path}" pos="after"'
