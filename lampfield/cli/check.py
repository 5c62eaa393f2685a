"""`lampfield check`: is this file right?"""

import tomllib
from pathlib import Path
from typing import Annotated

import typer

from lampfield.cli.company_reading import read_checked_company
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import counted, give_up, out, warn
from lampfield.configuration import ConfigurationErrors, load
from provisioning.company_file import TABLES
from provisioning.problems import Problems


def check(
    file: Annotated[Path, typer.Argument(help="A server configuration or a company file.", show_default=False)],
    config: ConfigOption = None,
) -> None:
    """Check a server configuration or a company file and tell everything that is wrong, each with its key and value.

    Ends with status 0 when the file may be used, else 1.

    Examples: `lampfield check lampfield.toml`, `lampfield check nordlys.toml`
    """
    if _is_company_file(file):
        problems = Problems()
        company = read_checked_company(file, configuration_of(config), problems)
        warn(str(file), problems.warnings)
        if problems:
            give_up(f"{file}: {counted(problems.sentences)}", problems.sentences)
        people = f"{len(company.people)} people, {len(company.queues)} queues, {len(company.menus)} menus"
        out().print(f"{file}: the company {company.name} is right: {people}", soft_wrap=True)
        return
    try:
        load(file)
    except ConfigurationErrors as wrong:
        give_up(f"{file}: {counted(wrong.errors)}", wrong.errors)
    out().print(f"{file}: the configuration is right", soft_wrap=True)


def _is_company_file(file: Path) -> bool:
    """True for a file with a company's tables; what cannot be read is left to the reader to complain of."""
    try:
        return not TABLES.isdisjoint(tomllib.loads(file.read_text(encoding="utf-8-sig")))
    except (OSError, ValueError, RecursionError):
        return False
