"""The list in a SUBSCRIBE, application/resource-lists+xml (RFC 4826 §3, RFC 5367), read from strangers."""

from typing import Final

from lxml import etree

from presence_pidf.safe_xml import MalformedDocument, parse

CONTENT_TYPE: Final = "application/resource-lists+xml"

MOST_ENTRIES: Final = 500
"""More are refused."""
MOST_DEPTH: Final = 5
"""Lists in lists; deeper ones are refused."""
MOST_URI: Final = 500
"""Characters of a URI; an entry with a longer one is refused."""

_NAMESPACE = "{urn:ietf:params:xml:ns:resource-lists}"


def read_resource_lists(body: bytes) -> tuple[str, ...]:
    """The URIs of all entries, each once, in their order; lists in lists are taken as one.

    Raises MalformedDocument. References to lists elsewhere (`external`, `entry-ref`) are passed over: nothing is
    fetched because a stranger names it.
    """
    root = parse(body, f"{_NAMESPACE}resource-lists")
    found: dict[str, None] = {}
    _collect(root, 0, found)
    return tuple(found)


def _collect(parent: etree._Element, depth: int, found: dict[str, None]) -> None:
    if depth > MOST_DEPTH:
        raise MalformedDocument(f"lists are nested deeper than {MOST_DEPTH}")
    for child in parent:
        if child.tag == f"{_NAMESPACE}list":
            _collect(child, depth + 1, found)
        elif child.tag == f"{_NAMESPACE}entry":
            uri = (child.get("uri") or "").strip()
            if not uri or len(uri) > MOST_URI:
                raise MalformedDocument(f"an entry's uri must have 1 to {MOST_URI} characters")
            found[uri] = None
            if len(found) > MOST_ENTRIES:
                raise MalformedDocument(f"more than {MOST_ENTRIES} entries")
