"""Settings as one JSON value a row; calendars, look-ups, boxes, and members that are outside numbers.

Everything is read, the old tables make room, and the rows are written anew: SQLite cannot change a table that others
refer to in any other way.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "companies_2"
down_revision = "companies_1"
branch_labels = None
depends_on = None

_OLD = (
    "companies",
    "people",
    "opening_hours",
    "menus",
    "queues",
    "accounts",
    "main_numbers",
    "menu_keys",
    "open_periods",
    "queue_members",
)
"""Whoever refers to another comes after it."""
_DESTINATIONS = {
    "main_numbers": ("open", "closed"),
    "menus": ("operator", "timeout_destination"),
    "queues": ("on_full", "on_no_members", "on_timeout"),
    "people": ("on_busy", "on_no_answer"),
}
_COLUMNS = {
    "companies": ("id", "name", "domain"),
    "people": ("company_id", "id", "place", "name", "extension"),
    "opening_hours": ("company_id", "name", "place"),
    "main_numbers": ("number", "company_id", "place", "hours"),
    "menus": ("company_id", "name", "place", "extension"),
    "queues": ("company_id", "name", "place", "extension"),
}
"""What stays a column; all else becomes settings."""
_Rows = dict[str, list[dict[str, Any]]]


def upgrade() -> None:
    rows = _read()
    for table in reversed(_OLD):
        op.drop_table(table)
    tables = _create()
    for table, converted in _converted(rows).items():
        if converted:
            op.bulk_insert(tables[table], converted)


def downgrade() -> None:
    raise NotImplementedError("the tables before had no room for what companies have now: restore a backup")


def _read() -> _Rows:
    connection = op.get_bind()
    tables = {name: sa.Table(name, sa.MetaData(), autoload_with=connection, resolve_fks=False) for name in _OLD}
    return {
        name: [dict(row) for row in connection.execute(sa.select(table)).mappings()] for name, table in tables.items()
    }


def _converted(rows: _Rows) -> _Rows:
    new = {table: [_settled(table, row) for row in rows[table]] for table in _COLUMNS}
    weeks: dict[tuple[str, str], list[list[dict[str, int]]]] = defaultdict(lambda: [[] for _ in range(7)])
    for period in sorted(rows["open_periods"], key=lambda row: int(row["start_minute"])):
        day = weeks[period["company_id"], period["hours"]][period["weekday"]]
        day.append({"start": period["start_minute"], "end": period["end_minute"]})
    for hours in new["opening_hours"]:
        hours["settings"]["week"] = weeks[hours["company_id"], hours["name"]]
    keys: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for key in sorted(rows["menu_keys"], key=lambda row: int(row["place"])):
        keys[key["company_id"], key["menu"]][key["key"]] = _destination(key["destination"])
    for menu in new["menus"]:
        menu["settings"]["keys"] = keys[menu["company_id"], menu["name"]]
    new["accounts"] = rows["accounts"]
    new["queue_members"] = [row | {"member": row["person_id"]} for row in rows["queue_members"]]
    return new


def _settled(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    columns = _COLUMNS[table]
    settings = {name: value for name, value in row.items() if name not in columns}
    for name in _DESTINATIONS.get(table, ()):
        settings[name] = _destination(settings[name])
    return {name: row[name] for name in columns} | {"settings": settings}


def _destination(written: str | None) -> dict[str, str] | None:
    if written is None:
        return None
    kind, _, name = written.partition(":")
    return {"kind": kind, "name": name}


def _create() -> dict[str, sa.Table]:
    companies = op.create_table(
        "companies",
        _text("id"),
        _text("name"),
        _text("domain"),
        _settings(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("domain", name=op.f("uq_companies_domain")),
    )
    hours = _create_parts("opening_hours")
    people = _create_parts("people", _text("name"), _text("extension"), key="id")
    return {
        "companies": companies,
        "people": people,
        "opening_hours": hours,
        "calendars": _create_parts("calendars"),
        "menus": _create_parts("menus", _text("extension", nullable=True)),
        "lookups": _create_parts("lookups"),
        "queues": _create_parts("queues", _text("extension", nullable=True)),
        "boxes": _create_parts("boxes"),
        "main_numbers": _create_main_numbers(),
        "accounts": _create_accounts(),
        "queue_members": _create_queue_members(),
    }


def _create_parts(table: str, *more: sa.Column[Any], key: str = "name") -> sa.Table:
    return op.create_table(
        table,
        _text("company_id"),
        _text(key),
        _place(),
        *more,
        _settings(),
        _reference(table, ["company_id"], ["companies.id"]),
        sa.PrimaryKeyConstraint("company_id", key, name=op.f(f"pk_{table}")),
    )


def _create_main_numbers() -> sa.Table:
    table = op.create_table(
        "main_numbers",
        _text("number"),
        _text("company_id"),
        _place(),
        _text("hours", nullable=True),
        _settings(),
        _reference("main_numbers", ["company_id"], ["companies.id"]),
        _reference("main_numbers", ["company_id", "hours"], ["opening_hours.company_id", "opening_hours.name"]),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_main_numbers")),
    )
    op.create_index(op.f("ix_main_numbers_company_id"), "main_numbers", ["company_id"])
    return table


def _create_accounts() -> sa.Table:
    table = op.create_table(
        "accounts",
        _text("username"),
        _text("realm"),
        _text("company_id"),
        _text("person_id"),
        sa.Column("ha1_md5", sa.String(32), nullable=False),
        sa.Column("ha1_sha256", sa.String(64), nullable=False),
        _reference("accounts", ["company_id"], ["companies.id"]),
        _reference("accounts", ["company_id", "person_id"], ["people.company_id", "people.id"]),
        sa.PrimaryKeyConstraint("username", "realm", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_company_id"), "accounts", ["company_id"])
    return table


def _create_queue_members() -> sa.Table:
    return op.create_table(
        "queue_members",
        _text("company_id"),
        _text("queue"),
        _text("member"),
        _place(),
        _text("person_id", nullable=True),
        _reference("queue_members", ["company_id"], ["companies.id"]),
        _reference("queue_members", ["company_id", "queue"], ["queues.company_id", "queues.name"]),
        _reference("queue_members", ["company_id", "person_id"], ["people.company_id", "people.id"]),
        sa.PrimaryKeyConstraint("company_id", "queue", "member", name=op.f("pk_queue_members")),
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=nullable)


def _place() -> sa.Column[int]:
    return sa.Column("place", sa.Integer(), nullable=False)


def _settings() -> sa.Column[Any]:
    return sa.Column("settings", sa.JSON(), nullable=False)


def _reference(table: str, columns: list[str], targets: list[str]) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{'_'.join(columns)}")
    return sa.ForeignKeyConstraint(columns, targets, name=name, initially="DEFERRED", deferrable=True)
