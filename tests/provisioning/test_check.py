"""What cannot be in a company is told with its key, its value and what was expected; what is doubtful is warned of."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from provisioning.check import Surroundings, check_company
from provisioning.company_file import read_company
from provisioning.problems import Problems
from routing.model import Company
from tests.provisioning.companies import FJORD, NORDLYS, SURROUNDINGS, companies

ORIGINAL = FJORD.read_text(encoding="utf-8")


def checked(tmp_path: Path, text: str, surroundings: Surroundings = SURROUNDINGS) -> Problems:
    file = tmp_path / "company.toml"
    file.write_text(text, encoding="utf-8")
    problems = Problems()
    check_company(read_company(file, problems), problems, surroundings)
    return problems


def changed(*changes: tuple[str, str]) -> str:
    text = ORIGINAL
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("file", [NORDLYS, FJORD])
def test_the_examples_are_right(file: Path, tmp_path: Path) -> None:
    problems = checked(tmp_path, file.read_text(encoding="utf-8"))
    assert problems.sentences == []
    assert all("own/" in warning for warning in problems.warnings), "only what is to be recorded afterwards is missing"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # values
        ("auto_pause_misses = 3", "auto_pause_misses = 1", "between 2 and 100, or 0 (never; the first missed offer"),
        ('holidays = "NO"', 'holidays = "XX"', 'hours.office.holidays = "XX": must be a country whose public holidays'),
        ('holidays = "NO"', 'holidays = "DE-XX"', "must be a known part of DE, which has BB, BE,"),
        (
            '"2026-12-28" = []',
            '"2026-02-30" = []',
            "hours.office.special_days.2026-02-30: the name must be a date that",
        ),
        ('from = "16:00", to = "22:00"', 'from = "22:00", to = "16:00"', "calendars.evenings.monday = "),
        (
            'from = "14:00", to = "18:00"',
            'from = "14:00", to = "19:00"',
            "must be periods in order that do not overlap",
        ),
        (
            'destination = "queue:duty" }]\ntuesday',
            'destination = "duty" }]\ntuesday',
            "must be periods whose destination",
        ),
        (
            'strategy = "all"',
            'strategy = "al"',
            'queues.duty.strategy = "al": must be one of longest_idle, priority, all',
        ),
        ('switch_code = "*60"', 'switch_code = "*"', 'hours.office.switch_code = "*": must be 2 to 8 of 0-9, * and #'),
        ("confirm = true", "confirm = 1", 'queues.duty.details."+4790012345".confirm = 1: must be true or false'),
        ("{ german = 9 }", "{ german = 11 }", "queues.sales.details.anna.skills.german = 11: must be between 1 and 10"),
        ('mail = "sales@fjord.example"', 'mail = "sales"', 'boxes.sales.mail = "sales": must be a mail address'),
        ('url = "https:', 'url = "htp:', "must be a web address, such as"),
        (
            "members_per_queue = 25",
            "members_per_queu = 25",
            "unknown key, did you mean company.limits.members_per_queue?",
        ),
        ("confirm = true", "confrm = true", 'did you mean queues.duty.details."+4790012345".confirm?'),
        # references
        ('"calendar:evenings"', '"calendar:evening"', "one of the company's calendars, did you mean evenings?"),
        ('"voicemail:anna"', '"voicemail:ana"', "one of the company's voicemail boxes, did you mean anna?"),
        ('"lookup:customers"', '"lookup:x"', "one of the company's lookups, which are customers"),
        ('3 = "hours:office"', '3 = "hours:shop"', "one of the company's opening hours, which are office"),
        ('"callback:sales"', '"callback:sale"', "one of the company's queues, did you mean sales?"),
        (
            'readers = ["anna", "ingrid"]',
            'readers = ["ana"]',
            'boxes.sales.readers = "ana": must be one of the company',
        ),
        (
            'reception = ["anna", "henrik"]',
            'reception = ["ana"]',
            'pickup_groups.reception = "ana": must be one of the company',
        ),
        ("[boxes.support]", "[boxes.suport]", "boxes.suport.readers: missing, must be a list of people, for no person"),
        ('in-debt = "person:henrik"', 'in-debt = "person:henrk"', "lookups.customers.destinations.in-debt = "),
        (
            "[queues.sales.details.freja]",
            "[queues.sales.details.frej]",
            "one of the members of the queue, did you mean",
        ),
        ('"lars", "+4790012345"]', '"lars", "+4755900112"]', "must be a number outside the company, not a main number"),
        (
            'music = "default"\nposition',
            'music = "jazz"\nposition',
            'queues.sales.music = "jazz": must be a music list that has at least',
        ),
        # skills and keys
        (
            "skills = { german = 4 }\nskill",
            "skills = { germn = 4 }\nskill",
            "queues.sales.skills.germn: must be one of",
        ),
        ("priorities = { 2 = 5 }", "priorities = { 7 = 5 }", "menus.main.priorities.7: must be one of the keys of the"),
        ('callback_key = "1"', 'callback_key = "2"', "a key of its own, queues.sales.keys.2 leads elsewhere"),
        (
            '42 = "message:closed"',
            '201 = "message:closed"',
            "menus.main.keys.201: is also the extension of person:anna",
        ),
        # privacy
        ('people = ["ingrid"]', 'people = ["ingrd"]', 'roles.reception.people = "ingrd": must be one of the company'),
        ('hidden_from = ["oskar"]', 'hidden_from = ["oska"]', 'people.henrik.hidden_from = "oska": must be one of the'),
        ('hidden_from = ["oskar"]', 'hidden_from = ["henrik"]', "must be somebody else: one sees oneself always"),
        ('shows = ["busy"]', 'shows = ["callers"]', "must be a list with state, without which callers shows nothing"),
        ('shows = ["busy"]', 'shows = ["calls"]', "a list in which entry 1 is one of busy, state, callers, notes"),
        # lists
        ('keys = ["anna",', 'keys = ["ana",', 'company.lists.reception.keys = "ana": must be one of the company'),
        ("company.lists.reception", "company.lists.sales", "must be another name: it is the list of the queue sales"),
        ("company.lists.reception", "company.lists.colleagues", "must be another name: it is the list of everybody"),
        # numbers
        ('extension = "201"', 'extension = "112"', "must be another number, this one calls for help in NO"),
        ('extension = "201"', 'extension = "0113"', "must be another number, this one calls for help in NO"),
        ('pause = "*52"', 'pause = "*51"', "must be a code of its own, company.feature_codes.passive has it too"),
        ('switch_code = "*60"', 'switch_code = "*98"', 'hours.office.switch_code = "*98": must be a code of its own'),
        (
            'switch_code = "*60"',
            'switch_code = "*981"',
            "that cannot be taken for hours.office.switch_code, which is *981",
        ),
        ('switch_code = "*60"', 'switch_code = "20"', "that cannot be taken for people.anna.extension, which is 201"),
        (
            'slots = ["71",',
            'slots = ["201",',
            'company.park.slots = "201": must be a number of its own, people.anna has it too',
        ),
        (
            'slots = ["71",',
            'slots = ["112",',
            'company.park.slots = "112": must be another number, this one calls for help',
        ),
        ('slots = ["71",', 'slots = ["7",', "must be a list in which entry 1 is 2 to 6 digits"),
        ('code = "*68"', 'code = "*52"', "must be a code of its own, company.feature_codes.pause has it too"),
        ('code = "*68"', 'code = "71"', "must be a code that cannot be taken for company.park.slots, which is 71"),
        ('pause = "*52"', 'pause = "71"', "must be a code that cannot be taken for company.park.slots, which is 71"),
        ("return_seconds = 120", "return_seconds = 5", "must be between 10 and 3600 seconds"),
        ('otherwise = "queue:sales"', 'otherwise = "queue:sale"', "company.park.otherwise"),
        (
            'recording_number = "+4755900199"',
            'recording_number = "+4755900101"',
            "people.anna.outside_number has it too",
        ),
        # limits
        (
            "waiting_per_queue = 30\n",
            "",
            "queues.sales.max_waiting = 30: must be at most 10, or company.limits.waiting_per",
        ),
        (
            "at_once = 3",
            "at_once = 11",
            "queues.duty.at_once = 11: must be at most 10, or company.limits.members_at_once",
        ),
        ("members_per_queue = 25", "members_per_queue = 2", "queues.sales.members: has 3, must have at most 2, or"),
        (
            "ring_seconds = 20\nwrap",
            "ring_seconds = 14\nwrap",
            "must be between 15 and 40 seconds, or company.limits.short",
        ),
        (
            "ring_seconds = 20\nwrap",
            "ring_seconds = 41\nwrap",
            "must be between 15 and 40 seconds, or company.limits.long",
        ),
        (
            "longest_ring_seconds = 40",
            "longest_ring_seconds = 10",
            "must be at least shortest_ring_seconds, which is 15",
        ),
        ("active_greetings = 4", "active_greetings = 3", "main_numbers: have 4 greetings, must have at most 3, or"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, old: str, new: str, expected: str) -> None:
    sentences = checked(tmp_path, changed((old, new))).sentences
    assert any(expected in sentence for sentence in sentences), sentences


def test_of_members_that_cannot_be_read_nothing_else_is_complained_of(tmp_path: Path) -> None:
    (told,) = checked(tmp_path, changed(('members = ["anna", "bjorn"', 'members = ["anna", "anna"'))).sentences
    assert told.startswith("queues.sales.members = ")


def test_skills_that_no_member_has_well_enough_are_refused_unless_less_will_do_after_a_while(tmp_path: Path) -> None:
    better = ("skills = { german = 4 }\nskill", "skills = { german = 10 }\nskill")
    assert checked(tmp_path, changed(better)).sentences == []
    (problem,) = checked(tmp_path, changed(better, ("skill_relax_seconds = 20\n", ""))).sentences
    assert problem.startswith("queues.sales.skills.german = 10: must be at most 9, the best that a member has")


@pytest.mark.parametrize(
    ("changes", "way"),
    [
        (
            [('on_busy = "voicemail:support"', 'on_busy = "calendar:evenings"')],
            "calendar:evenings -> queue:duty -> calendar:evenings",
        ),
        (
            [('timeout_destination = "hangup"', 'timeout_destination = "hours:office"')],
            "menu:main -> hours:office -> menu:main",
        ),
        (
            [
                ('timeout_destination = "hangup"', 'timeout_destination = "lookup:customers"'),
                ('on_full = "voicemail:sales"', 'on_full = "menu:main"'),
            ],
            "menu:main -> lookup:customers -> queue:sales -> menu:main",
        ),
        (
            [
                ('on_unanswered = "voicemail:support"', 'on_unanswered = "number:+4755900100"'),
                ('open = "menu:main"', 'open = "queue:support"'),
            ],
            "number:+4755900100 -> queue:support -> number:+4755900100",
        ),
        (
            [('timeout_destination = "hangup"', 'timeout_destination = "menu:english"')],
            "menu:main -> menu:english -> menu:main",
        ),
        ([('timeout_destination = "hangup"', 'timeout_destination = "names"')], "menu:main -> names -> menu:main"),
        (
            [
                ('timeout_destination = "hangup"', 'timeout_destination = "callback:sales"'),
                ('on_full = "voicemail:sales"', 'on_full = "menu:main"'),
            ],
            "menu:main -> callback:sales -> queue:sales -> menu:main",
        ),
    ],
)
def test_a_way_that_goes_round_by_itself_is_shown(tmp_path: Path, changes: list[tuple[str, str]], way: str) -> None:
    loops = [problem for problem in checked(tmp_path, changed(*changes)).sentences if "without end" in problem]
    assert [problem.partition("pressed: ")[2] for problem in loops] == [way]


def test_a_prompt_is_needed_in_every_language_in_which_callers_come_to_it(tmp_path: Path) -> None:
    def recorded(*languages: str) -> Surroundings:
        return replace(
            SURROUNDINGS,
            spoken=lambda prompt: languages if prompt == "please-wait" else SURROUNDINGS.spoken(prompt),
        )

    text = NORDLYS.read_text(encoding="utf-8").replace('language = "en"', 'language = "da"')
    text = text.replace('9 = "message:closed"', '9 = "menu:german"')
    text += '[menus.german]\nprompt = "menu"\nlanguage = "de"\nkeys = { 1 = "queue:sales" }\n'
    said = checked(tmp_path, text, recorded("da"))
    wanted = "must be a prompt there is a recording of in language de"
    assert said.sentences == [f'queues.sales.welcome_prompt = "please-wait": {wanted}']
    said = checked(tmp_path, text, recorded("da", "en"))
    assert said.sentences == []
    heard = "has no recording in language de, callers hear it in en"
    assert f"queues.sales.welcome_prompt = please-wait: {heard}" in said.warnings


def test_what_the_company_records_itself_may_come_later(tmp_path: Path) -> None:
    problems = checked(tmp_path, changed(('welcome_prompt = "please-wait"', 'welcome_prompt = "own/please-wait"')))
    assert problems.sentences == []
    assert (
        "queues.sales.welcome_prompt = own/please-wait: is not there until it is recorded or uploaded"
        in problems.warnings
    )


def test_outside_numbers_without_a_trunk_are_warned_of(tmp_path: Path) -> None:
    alone = replace(SURROUNDINGS, trunks=False)
    problems = checked(tmp_path, ORIGINAL, alone)
    assert problems.sentences == []
    assert [warning.partition(":")[0] for warning in problems.warnings if "trunk" in warning] == [
        "calendars.evenings.friday = number",
        "queues.duty.members = +4790012345",
    ]


def test_mail_that_the_server_has_no_mail_server_for_is_warned_of(tmp_path: Path) -> None:
    problems = checked(tmp_path, ORIGINAL, replace(SURROUNDINGS, mails=False))
    assert problems.sentences == []
    assert [warning for warning in problems.warnings if "no mail" in warning] == [
        "boxes.sales.mail = sales@fjord.example: gets no mail, the server's configuration has no mail.host",
        "notices.desk.mail = ingrid@fjord.example: gets no mail, the server's configuration has no mail.host",
    ]
    assert not [warning for warning in checked(tmp_path, ORIGINAL).warnings if "no mail" in warning]


def test_skills_that_the_queue_does_not_ask_for_are_warned_of(tmp_path: Path) -> None:
    problems = checked(tmp_path, changed(("skills = { german = 9 }", "skills = { german = 9, germna = 9 }")))
    assert problems.sentences == []
    (warning,) = [warning for warning in problems.warnings if "germna" in warning]
    assert warning.endswith("queues.sales.skills does not ask for it, did you mean german?")


def test_a_secret_that_the_server_does_not_have_is_warned_of(tmp_path: Path) -> None:
    problems = checked(tmp_path, changed(('secret_name = "crm"', 'secret_name = "crn"')))
    assert problems.sentences == []
    warning = "lookups.customers.secret_name = crn: the server has no secret of that name, did you mean crm?"
    assert warning in problems.warnings


@given(company=companies())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_company_can_be_checked(company: Company) -> None:
    problems = Problems()
    check_company(company, problems, SURROUNDINGS)
    assert all("\n" not in sentence for sentence in problems.sentences + problems.warnings), "one line each"
