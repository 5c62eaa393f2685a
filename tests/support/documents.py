"""Documents as a strict watcher reads them: held to the schemas of the RFCs, also in what stands inside them."""

from functools import cache
from pathlib import Path

from lxml import etree

_SCHEMAS = Path(__file__).parents[1] / "data" / "xsd" / "documents.xsd"


def valid(document: bytes) -> etree._Element:
    """The root of a document. Raises etree.DocumentInvalid for one that no RFC allows, or that is of no RFC."""
    root = etree.fromstring(document)
    _schemas().assertValid(root)
    return root


@cache
def _schemas() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_SCHEMAS))
