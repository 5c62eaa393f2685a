"""What the guide shows of company files is right, in the company that its pages speak of."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from provisioning.check import check_company
from provisioning.company_file import TABLES, read_company
from provisioning.problems import Problems
from tests.provisioning.companies import NORDLYS, SURROUNDINGS
from tests.support.server import merged

GUIDE = NORDLYS.parents[1] / "docs/guide"


def examples(page: Path) -> Iterator[dict[str, Any]]:
    """What is indented in a page and a part of a company file; commands, answers and server settings are none."""
    for block in re.findall(r"(?:^ {4}.*\n|^\n(?= {4}))+", page.read_text(encoding="utf-8"), re.MULTILINE):
        try:
            example = tomllib.loads(re.sub(r"^ {4}", "", block, flags=re.MULTILINE))
        except tomllib.TOMLDecodeError:
            continue
        if example and example.keys() <= TABLES:
            yield example


PAGES = sorted(page for page in GUIDE.glob("*.md") if any(examples(page)))


def test_the_pages_with_examples_are_found() -> None:
    assert {"hunt-groups", "queues", "callbacks", "menus", "hours", "lookups", "members", "voicemail", "notices"} <= {
        page.stem for page in PAGES
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
