"""Reads the bodies of as-feature-event as a phone does."""

from lxml import etree


def parts_of(body: bytes) -> list[tuple[str, dict[str, str]]]:
    """The document of each part: its name, and its elements by name."""
    boundary = body.partition(b"\r\n")[0]
    sections = body.split(boundary)[1:-1]
    found = []
    for section in sections:
        root = etree.fromstring(section.partition(b"\r\n\r\n")[2].strip())
        values = {etree.QName(child).localname: child.text or "" for child in root}
        found.append((etree.QName(root).localname, values))
    return found
