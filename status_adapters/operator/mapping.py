"""An operator's names for things and ours: read from TOML, checked as a whole.

format = "json"                       # json, xml, csv or form
records = "events"                    # where the list of records is; left out: the document is it
cursor = "next"                       # where the next cursor is; "header:NAME" for a header of HTTP

[fields]                              # ours = theirs; "position.zone" is zone within position, "@id" an attribute
number = "msisdn"
activity = "phoneStatus"

[values.activity]                     # theirs = ours
BUSY = "on-the-phone"
FREE = "available"
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo, available_timezones

from presence_pidf.status_report import Activity, ForwardingKind
from provisioning.kinds import Kind, Unexpected, choice, list_of, perhaps, text
from provisioning.problems import Problems
from provisioning.settings import read_section, required, setting
from provisioning.toml_table import read_toml

PRESETS = Path(__file__).with_name("presets")
PRESET_NAMES = tuple(sorted(file.stem for file in PRESETS.glob("*.toml")))

WORDS: Mapping[str, tuple[str, ...]] = {
    "activity": get_args(Activity),
    "forwarding": (*get_args(ForwardingKind), "true", "false"),
    **dict.fromkeys(("reachable", "private_number", "data_attached", "abroad"), ("true", "false")),
}
"""What each of our names may be worth that is one of some words."""
TIMES = "at", "started", "expires_at", "back_at"
FIGURES = "sequence", "latitude", "longitude", "accuracy", "easting", "northing"
TEXTS = "person", "number", "mail", "note", "forwarding_target", "country", "plmn", "utm_zone"
NAMES = (*TEXTS, *WORDS, *TIMES, *FIGURES)
"""Our names for what a feed can tell."""

_PATH = text("a name, or names parted by dots", r"[^\s.]+(\.[^\s.]+)*")


def _time_zone() -> Kind[str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in available_timezones():
            raise Unexpected
        return value

    return Kind("a time zone, such as Europe/Oslo", read, "UTC")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a feed is laid out, apart from the names in it."""

    format: str = required(choice("json", "xml", "csv", "form"), "json", "What the feed is written in.")
    records: str = setting(perhaps(_PATH, empty="the document itself"), "", "Where the list of records is.")
    cursor: str = setting(
        perhaps(_PATH, empty="the largest sequence"), "", "Where the next cursor is; header:NAME for one of HTTP."
    )
    cursor_parameter: str = setting(text("a name"), "cursor", "The parameter of a question that has the cursor.")
    wait_parameter: str = setting(text("a name"), "wait", "The parameter that has the seconds to wait, with long-poll.")
    number_parameter: str = setting(text("a name"), "number", "The parameter that asks for one number, in a trial.")
    separator: str = setting(choice(",", ";", "|", "\t"), ",", "Between the columns of CSV.")
    times: str = setting(
        choice("rfc3339", "seconds", "milliseconds"), "rfc3339", "How times are written; the others are since 1970."
    )
    time_zone: str = setting(_time_zone(), "UTC", "What times are meant in that come without a zone.")
    home_networks: tuple[str, ...] = setting(
        list_of(text("a PLMN of 5 or 6 digits", r"[0-9]{5,6}")), [], "PLMNs of home: a mobile in another is roaming."
    )


@dataclass(frozen=True, slots=True)
class FeedMapping:
    """How one operator's feed is read."""

    layout: Layout
    fields: Mapping[str, str]
    """Theirs, by our name."""
    values: Mapping[str, Mapping[str, str]]
    """What their values, in small letters, are worth; by our name."""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.layout.time_zone)


def read_mapping(file: Path, problems: Problems) -> FeedMapping:
    """The mapping in a file; what is wrong is noted."""
    table = read_toml(file, problems)
    theirs, worth = table.table("fields"), table.table("values")
    fields = {name: theirs.take(name, _PATH) for name in NAMES if name in theirs}
    values = {}
    for name in [name for name in WORDS if name in worth]:
        words = worth.table(name)
        values[name] = {theirs.casefold(): words.take(theirs, choice(*WORDS[name])) for theirs in words}
    theirs.close()
    worth.close()
    layout = read_section(Layout, table)
    if not {"person", "number", "mail"} & fields.keys():
        problems.missing("fields.number", "their name for the number (or mail, or person) by which people are known")
    if len(fields.keys() & {"utm_zone", "easting", "northing"}) in (1, 2):
        problems.missing("fields.utm_zone", "given with easting and northing, or none of the three")
    return FeedMapping(layout, fields, values)


def preset(name: str) -> FeedMapping:
    """One of those that come with Lampfield."""
    return read_mapping(PRESETS / f"{name}.toml", Problems())
