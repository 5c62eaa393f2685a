"""A company as rows of its tables, and back."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select

from provisioning.models import (
    ROUTING_ROWS,
    Base,
    CompanyRow,
    MainNumberRow,
    MenuKeyRow,
    MenuRow,
    OpeningHoursRow,
    OpenPeriodRow,
    PersonRow,
    QueueMemberRow,
    QueueRow,
)
from routing.model import Company, MainNumber, Menu, OpeningHours, OpenPeriod, Person, Queue

S = TypeVar("S", bound=msgspec.Struct)
_Rows = Mapping[str, Sequence[RowMapping]]
"""Rows by the id of their company."""


def replace_company(connection: Connection, company: Company) -> None:
    """Put the company's rows in place of those it had. References are checked by the database at commit."""
    for model in reversed(ROUTING_ROWS):
        connection.execute(delete(model).where(model.__table__.c.company_id == company.id))
    connection.execute(delete(CompanyRow).where(CompanyRow.id == company.id))
    connection.execute(insert(CompanyRow), _row(company, CompanyRow))
    for model, rows in _rows(company):
        if rows:
            connection.execute(insert(model), [{"company_id": company.id} | row for row in rows])


def load_companies(connection: Connection, company_id: str | None = None) -> dict[str, Company]:
    """All companies, or only one, by id: one query a table, however many companies there are."""
    rows = {model: _select(connection, model, company_id) for model in ROUTING_ROWS}
    heads = select(*CompanyRow.__table__.c)
    if company_id is not None:
        heads = heads.where(CompanyRow.id == company_id)
    return {head["id"]: _company(head, rows) for head in connection.execute(heads).mappings()}


def _select(connection: Connection, model: type[Base], company_id: str | None) -> _Rows:
    columns = model.__table__.c
    order = columns.start_minute if model is OpenPeriodRow else columns.place
    query = select(*columns).order_by(columns.company_id, order)
    if company_id is not None:
        query = query.where(columns.company_id == company_id)
    found: dict[str, list[RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        found[row["company_id"]].append(row)
    return found


def _rows(company: Company) -> Iterator[tuple[type[Base], list[dict[str, Any]]]]:
    yield PersonRow, _placed([_row(person, PersonRow) for person in company.people.values()])
    yield OpeningHoursRow, _placed([_row(hours, OpeningHoursRow) for hours in company.hours.values()])
    yield (
        OpenPeriodRow,
        [
            {"hours": hours.name, "weekday": weekday, "start_minute": period.start, "end_minute": period.end}
            for hours in company.hours.values()
            for weekday, periods in enumerate(hours.week)
            for period in periods
        ],
    )
    yield MainNumberRow, _placed([_row(number, MainNumberRow) for number in company.main_numbers.values()])
    menu_extensions = {name: extension for extension, name in company.menu_extensions.items()}
    yield (
        MenuRow,
        _placed(
            [_row(menu, MenuRow) | {"extension": menu_extensions.get(menu.name)} for menu in company.menus.values()]
        ),
    )
    for menu in company.menus.values():
        yield MenuKeyRow, _placed([{"menu": menu.name, "key": key, "destination": to} for key, to in menu.keys.items()])
    queue_extensions = {name: extension for extension, name in company.queue_extensions.items()}
    yield (
        QueueRow,
        _placed(
            [
                _row(queue, QueueRow) | {"extension": queue_extensions.get(queue.name)}
                for queue in company.queues.values()
            ]
        ),
    )
    for queue in company.queues.values():
        yield QueueMemberRow, _placed([{"queue": queue.name, "person_id": member} for member in queue.members])


def _row(struct: msgspec.Struct, model: type[Base]) -> dict[str, Any]:
    """The columns that bear the same names as the struct's fields."""
    return {name: getattr(struct, name) for name in struct.__struct_fields__ if name in model.__table__.c}


def _placed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"place": place} for place, row in enumerate(rows)]


def _struct(struct: type[S], row: RowMapping, **given: Any) -> S:
    return struct(**{name: row[name] for name in struct.__struct_fields__ if name in row}, **given)


def _company(head: RowMapping, rows: Mapping[type[Base], _Rows]) -> Company:
    own = {model: found.get(head["id"], ()) for model, found in rows.items()}
    weeks: dict[str, list[tuple[OpenPeriod, ...]]] = defaultdict(lambda: [()] * 7)
    for row in own[OpenPeriodRow]:
        weeks[row["hours"]][row["weekday"]] += (OpenPeriod(row["start_minute"], row["end_minute"]),)
    keys: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in own[MenuKeyRow]:
        keys[row["menu"]][row["key"]] = row["destination"]
    members: dict[str, list[str]] = defaultdict(list)
    for row in own[QueueMemberRow]:
        members[row["queue"]].append(row["person_id"])
    return _struct(
        Company,
        head,
        people={row["id"]: _struct(Person, row) for row in own[PersonRow]},
        main_numbers={row["number"]: _struct(MainNumber, row) for row in own[MainNumberRow]},
        hours={row["name"]: _struct(OpeningHours, row, week=tuple(weeks[row["name"]])) for row in own[OpeningHoursRow]},
        menus={row["name"]: _struct(Menu, row, keys=keys[row["name"]]) for row in own[MenuRow]},
        queues={row["name"]: _struct(Queue, row, members=tuple(members[row["name"]])) for row in own[QueueRow]},
        queue_extensions=_extensions(own[QueueRow]),
        menu_extensions=_extensions(own[MenuRow]),
    )


def _extensions(rows: Sequence[RowMapping]) -> dict[str, str]:
    return {row["extension"]: row["name"] for row in rows if row["extension"] is not None}
