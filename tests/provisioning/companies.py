"""Any company that a file can hold, for properties, and the example companies."""

from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from media.prompts.library import PromptLibrary
from provisioning.check import Surroundings
from provisioning.company_file import read_company
from provisioning.kinds import Kind, Unexpected
from provisioning.problems import Problems
from provisioning.sections import COMPANY, SECTIONS, Section
from provisioning.sections.forms import Field, Form, Record, TableOf, Weekdays
from routing.model import Company

EXAMPLES = Path(__file__).parents[2] / "examples"
NORDLYS = EXAMPLES / "nordlys.toml"
FJORD = EXAMPLES / "fjord.toml"
PROMPTS = frozenset(PromptLibrary.names())
SURROUNDINGS = Surroundings(
    spoken=lambda prompt: {"en", "da", "nb"} if prompt in PROMPTS else (),
    music_exists=lambda name: name == "default",
    trunks=True,
    secrets=("crm",),
    mails=True,
)
"""A server with the packaged prompts, in three languages."""

_NAMES = ["alpha", "beta-2", "gamma_3", "d4"]
_NUMBERS = ["+4533221100", "+4755900100", "+1200", "+999999999999999"]
_POOL: list[object] = [
    ["missed-call", "box-full"],
    *(True, False, "", 0, 1, 2, 5, 10, 15, 20, 30, 60, 100, 300, 0.5, 7.25, 17.123456789, 29.9),
    *(*_NAMES, *_NUMBERS, "0", "9", "*", "#", "42", "123456", "*50", "#9", "Prompt/7", "a b", "æ"),
    *(
        "DK",
        "DE-BY",
        "SE",
        "UTC",
        "Europe/Oslo",
        "en",
        "nb",
        "longest_idle",
        "skills",
        "all",
        "nordlys.example",
        "x1",
        "both",
    ),
    *("hangup", "names", "back", "mailbox", "recording", "message:closed", "number:+4533221100"),
    *(f"{kind}:alpha" for kind in ("person", "queue", "menu", "voicemail", "calendar", "lookup", "hours", "callback")),
    *("a@b.example", "https://a.example/b?c=d", "http://[::1]:8080", "2026-12-24", "2028-02-29"),
    *([], ["alpha"], ["beta-2", "alpha", "d4"], ["00:00-24:00"], ["08:00-12:00", "12:00-12:01"]),
    [{"from": "17:00", "to": "24:00", "destination": "voicemail:alpha"}],
    [
        {"from": "00:00", "to": "08:00", "destination": "message:closed"},
        {"from": "09:30", "to": "10:00", "destination": "hangup"},
    ],
]
"""Values of every kind, as TOML has them; each setting takes those that are of its kind."""
_LINES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    lambda name: name.strip()
)


def nordlys() -> Company:
    """The example company."""
    return example(NORDLYS)


def example(file: Path) -> Company:
    problems = Problems()
    company = read_company(file, problems)
    assert not problems, problems.sentences
    return company


@st.composite
def companies(draw: st.DrawFn) -> Company:
    """A company whose members and hours are there; other references may lead nowhere, and ways go round for ever."""
    head = draw(_settings(COMPANY, name=_LINES))
    people = draw(_names_of("people", least=1))
    hours = draw(_names_of("hours"))
    members = st.lists(st.sampled_from([*people, *_NUMBERS]), min_size=1, unique=True).map(tuple)
    given: dict[str, dict[str, st.SearchStrategy[Any]]] = {
        "people": {"name": _LINES},
        "queues": {"members": members},
        "main_numbers": {"hours": st.none() | st.sampled_from(hours) if hours else st.none()},
    }
    names = {"people": people, "hours": hours}
    extensions = iter(draw(st.lists(st.from_regex(r"[0-9]{2,6}", fullmatch=True), min_size=8, max_size=8, unique=True)))
    parts: dict[str, Any] = {}
    for section in SECTIONS:
        own = names[section.key] if section.key in names else draw(_names_of(section.key))
        parts[section.key] = {
            name: section.struct(
                **{section.name_field: name}, **draw(_settings(section.fields, **given.get(section.key, {})))
            )
            for name in own
        }
        if section.extensions:
            parts[section.extensions] = {next(extensions): name for name in own if draw(st.booleans())}
    return Company(**head, **parts)


def _section(key: str) -> Section:
    return next(section for section in SECTIONS if section.key == key)


def _names_of(key: str, least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(_accepted(_section(key).names)), min_size=least, max_size=3, unique=True)


def _settings(fields: tuple[Field, ...], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({field.key: given.get(field.key, _of_form(field.form)) for field in fields})


def _of_form(form: Form) -> st.SearchStrategy[Any]:
    match form:
        case Record():
            return _settings(form.fields).map(lambda values: form.struct(**values))
        case TableOf():
            return st.dictionaries(st.sampled_from(_accepted(form.names)), _of_form(form.values), max_size=3)
        case Weekdays():
            return st.tuples(*[_of_form(form.day)] * 7)
    return st.sampled_from(_accepted(form))


@cache
def _accepted(kind: Kind[Any]) -> list[Any]:
    """What of the pool is of the kind; found out once for each, for each company has hundreds of settings."""
    found = []
    for value in _POOL:
        try:
            found.append(kind.read(value))
        except Unexpected:
            continue
    assert found, f"the pool of values has none that is {kind.expected}"
    return found
