"""A record of a feed, by the mapping, as facts."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from presence_pidf.utm import NoSuchPoint, Utm, degrees_of
from status_adapters.facts import Facts
from status_adapters.operator.documents import Record
from status_adapters.operator.mapping import FIGURES, TIMES, WORDS, FeedMapping

_TRUE = frozenset(("true", "yes", "on", "1", "y"))
_FALSE = frozenset(("false", "no", "off", "0", "n"))


class UnreadableRecord(Exception):
    """A record is of no use; the text names the field, its value and what was expected."""


def facts_of(record: Record, mapping: FeedMapping) -> Facts:
    """What a record says. Raises UnreadableRecord."""
    read: dict[str, Any] = {}
    for name, theirs in mapping.fields.items():
        value = record.get(theirs, "")
        if value:
            read[name] = _value(name, theirs, value, mapping)
    _place(read)
    if "plmn" in read and "abroad" not in read and mapping.layout.home_networks:
        read["abroad"] = read["plmn"] not in mapping.layout.home_networks
    try:
        return msgspec.convert(read, Facts)
    except msgspec.ValidationError as error:
        raise UnreadableRecord(str(error)) from None


def _value(name: str, theirs: str, value: str, mapping: FeedMapping) -> Any:
    try:
        if name in WORDS:
            return _word(name, value, mapping)
        if name in TIMES:
            return _moment(value, mapping)
        if name in FIGURES:
            return int(value) if name == "sequence" else float(value)
    except (ValueError, OverflowError) as error:
        raise UnreadableRecord(f"{theirs} = {value[:100]!r}: {error}") from None
    return value


def _word(name: str, value: str, mapping: FeedMapping) -> str | bool:
    known = mapping.values.get(name, {})
    word = known.get(value.casefold()) or value.casefold()
    if word in WORDS[name] and word not in ("true", "false"):
        return word
    if "true" in WORDS[name] and word in _TRUE | _FALSE:
        return word in _TRUE
    raise ValueError(f"expected one of {', '.join(known or WORDS[name])}")


def _moment(value: str, mapping: FeedMapping) -> float:
    """UTC epoch seconds. Raises ValueError."""
    match mapping.layout.times:
        case "seconds":
            return float(value)
        case "milliseconds":
            return float(value) / 1000
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=mapping.zone)).astimezone(UTC).timestamp()


def _place(read: dict[str, Any]) -> None:
    """Turn what is read of the UTM grid into degrees."""
    zone, easting, northing = (read.pop(name, None) for name in ("utm_zone", "easting", "northing"))
    if zone is None or easting is None or northing is None:
        return
    try:
        read["latitude"], read["longitude"] = degrees_of(Utm(zone, easting, northing))
    except NoSuchPoint as error:
        raise UnreadableRecord(str(error)) from None
