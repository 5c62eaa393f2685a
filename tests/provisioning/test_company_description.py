"""The page on the company file says all that may stand in one, and the large example shows all of it."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from provisioning.company_description import describe
from provisioning.sections import COMPANY, SECTIONS
from provisioning.sections.forms import Field, Record, TableOf, Weekdays
from tests.provisioning.companies import FJORD

PAGE = Path(__file__).parents[2] / "docs" / "company-file.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe(), (
        "write it anew: lampfield company describe > docs/company-file.md"
    )


@pytest.mark.parametrize(("group", "fields"), [("", COMPANY), *((section.key, section.fields) for section in SECTIONS)])
def test_the_large_example_shows_every_setting(group: str, fields: tuple[Field, ...]) -> None:
    document = tomllib.loads(FJORD.read_text(encoding="utf-8"))
    tables = list(document[group].values()) if group else [document["company"]]
    assert list(missing(fields, tables)) == []


def missing(fields: tuple[Field, ...], tables: list[dict[str, Any]]) -> Iterator[str]:
    """The settings that none of the tables holds."""
    for field in fields:
        key = "monday" if isinstance(field.form, Weekdays) else field.key
        found = [table[key] for table in tables if key in table]
        if not found:
            yield key
        match field.form:
            case Record():
                yield from missing(field.form.fields, found)
            case TableOf(values=Record() as record):
                yield from missing(record.fields, [entry for table in found for entry in table.values()])
