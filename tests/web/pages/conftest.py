"""The pages, each test's with a database of its own."""

from functools import partial
from pathlib import Path
from typing import Protocol

import pytest

from lampfield.pin_table import PinTable
from routing.model import Company
from tests.web.pages.visitor import House, make_database
from web.pages.rendering import Renderer


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with two companies, to be copied."""
    file = tmp_path_factory.mktemp("pages") / "lampfield.sqlite3"
    make_database(file)
    return file


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    """The templates, compiled once for all tests."""
    return Renderer()


class Build(Protocol):
    """Makes the pages, with one thing other than usual."""

    def __call__(
        self, *, of: Company | None = None, requests_per_minute: int = 600, pin_table: type[PinTable] = PinTable
    ) -> House: ...


@pytest.fixture
def build(tmp_path: Path, fresh_database: Path, renderer: Renderer) -> Build:
    return partial(House, tmp_path, fresh_database, renderer)


@pytest.fixture
def house(build: Build) -> House:
    return build()
