"""A company as one TOML file: read with every problem at once, and written so that reading gives the same company."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import tomli_w

from provisioning.company_kinds import (
    DESTINATION,
    DOMAIN,
    EXTENSION,
    LANGUAGES,
    NAME,
    OUTSIDE_NUMBER,
    PERSON_ID,
    PERSON_NAME,
    PROMPT,
    country,
    open_periods,
    time_zone,
    written_period,
)
from provisioning.kinds import Kind, choice, list_of, optional, seconds, text, whole
from provisioning.problems import Problems
from provisioning.toml_table import Absent, TomlTable, read_toml
from routing.model import Company, Destination, MainNumber, Menu, OpeningHours, Person, Queue

S = TypeVar("S", bound=msgspec.Struct)
_TIME_ZONE = time_zone()
_MENU_KEY = text("one of the keys 0-9, * and #", r"[0-9*#]")
TABLES = frozenset({"company", "main_numbers", "hours", "menus", "queues", "people"})
"""The tables of a company file."""
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_COMPANY: dict[str, Kind[Any]] = {
    "id": NAME,
    "name": PERSON_NAME,
    "domain": DOMAIN,
    "country": country(),
    "time_zone": _TIME_ZONE,
    "language": choice(*LANGUAGES),
    "outside_prefix": text("up to 3 digits", r"[0-9]{0,3}"),
}
_PERSON: dict[str, Kind[Any]] = {
    "name": PERSON_NAME,
    "extension": EXTENSION,
    "ring_seconds": seconds(5, 180),
    "on_busy": optional(DESTINATION),
    "on_no_answer": optional(DESTINATION),
    "outside_number": optional(OUTSIDE_NUMBER),
}
_MAIN_NUMBER: dict[str, Kind[Any]] = {
    "open": DESTINATION,
    "closed": DESTINATION,
    "hours": optional(NAME),
    "greeting": optional(PROMPT),
}
_MENU: dict[str, Kind[Any]] = {
    "prompt": PROMPT,
    "silence_seconds": seconds(1, 60),
    "silence_prompt": PROMPT,
    "invalid_prompt": PROMPT,
    "attempts": whole(1, 20),
    "operator": optional(DESTINATION),
    "timeout_destination": DESTINATION,
}
_QUEUE: dict[str, Kind[Any]] = {
    "members": list_of(NAME, min_length=1),
    "strategy": choice("longest_idle", "priority"),
    "ring_seconds": seconds(5, 180),
    "wrap_up_seconds": seconds(0, 3600),
    "max_waiting": whole(1, 1000),
    "max_wait_seconds": seconds(1, 86400, or_zero="without limit"),
    "position_every_seconds": seconds(5, 3600, or_zero="never"),
    "music": text("the name of a music list", r"[A-Za-z0-9_-]+"),
    "welcome_prompt": optional(PROMPT),
    "on_full": DESTINATION,
    "on_no_members": DESTINATION,
    "on_timeout": DESTINATION,
}


def read_company(source: Path, problems: Problems) -> Company:
    """The company in a file. It may be used only if `problems` is still empty afterwards."""
    return _company(read_toml(source, problems))


def write_company(company: Company) -> str:
    """The company as TOML, without what has its default value."""
    document: dict[str, Any] = {"company": _written(company, _COMPANY)}
    document["main_numbers"] = {
        number.number: _written(number, _MAIN_NUMBER) for number in company.main_numbers.values()
    }
    document["hours"] = {hours.name: _written_hours(hours) for hours in company.hours.values()}
    document["menus"] = {
        menu.name: _extension(company.menu_extensions, menu.name)
        | _written(menu, _MENU)
        | {"keys": {key: str(chosen) for key, chosen in menu.keys.items()}}
        for menu in company.menus.values()
    }
    document["queues"] = {
        queue.name: _extension(company.queue_extensions, queue.name) | _written(queue, _QUEUE)
        for queue in company.queues.values()
    }
    document["people"] = {person.id: _written(person, _PERSON) for person in company.people.values()}
    return tomli_w.dumps({key: part for key, part in document.items() if part})


def _company(table: TomlTable) -> Company:
    head = table.table("company")
    known = _values(Company, _COMPANY, head)
    head.close()
    hours = {name: _hours(name, part, known["time_zone"]) for name, part in _named(table, "hours")}
    main_numbers = {
        number: _read(MainNumber, _MAIN_NUMBER, part, number=number)
        for number, part in _named(table, "main_numbers", OUTSIDE_NUMBER)
    }
    menu_extensions: dict[str, str] = {}
    queue_extensions: dict[str, str] = {}
    menus = {}
    for name, part in _named(table, "menus"):
        _take_extension(part, name, menu_extensions)
        menus[name] = _read(Menu, _MENU, part, name=name, keys=_keys(part))
    queues = {}
    for name, part in _named(table, "queues"):
        _take_extension(part, name, queue_extensions)
        queues[name] = _read(Queue, _QUEUE, part, name=name)
    people = {name: _read(Person, _PERSON, part, id=name) for name, part in _named(table, "people", PERSON_ID)}
    table.close()
    return Company(
        **known,
        people=people,
        main_numbers=main_numbers,
        hours=hours,
        menus=menus,
        queues=queues,
        queue_extensions=queue_extensions,
        menu_extensions=menu_extensions,
    )


def _named(table: TomlTable, group: str, kind: Kind[str] = NAME) -> list[tuple[str, TomlTable]]:
    """The tables of a group, their names checked."""
    table.check_names(group, kind)
    return list(table.tables(group))


def _read(struct: type[S], kinds: Mapping[str, Kind[Any]], table: TomlTable, **given: Any) -> S:
    values = _values(struct, kinds, table)
    table.close()
    return struct(**given, **values)


def _values(struct: type[msgspec.Struct], kinds: Mapping[str, Kind[Any]], table: TomlTable) -> dict[str, Any]:
    defaults = _defaults(struct)
    return {key: table.take(key, kind, defaults.get(key, Absent.REQUIRED)) for key, kind in kinds.items()}


def _defaults(struct: type[msgspec.Struct]) -> dict[str, Any]:
    return {entry.name: entry.default for entry in msgspec.structs.fields(struct) if not entry.required}


def _hours(name: str, table: TomlTable, company_time_zone: str) -> OpeningHours:
    zone = table.take("time_zone", _TIME_ZONE, company_time_zone)
    week = tuple(table.take(day, open_periods(), ()) for day in WEEKDAYS)
    table.close()
    return OpeningHours(name, zone, week)


def _keys(menu: TomlTable) -> dict[str, Destination]:
    menu.check_names("keys", _MENU_KEY)
    part = menu.table("keys")
    return {key: part.take(key, DESTINATION) for key in part}


def _take_extension(table: TomlTable, name: str, extensions: dict[str, str]) -> None:
    if (extension := table.take("extension", optional(EXTENSION), None)) is None:
        return
    if extension in extensions:
        table.problems.add(table.key("extension"), extension, f"its own, {extensions[extension]} has it too")
    else:
        extensions[extension] = name


def _written(struct: msgspec.Struct, kinds: Mapping[str, Kind[Any]]) -> dict[str, Any]:
    defaults = _defaults(type(struct))
    values = {key: getattr(struct, key) for key in kinds}
    return {
        key: _written_value(value) for key, value in values.items() if key not in defaults or value != defaults[key]
    }


def _written_value(value: object) -> object:
    match value:
        case None:
            return ""
        case Destination():
            return str(value)
        case float() if value.is_integer():
            return int(value)
        case tuple():
            return list(value)
    return value


def _written_hours(hours: OpeningHours) -> dict[str, Any]:
    days = {
        day: [written_period(period) for period in periods] for day, periods in zip(WEEKDAYS, hours.week, strict=True)
    }
    return {"time_zone": hours.time_zone} | {day: periods for day, periods in days.items() if periods}


def _extension(extensions: Mapping[str, str], name: str) -> dict[str, str]:
    return next(({"extension": number} for number, owner in extensions.items() if owner == name), {})
