"""XML of strangers, read safely: no entities, no network, bounded in size; libxml2 itself takes 256 levels at most."""

from typing import Final

from lxml import etree

MOST_BYTES: Final = 65_536
"""A longer document is refused. A person's state takes a few kilobytes at most."""

_PARSER: Final = etree.XMLParser(
    resolve_entities=False,
    no_network=True,
    load_dtd=False,
    dtd_validation=False,
    huge_tree=False,
    remove_comments=True,
    remove_pis=True,
    collect_ids=False,
)


class MalformedDocument(Exception):
    """The text says what is wrong with a document, for who sent it."""


def parse(body: bytes, root: str, most_bytes: int = MOST_BYTES) -> etree._Element:
    """The root element of a document, which must be `root` in Clark's notation, or any where that is empty.

    Raises MalformedDocument.
    """
    if len(body) > most_bytes:
        raise MalformedDocument(f"longer than {most_bytes} bytes")
    try:
        element = etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MalformedDocument(f"no XML: {str(error)[:80]}") from None
    if element.getroottree().docinfo.internalDTD is not None:
        raise MalformedDocument("it declares a document type")
    if root and element.tag != root:
        raise MalformedDocument(f"it is no {root.rpartition('}')[2]} document")
    return element


def words(text: str | None, most: int = 500) -> str:
    """Text for people on one line, cut where it is too long."""
    return " ".join(text.split())[:most] if text else ""
