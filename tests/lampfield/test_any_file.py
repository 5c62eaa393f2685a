"""Whatever a file holds, reading it ends in problems that are told, never in a crash."""

from pathlib import Path
from typing import Any

import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lampfield.configuration import SECTIONS, Configuration, ConfigurationErrors, load
from provisioning.check import Surroundings, check_company
from provisioning.company_file import TABLES, read_company
from provisioning.problems import Problems
from provisioning.settings import settings as settings_of

_COMPANY_WORDS = [
    "id",
    "name",
    "domain",
    "country",
    "time_zone",
    "language",
    "extension",
    "ring_seconds",
    "on_busy",
    "open",
    "closed",
    "hours",
    "greeting",
    "prompt",
    "keys",
    "operator",
    "timeout_destination",
    "members",
    "music",
    "welcome_prompt",
    "monday",
    "main",
    "sales",
    "anna",
    "+4533221100",
    "1",
    "*",
    "attempts",
    "max_waiting",
]
_SERVER_WORDS = [entry.name for section in SECTIONS.values() for entry, _ in settings_of(section)]
_VALUES = st.one_of(
    st.sampled_from(
        ["hangup", "person:anna", "menu:main", "queue:sales", "message:closed", "number:+4533221100", "201"]
    ),
    st.sampled_from(
        ["anna", "main", "sales", "en", "DK", "Europe/Copenhagen", "a.example", "menu", "udp:127.0.0.1:5060"]
    ),
    st.text(max_size=10),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.booleans(),
    st.datetimes(),
)


def _documents(tables: list[str], words: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    keys = st.sampled_from([*tables, *words]) | st.text(max_size=5)
    values = st.recursive(
        _VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5), max_leaves=25
    )
    return st.dictionaries(st.sampled_from(tables) | keys, values, max_size=6)


_ANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@given(document=_documents(sorted(TABLES), _COMPANY_WORDS))
@_ANY
def test_any_toml_read_as_a_company_is_told_what_is_wrong(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    file.write_text(tomli_w.dumps(document), encoding="utf-8")
    problems = Problems()
    company = read_company(file, problems)
    check_company(
        company,
        problems,
        Surroundings(
            spoken=lambda prompt: {"en"}, music_exists=lambda name: True, trunks=False, secrets=(), mails=False
        ),
    )
    assert problems.sentences, "a company has an id, a domain and more, which chance does not find"
    assert all("\n" not in sentence for sentence in problems.sentences + problems.warnings), "one line each"


@given(document=_documents([*SECTIONS, "trunks"], _SERVER_WORDS))
@_ANY
def test_any_toml_read_as_a_configuration_is_right_or_told_what_is_wrong(
    document: dict[str, Any], tmp_path: Path
) -> None:
    file = tmp_path / "lampfield.toml"
    file.write_text(tomli_w.dumps(document), encoding="utf-8")
    try:
        assert isinstance(load(file), Configuration)
    except ConfigurationErrors as wrong:
        assert wrong.errors
        assert all("\n" not in error for error in wrong.errors), "one line each"
