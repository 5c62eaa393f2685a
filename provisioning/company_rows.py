"""A company as rows of its tables, and back."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select

from provisioning.models import (
    Base,
    BoxRow,
    CalendarRow,
    CompanyRow,
    LookupRow,
    MainNumberRow,
    MenuRow,
    NoticeRow,
    OpeningHoursRow,
    PersonRow,
    QueueMemberRow,
    QueueRow,
)
from provisioning.sections import COMPANY, SECTIONS
from routing.model import Company, Queue, is_outside

ROWS: Mapping[str, type[Base]] = {
    "people": PersonRow,
    "hours": OpeningHoursRow,
    "calendars": CalendarRow,
    "main_numbers": MainNumberRow,
    "menus": MenuRow,
    "lookups": LookupRow,
    "queues": QueueRow,
    "boxes": BoxRow,
    "notices": NoticeRow,
}
"""The table of each section."""

_ALL_ROWS: tuple[type[Base], ...] = (*ROWS.values(), QueueMemberRow)
"""What an import replaces, beside the company's own row; accounts stay."""
_ELSEWHERE: Mapping[type[Base], frozenset[str]] = {QueueRow: frozenset({"members"})}
"""Fields that are rows of a table of their own."""
_Rows = Mapping[str, Sequence[RowMapping]]
"""Rows by the id of their company."""


def replace_company(connection: Connection, company: Company) -> None:
    """Put the company's rows in place of those it had. References are checked by the database at commit."""
    for model in reversed(_ALL_ROWS):
        connection.execute(delete(model).where(model.__table__.c.company_id == company.id))
    connection.execute(delete(CompanyRow).where(CompanyRow.id == company.id))
    connection.execute(insert(CompanyRow), _row(company, CompanyRow, [field.key for field in COMPANY]))
    for model, rows in _rows(company):
        if rows:
            connection.execute(insert(model), [{"company_id": company.id} | row for row in rows])


def load_companies(connection: Connection, company_id: str | None = None) -> dict[str, Company]:
    """All companies, or only one, by id: one query a table, however many companies there are."""
    rows = {model: _select(connection, model, company_id) for model in _ALL_ROWS}
    heads = select(*CompanyRow.__table__.c)
    if company_id is not None:
        heads = heads.where(CompanyRow.id == company_id)
    return {head["id"]: _company(head, rows) for head in connection.execute(heads).mappings()}


def _select(connection: Connection, model: type[Base], company_id: str | None) -> _Rows:
    columns = model.__table__.c
    query = select(*columns).order_by(columns.company_id, columns.place)
    if company_id is not None:
        query = query.where(columns.company_id == company_id)
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["company_id"]].append(row)
    return found


def _rows(company: Company) -> Iterator[tuple[type[Base], list[dict[str, Any]]]]:
    for section in SECTIONS:
        model = ROWS[section.key]
        extensions = {name: number for number, name in section.extensions_of(company).items()}
        yield (
            model,
            [
                _row(part, model, part.__struct_fields__)
                | {"place": place}
                | ({"extension": extensions.get(name)} if section.extensions else {})
                for place, (name, part) in enumerate(section.parts_of(company).items())
            ],
        )
    yield QueueMemberRow, [row for queue in company.queues.values() for row in _member_rows(queue)]


def _row(struct: msgspec.Struct, model: type[Base], fields: Sequence[str]) -> dict[str, Any]:
    """The columns that bear the names of fields, and the other fields as settings."""
    columns = model.__table__.c
    elsewhere = _ELSEWHERE.get(model, frozenset())
    row = {name: getattr(struct, name) for name in fields if name in columns}
    kept = [name for name in fields if name not in columns and name not in elsewhere]
    return row | {"settings": {name: msgspec.to_builtins(getattr(struct, name)) for name in kept}}


def _member_rows(queue: Queue) -> Iterator[dict[str, Any]]:
    for place, member in enumerate(queue.members):
        yield {
            "queue": queue.name,
            "member": member,
            "place": place,
            "person_id": None if is_outside(member) else member,
        }


def _company(head: RowMapping, rows: Mapping[type[Base], _Rows]) -> Company:
    own = {model: found.get(head["id"], ()) for model, found in rows.items()}
    members: dict[str, list[str]] = defaultdict(list)
    for row in own[QueueMemberRow]:
        members[row["queue"]].append(row["member"])
    company = _values(head)
    for section in SECTIONS:
        found = own[ROWS[section.key]]
        parts = {row[section.name_field]: _values(row) for row in found}
        if section.key == "queues":
            parts = {name: values | {"members": members[name]} for name, values in parts.items()}
        company[section.key] = parts
        if section.extensions:
            company[section.extensions] = {
                row["extension"]: row["name"] for row in found if row["extension"] is not None
            }
    return msgspec.convert(company, Company)


def _values(row: RowMapping) -> dict[str, Any]:
    """What a struct is made of; columns that are no fields of it are passed over by msgspec."""
    return {**row["settings"], **{name: value for name, value in row.items() if name != "settings"}}
