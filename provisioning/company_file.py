"""A company as one TOML file: read with every problem at once, and written so that reading gives the same company."""

from pathlib import Path
from typing import Any

import tomli_w

from provisioning.problems import Problems
from provisioning.sections import COMPANY, SECTIONS
from provisioning.sections.forms import read_fields, written_fields
from provisioning.toml_table import TomlTable, read_toml
from routing.model import Company

TABLES = frozenset({"company", *(section.key for section in SECTIONS)})
"""The tables of a company file."""


def read_company(source: Path, problems: Problems) -> Company:
    """The company in a file. It may be used only if `problems` is still empty afterwards."""
    return _company(read_toml(source, problems))


def write_company(company: Company) -> str:
    """The company as TOML, without what has its default value."""
    document: dict[str, object] = {"company": written_fields(company, COMPANY, company)}
    document |= {section.key: section.written(company) for section in SECTIONS}
    return tomli_w.dumps({key: part for key, part in document.items() if part})


def _company(table: TomlTable) -> Company:
    head = table.table("company")
    known: dict[str, Any] = read_fields(Company, COMPANY, head, {})
    head.close()
    parts: dict[str, Any] = {}
    for section in SECTIONS:
        parts |= section.read(table, known)
    table.close()
    return Company(**known, **parts)
