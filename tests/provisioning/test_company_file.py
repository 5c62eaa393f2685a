"""A company file is read with every problem at once, and written so that reading gives the same company."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from provisioning.check import check_company
from provisioning.company_file import read_company, write_company
from provisioning.problems import Problems
from routing.model import Company, Destination, OpenPeriod
from tests.provisioning.companies import NORDLYS, SURROUNDINGS, companies, nordlys

ORIGINAL = NORDLYS.read_text(encoding="utf-8")


def problems_of(tmp_path: Path, text: str) -> list[str]:
    """What reading and checking complain of; prompts and music are those of the example."""
    file = tmp_path / "company.toml"
    file.write_text(text, encoding="utf-8")
    problems = Problems()
    company = read_company(file, problems)
    check_company(company, problems, SURROUNDINGS)
    return problems.sentences


def changed(old: str, new: str) -> str:
    assert old in ORIGINAL
    return ORIGINAL.replace(old, new, 1)


def test_the_example_company_is_right(tmp_path: Path) -> None:
    assert problems_of(tmp_path, ORIGINAL) == []


def test_the_example_company_has_what_it_promises() -> None:
    company = nordlys()
    assert (company.name, company.domain, company.language) == ("Nordlys Lys ApS", "nordlys.example", "en")
    assert [person.extension for person in company.people.values()] == [str(number) for number in range(201, 211)]
    number = company.main_numbers["+4533221100"]
    assert (number.greeting, number.open) == ("greeting", Destination("menu", "main"))
    assert company.menus["main"].keys["1"] == Destination("queue", "sales")
    assert company.menus["main"].operator == Destination("person", "ingrid")
    assert company.hours["office"].week[4] == (OpenPeriod(480, 720), OpenPeriod(750, 960))
    assert company.hours["office"].week[6] == ()
    assert company.queue_extensions == {"301": "sales", "302": "support"}


@given(company=companies())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_what_was_written_reads_as_the_same_company(company: Company, tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    file.write_text(write_company(company), encoding="utf-8")
    problems = Problems()
    again = read_company(file, problems)
    assert problems.sentences == []
    assert again == company
    assert write_company(again) == write_company(company), "also in its order"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('country = "DK"', 'country = "Denmark"', 'company.country = "Denmark": must be a country by two letters'),
        ('"Europe/Copenhagen"', '"Kopenhagen"', 'company.time_zone = "Kopenhagen": must be a time zone, such as'),
        ('"Europe/Copenhagen"', '"Europe"', 'company.time_zone = "Europe": must be a time zone, such as'),
        ('"Europe/Copenhagen"', '"../etc/passwd"', 'company.time_zone = "../etc/passwd": must be a time zone, such as'),
        ('language = "en"', 'language = "fr"', 'company.language = "fr": must be one of en, da, nb, sv, de'),
        ('domain = "nordlys.example"', 'domain = "Nordlys!"', 'company.domain = "Nordlys!": must be a domain in small'),
        ('id = "nordlys"\n', "", "company.id: missing, must be a name of small letters"),
        ('+4533221100"]', '33221100"]', "main_numbers.33221100: the name must be a number in E.164 form"),
        ("[menus.main]", "[menus.Main]", "menus.Main: the name must be a name of small letters"),
        ("[people.henrik]", "[people.2henrik]", "people.2henrik: the name must be a name of small letters"),
        (
            '1 = "queue:sales"',
            '1a = "queue:sales"',
            "menus.main.keys.1a: the name must be one of the keys 0-9, * and #, or a number of 2 to 12 digits",
        ),
        ('"08:00-17:00"', '"8-17"', 'hours.office.monday = ["8-17"]: must be a list of periods'),
        ('"08:00-17:00"', '"17:00-08:00"', 'hours.office.monday = ["17:00-08:00"]: must be periods that end after'),
        ('"12:30-16:00"', '"11:30-16:00"', "must be periods in order that do not overlap"),
        ("ring_seconds = 20", "ring_seconds = 0", "queues.sales.ring_seconds = 0: must be between 1 and 600 seconds"),
        ("ring_seconds = 20", "ring_seconds = true", "queues.sales.ring_seconds = true: must be between 1 and"),
        ("ring_seconds = 20", "ring_seconds = nan", "queues.sales.ring_seconds = nan: must be between 1 and"),
        (
            "ring_seconds",
            "ringseconds",
            "queues.sales.ringseconds: unknown key, did you mean queues.sales.ring_seconds?",
        ),
        ('extension = "202"', "extension = 202", "people.bjorn.extension = 202: must be 2 to 6 digits"),
        ('name = "Bjørn Haugen"', 'name = "Bj\\n"', 'people.bjorn.name = "Bj\\n": must be a name on one line'),
        (
            'members = ["anna", "bjorn", "freja"]',
            "members = []",
            "queues.sales.members = []: must be a list that is not",
        ),
        ('"anna", "bjorn"', '"anna", "anna"', "must be a list without repetition: entry 2 is there before"),
        ('"queue:sales"', '"sales"', 'menus.main.keys.1 = "sales": must be one of person:ID, queue:NAME,'),
        ("[company]", "people = 3\n[company]", "not TOML"),
    ],
)
def test_a_bad_value_is_told_with_its_key_and_what_was_expected(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert any(expected in problem for problem in problems_of(tmp_path, changed(old, new))), expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'operator = "person:ingrid"',
            'operator = "person:ingird"',
            'menus.main.operator = "person:ingird": must be one of the company\'s people, did you mean ingrid?',
        ),
        (
            '1 = "queue:sales"',
            '1 = "queue:xx"',
            'menus.main.keys.1 = "queue:xx": must be one of the company\'s queues, which are sales, support',
        ),
        ('open = "menu:main"', 'open = "menu:mian"', 'main_numbers."+4533221100".open = "menu:mian": must be one of'),
        ('hours = "office"', 'hours = "offices"', "must be one of the company's opening hours, did you mean office?"),
        ('greeting = "greeting"', 'greeting = "hello"', "must be a prompt there is a recording of in language en"),
        ('closed = "message:closed"', 'closed = "message:hm"', 'closed = "message:hm": must be a prompt there is a'),
        (
            'members = ["anna",',
            'members = ["ana",',
            'queues.sales.members = "ana": must be one of the company\'s people',
        ),
        ("wrap_up_seconds = 5\n", 'music = "polka"\n', 'queues.sales.music = "polka": must be a music list that has'),
        ('extension = "202"', 'extension = "301"', "must be a number of its own, queues.sales has it too"),
        (
            'extension = "302"',
            'extension = "301"',
            'queues.support.extension = "301": must be its own, sales has it too',
        ),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    (problem,) = problems_of(tmp_path, changed(old, new))
    assert expected in problem


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = ORIGINAL.replace('country = "DK"', "").replace('"queue:support"', '"queue:x"').replace('"203"', '"3"')
    assert [problem.split(":")[0].split(" ")[0] for problem in problems_of(tmp_path, text)] == [
        "company.country",
        "people.freja.extension",
        "menus.main.keys.2",
    ]


def endless(tmp_path: Path, text: str) -> list[str]:
    return [problem for problem in problems_of(tmp_path, text) if "without end" in problem]


def test_a_way_that_leads_back_by_itself_is_refused_with_the_way_shown(tmp_path: Path) -> None:
    text = changed('timeout_destination = "person:ingrid"', 'timeout_destination = "queue:sales"').replace(
        "wrap_up_seconds = 5\n", 'on_no_members = "person:anna"\n'
    )
    text = text.replace('name = "Anna Lindqvist"', 'name = "Anna"\non_no_answer = "menu:main"')
    (problem,) = endless(tmp_path, text)
    assert problem.endswith("without a key pressed: menu:main -> queue:sales -> person:anna -> menu:main")


@pytest.mark.parametrize(
    "extra",
    [
        '[menus.a]\nprompt = "menu"\ntimeout_destination = "menu:a"\n[menus.a.keys]\n1 = "hangup"\n',
        '[menus.a]\nprompt = "menu"\ntimeout_destination = "number:+4533221100"\n[menus.a.keys]\n1 = "hangup"\n',
    ],
)
def test_loops_of_one_step_and_through_the_own_main_number_are_found(tmp_path: Path, extra: str) -> None:
    text = ORIGINAL.replace('closed = "message:closed"', 'closed = "menu:a"', 1) + extra
    assert len(endless(tmp_path, text)) == 1


def test_a_key_may_lead_back_to_an_earlier_menu(tmp_path: Path) -> None:
    text = changed('9 = "message:closed"', '9 = "menu:more"') + (
        '[menus.more]\nprompt = "menu"\ntimeout_destination = "hangup"\n[menus.more.keys]\n9 = "menu:main"\n'
    )
    assert problems_of(tmp_path, text) == []


def test_a_thousand_forwardings_in_a_row_are_no_loop_and_no_crash(tmp_path: Path) -> None:
    people = "".join(
        f'[people.x{number}]\nname = "X"\nextension = "{10000 + number}"\non_busy = "person:x{number + 1}"\n'
        for number in range(3000)
    )
    last = '[people.x3000]\nname = "X"\nextension = "9999"\n'
    assert problems_of(tmp_path, ORIGINAL + people + last) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe", "must be UTF-8 text"),
        (b"[company\n", "not TOML: Expected ']'"),
        (b"company = 3\n", "company = 3: must be a table"),
        (b"people = [1]\n", "people = [1]: must be a table"),
        (b"[people]\nanna = 1\n", "people.anna = 1: must be a table"),
        (b"[menus.m]\nkeys = 1\n", "menus.m.keys = 1: must be a table"),
        (b"", "company.id: missing"),
    ],
)
def test_a_file_that_is_something_else_is_told_not_crashed_over(tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "company.toml"
    file.write_bytes(content)
    problems = Problems()
    read_company(file, problems)
    assert any(expected in problem for problem in problems.sentences), problems.sentences


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    problems = Problems()
    read_company(tmp_path / "none.toml", problems)
    assert problems.sentences == [f"{tmp_path / 'none.toml'}: cannot be read: No such file or directory"]


def test_of_a_file_that_is_no_toml_nothing_else_is_complained_of(tmp_path: Path) -> None:
    (told,) = problems_of(tmp_path, ORIGINAL.replace("[queues.sales]", "[queues.sales", 1))
    assert "not TOML" in told


def test_a_mark_of_the_byte_order_is_passed_over_as_editors_write_it(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "\ufeff" + ORIGINAL) == []
