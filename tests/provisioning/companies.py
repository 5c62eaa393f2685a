"""Any company that a file can hold, for properties, and the example company."""

from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from provisioning.company_file import read_company
from provisioning.problems import Problems
from routing.model import Company, Destination, MainNumber, Menu, OpeningHours, OpenPeriod, Person, Queue

NORDLYS = Path(__file__).parents[2] / "examples" / "nordlys.toml"
_EVERYTHING = "0123456789*#"
_PROMPTS = st.sampled_from(["greeting", "menu", "closed", "goodbye", "position/7"])
_SECONDS = st.one_of(st.integers(5, 60).map(float), st.floats(5, 60, allow_nan=False))
_LINES = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    lambda name: name.strip()
)
_NUMBERS = st.from_regex(r"\+[1-9][0-9]{3,14}", fullmatch=True)


def nordlys() -> Company:
    """The example company."""
    problems = Problems()
    company = read_company(NORDLYS, problems)
    assert not problems, problems.sentences
    return company


def _names(prefix: str, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(st.from_regex(prefix + r"[a-z0-9_-]{0,8}", fullmatch=True), min_size=1, max_size=most, unique=True)


def _weeks() -> st.SearchStrategy[tuple[tuple[OpenPeriod, ...], ...]]:
    edges = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(sorted)
    day = edges.map(lambda all: tuple(OpenPeriod(*pair) for pair in zip(all[::2], all[1::2], strict=False)))
    return st.tuples(*[day] * 7)


@st.composite
def companies(draw: st.DrawFn) -> Company:
    """A company whose references all lead somewhere; that a call goes round for ever is not excluded."""
    people = draw(_names("p", 4))
    menus = draw(_names("m", 3))
    queues = draw(_names("q", 3))
    hours = draw(_names("h", 2))
    numbers = draw(st.lists(_NUMBERS, max_size=3, unique=True))
    extensions = iter(
        draw(st.lists(st.from_regex(r"[0-9]{2,6}", fullmatch=True), min_size=10, max_size=10, unique=True))
    )
    destinations = st.one_of(
        st.just(Destination("hangup")),
        st.sampled_from(people).map(lambda name: Destination("person", name)),
        st.sampled_from(menus).map(lambda name: Destination("menu", name)),
        st.sampled_from(queues).map(lambda name: Destination("queue", name)),
        _PROMPTS.map(lambda name: Destination("message", name)),
        _NUMBERS.map(lambda number: Destination("number", number)),
    )
    perhaps = st.none() | destinations

    def one(struct: Any, **fields: Any) -> Any:
        return draw(st.builds(struct, **{key: _strategy(value) for key, value in fields.items()}))

    zones = st.sampled_from(["Europe/Copenhagen", "Europe/London", "UTC"])
    return Company(
        id=draw(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,10}", fullmatch=True)),
        name=draw(_LINES),
        domain=draw(st.sampled_from(["nordlys.example", "a.b-c.example", "x1"])),
        country=draw(st.sampled_from(["DK", "SE", "NO", "DE", "GB"])),
        time_zone=draw(zones),
        language=draw(st.sampled_from(["en", "da", "nb", "sv", "de"])),
        outside_prefix=draw(st.sampled_from(["", "0", "99"])),
        people={
            name: one(
                Person,
                id=name,
                name=_LINES,
                extension=next(extensions),
                ring_seconds=_SECONDS,
                on_busy=perhaps,
                on_no_answer=perhaps,
                outside_number=st.none() | _NUMBERS,
            )
            for name in people
        },
        main_numbers={
            number: one(
                MainNumber,
                number=number,
                open=destinations,
                closed=destinations,
                hours=st.none() | st.sampled_from(hours),
                greeting=st.none() | _PROMPTS,
            )
            for number in numbers
        },
        hours={name: one(OpeningHours, name=name, time_zone=zones, week=_weeks()) for name in hours},
        menus={
            name: one(
                Menu,
                name=name,
                prompt=_PROMPTS,
                keys=st.dictionaries(st.sampled_from(_EVERYTHING), destinations, max_size=4),
                silence_seconds=_SECONDS,
                silence_prompt=_PROMPTS,
                invalid_prompt=_PROMPTS,
                attempts=st.integers(1, 20),
                operator=perhaps,
                timeout_destination=destinations,
            )
            for name in menus
        },
        queues={
            name: one(
                Queue,
                name=name,
                members=st.lists(st.sampled_from(people), min_size=1, unique=True).map(tuple),
                strategy=st.sampled_from(["longest_idle", "priority"]),
                ring_seconds=_SECONDS,
                wrap_up_seconds=_SECONDS,
                max_waiting=st.integers(1, 1000),
                max_wait_seconds=st.just(0.0) | _SECONDS,
                position_every_seconds=st.just(0.0) | _SECONDS,
                music=st.sampled_from(["default", "calm"]),
                welcome_prompt=st.none() | _PROMPTS,
                on_full=destinations,
                on_no_members=destinations,
                on_timeout=destinations,
            )
            for name in queues
        },
        queue_extensions={next(extensions): name for name in draw(st.lists(st.sampled_from(queues), unique=True))},
        menu_extensions={next(extensions): name for name in draw(st.lists(st.sampled_from(menus), unique=True))},
    )


def _strategy(value: object) -> st.SearchStrategy[Any]:
    return value if isinstance(value, st.SearchStrategy) else st.just(value)
