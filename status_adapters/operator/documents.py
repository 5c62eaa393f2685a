"""What a feed sends, in whatever format, as flat records: texts by name, names within others parted by dots."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from lxml import etree

from presence_pidf.safe_xml import MalformedDocument, parse
from status_adapters.foreign_json import NO_JSON
from status_adapters.operator.mapping import Layout

MOST_RECORDS = 100_000
"""In one document."""
MOST_BYTES = 8_000_000
MOST_DEPTH = 6
"""Names within names that are looked into."""
MOST_TEXT = 2000
"""Characters of a value that are read."""

Record = dict[str, str]


class UnreadableFeed(Exception):
    """The document is not what the mapping says; the text says where."""


@dataclass(frozen=True, slots=True)
class Document:
    """The records, and the next cursor; empty where the document has none."""

    records: Sequence[Record]
    cursor: str = ""


def read_document(body: bytes, headers: Mapping[str, str], layout: Layout) -> Document:
    """What a feed sent; `headers` have names in small letters. Raises UnreadableFeed."""
    match layout.format:
        case "json":
            found, top = _json(body, layout.records)
        case "xml":
            found, top = _xml(body, layout.records)
        case "csv":
            found, top = _csv(body, layout.separator), {}
        case _:
            found, top = [_form(body)], {}
    if len(found) > MOST_RECORDS:
        raise UnreadableFeed(f"{len(found)} records: expected at most {MOST_RECORDS}")
    header = layout.cursor.removeprefix("header:")
    cursor = top.get(layout.cursor, "") if header == layout.cursor else headers.get(header.lower(), "")
    return Document(found, cursor[:MOST_TEXT])


def _json(body: bytes, where: str) -> tuple[list[Record], Record]:
    try:
        document = msgspec.json.decode(body)
    except NO_JSON as error:
        raise UnreadableFeed(f"expected JSON: {error}") from None
    top = dict(_flat(document)) if isinstance(document, dict) else {}
    found = document
    for name in where.split(".") if where else ():
        found = found.get(name) if isinstance(found, dict) else None
    if found is None:
        raise UnreadableFeed(f"expected a list of records at {where}")
    records = found if isinstance(found, list) else [found]
    return [dict(_flat(record)) for record in records], top


def _flat(value: Any, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict) or depth >= MOST_DEPTH:
        return
    for name, inner in value.items():
        path = f"{prefix}{name}"
        match inner:
            case dict():
                yield from _flat(inner, f"{path}.", depth + 1)
            case bool():
                yield path, "true" if inner else "false"
            case str() | int() | float():
                yield path, str(inner)[:MOST_TEXT]


def _xml(body: bytes, where: str) -> tuple[list[Record], Record]:
    try:
        root = parse(body, "", MOST_BYTES)
    except MalformedDocument as fault:
        raise UnreadableFeed(f"expected XML: {fault}") from None
    found = [root]
    for name in where.split(".") if where else ():
        found = [inner for element in found for inner in element if _name(inner) == name]
    return [dict(_elements(element)) for element in found], dict(_elements(root, deep=False))


def _elements(
    element: etree._Element, prefix: str = "", depth: int = 0, *, deep: bool = True
) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        yield f"{prefix}@{etree.QName(name).localname}", str(value)[:MOST_TEXT]
    for inner in element:
        path = f"{prefix}{_name(inner)}"
        if inner.text and inner.text.strip():
            yield path, inner.text.strip()[:MOST_TEXT]
        if deep and depth < MOST_DEPTH:
            yield from _elements(inner, f"{path}.", depth + 1)


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _csv(body: bytes, separator: str) -> list[Record]:
    try:
        rows = csv.DictReader(io.StringIO(_text(body)), delimiter=separator, strict=True)
        return [
            {name.strip(): value.strip()[:MOST_TEXT] for name, value in row.items() if isinstance(value, str) and name}
            for row in rows
        ]
    except csv.Error as error:
        raise UnreadableFeed(f"expected CSV with its names in the first line: {error}") from None


def _form(body: bytes) -> Record:
    try:
        return {name: value[:MOST_TEXT] for name, value in parse_qsl(_text(body), max_num_fields=200)}
    except ValueError as error:
        raise UnreadableFeed(f"expected a form: {error}") from None


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFeed(f"expected UTF-8: byte {error.start} is not") from None
