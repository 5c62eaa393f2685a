"""What the guide shows of company files and of the server's configuration is right."""

import re
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from lampfield.configuration import SECTIONS, load
from provisioning.check import check_company
from provisioning.company_file import TABLES, read_company
from provisioning.problems import Problems
from tests.provisioning.companies import NORDLYS, SURROUNDINGS
from tests.support.server import merged

GUIDE = NORDLYS.parents[1] / "docs/guide"


SERVER = {"state_directory", *SECTIONS, "trunks", "publishers", "watch", "secrets", "adapters"}
"""What may stand in the server's configuration."""


def examples(page: Path, keys: Collection[str] = TABLES) -> Iterator[dict[str, Any]]:
    """What is indented or fenced in a page and has these tables alone; commands and answers have none."""
    text = page.read_text(encoding="utf-8")
    indented: list[str] = re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", text, re.MULTILINE)
    fenced: list[str] = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for block in [re.sub(r"^ {4}", "", block, flags=re.MULTILINE) for block in indented] + fenced:
        try:
            example = tomllib.loads(block)
        except tomllib.TOMLDecodeError:
            continue
        if example and example.keys() <= set(keys):
            yield example


PAGES = sorted(page for page in GUIDE.rglob("*.md") if any(examples(page)))
SERVER_PAGES = sorted(page for page in GUIDE.rglob("*.md") if any(examples(page, SERVER)))


def test_the_pages_with_examples_are_found() -> None:
    assert {"hunt-groups", "queues", "callbacks", "menus", "hours", "lookups", "members", "voicemail", "notices"} <= {
        page.stem for page in PAGES
    }
    assert {"api", "installing", "presence", "statuses", "voicemail", "calendars", "camara"} <= {
        page.stem for page in SERVER_PAGES
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_are_right(page: Path, tmp_path: Path) -> None:
    company: dict[str, Any] = tomllib.loads(NORDLYS.read_text(encoding="utf-8"))
    for example in examples(page):
        company = merged(company, example)
    file, problems = tmp_path / "company.toml", Problems()
    file.write_text(tomli_w.dumps(company), encoding="utf-8")
    check_company(read_company(file, problems), problems, SURROUNDINGS)
    assert problems.sentences == []


@pytest.mark.parametrize("page", SERVER_PAGES, ids=lambda page: page.stem)
def test_the_server_settings_of_a_page_are_right(page: Path, tmp_path: Path) -> None:
    """As a whole file each, beside the secrets and passwords that it names; certificates are not made up."""
    file = tmp_path / "lampfield.toml"
    for example in examples(page, SERVER):
        for name in re.findall(r'^(?:password_)?file = "(.*)"$', tomli_w.dumps(example), re.MULTILINE):
            (tmp_path / name).write_text("a secret of the page\n")
        if "certificate" not in example.get("web", {}):
            file.write_text(tomli_w.dumps(example), encoding="utf-8")
            load(file)
