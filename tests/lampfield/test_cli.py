"""The command line: what it prints, what it leaves behind and the status it ends with."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from call_records.event_log import insert_events
from call_records.logged_event import LoggedEvent
from lampfield.cli import app
from lampfield.cli.since import since
from lampfield.config_description import describe, describe_markdown
from lampfield.control_socket import ControlServer, Outbox
from lampfield.database import open_database
from lampfield.live_call import LiveCall
from provisioning.picture import read_picture
from provisioning.sound_shelf import SoundEntry, save_sound
from routing.events import CallEnded, QueueJoined, QueueLeft
from tests.call_records.calls import main_job
from tests.provisioning.companies import FJORD, NORDLYS

Lampfield = Callable[..., Result]


@pytest.fixture
def lampfield(tmp_path: Path) -> Lampfield:
    """Run a command with a configuration of the test's own, a wide terminal and no colours."""
    configuration = tmp_path / "lampfield.toml"
    configuration.write_text("")
    runner = CliRunner()

    def run(*arguments: object, **environment: str) -> Result:
        environment = {"LAMPFIELD_CONFIG": str(configuration)} | environment
        return runner.invoke(app, [str(argument) for argument in arguments], env=environment)

    return run


@pytest.fixture
def copenhagen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's clock is the one on the wall in Copenhagen."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "Europe/Copenhagen")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "state" / "lampfield.sqlite3"


def passwords_in(file: Path) -> dict[str, str]:
    passwords: dict[str, str] = tomllib.loads(file.read_text())["passwords"]
    return passwords


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("check",),
        ("company",),
        ("company", "import"),
        ("company", "export"),
        ("company", "password"),
        ("company", "describe"),
        ("calls",),
        ("adapters",),
    ],
)
def test_every_command_explains_itself_with_an_example(lampfield: Lampfield, arguments: tuple[str, ...]) -> None:
    result = lampfield(*arguments, "--help")
    assert result.exit_code == 0
    if arguments not in ((), ("company",)):
        assert "Example" in result.stdout


def test_help_shows_the_text_as_it_is_meant(lampfield: Lampfield) -> None:
    assert "a table [passwords] of id" in lampfield("company", "import", "--help", COLUMNS="200").stdout
    assert "Example: lampfield token add" in lampfield("token", "add", "--help").stdout


def test_check_finds_out_what_kind_of_file_it_is(lampfield: Lampfield, tmp_path: Path) -> None:
    company = lampfield("check", NORDLYS)
    assert (company.exit_code, "Nordlys Lys ApS is right: 10 people, 2 queues" in company.stdout) == (0, True)
    server = lampfield("check", tmp_path / "lampfield.toml")
    assert (server.exit_code, "the configuration is right" in server.stdout) == (0, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can stand in a folder that it then may not look into")
def test_a_command_works_from_a_folder_that_its_user_may_not_look_into(tmp_path: Path) -> None:
    configuration, elsewhere = tmp_path / "lampfield.toml", tmp_path / "another's"
    configuration.write_text("")
    elsewhere.mkdir(mode=0o700)
    os.chown(elsewhere, 5060, 5060)
    check = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "lampfield.cli", "check"]
    for file in (configuration, NORDLYS):
        result = subprocess.run([*check, str(file)], cwd=elsewhere, capture_output=True, text=True)
        assert (result.returncode, result.stderr) == (0, "")


def test_check_tells_every_error_of_a_company_file(lampfield: Lampfield, tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    text = NORDLYS.read_text(encoding="utf-8").replace("queue:sales", "queue:sale").replace('"DK"', '"XX"')
    file.write_text(text.replace('prompt = "menu"', 'prompt = "manu"'), encoding="utf-8")
    result = lampfield("check", file)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{file}: 3 errors",
        '  company.country = "XX": must be a country by two letters (ISO 3166), such as DK',
        '  menus.main.keys.1 = "queue:sale": must be one of the company\'s queues, did you mean sales?',
        '  menus.main.prompt = "manu": must be a prompt there is a recording of in language en',
    ]


def test_check_warns_of_what_is_probably_not_meant_and_lets_it_pass(lampfield: Lampfield, tmp_path: Path) -> None:
    file = tmp_path / "company.toml"
    text = NORDLYS.read_text(encoding="utf-8").replace('greeting = "greeting"', 'greeting = "own/hello"')
    file.write_text(text, encoding="utf-8")
    for command in (["check"], ["company", "import"]):
        result = lampfield(*command, file)
        assert result.exit_code == 0
        assert result.stderr.splitlines()[:2] == [
            f"{file}: 1 warning",
            '  main_numbers."+4533221100".greeting = own/hello: is not there until it is recorded or uploaded',
        ]


def test_own_sounds_that_are_there_are_known_to_check(lampfield: Lampfield, tmp_path: Path, database: Path) -> None:
    file = tmp_path / "company.toml"
    text = NORDLYS.read_text(encoding="utf-8").replace('greeting = "greeting"', 'greeting = "own/hello"')
    file.write_text(text.replace("wrap_up_seconds = 5", 'music = "summer"'), encoding="utf-8")
    lampfield("company", "import", NORDLYS)
    assert 'queues.sales.music = "summer": must be a music list' in lampfield("check", file).stderr
    hello = SoundEntry(
        name="hello",
        kind="greeting",
        seconds=2,
        made_at=0,
        made_by="anna",
        original_name="hello.wav",
        original_format="",
    )
    beach = msgspec.structs.replace(hello, name="beach", kind="music", music_list="summer")
    with open_database(f"sqlite:///{database}").begin() as connection:
        save_sound(connection, "nordlys", hello)
        save_sound(connection, "nordlys", beach)
    result = lampfield("check", file)
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_large_example_is_right_and_comes_out_as_it_went_in(lampfield: Lampfield, tmp_path: Path) -> None:
    assert "Fjord Bygg AS is right: 9 people" in lampfield("check", FJORD).stdout
    lampfield("company", "import", FJORD, "--passwords-out", tmp_path / "passwords.toml")
    file = tmp_path / "again.toml"
    assert lampfield("company", "export", file).exit_code == 0
    assert lampfield("company", "import", file).stdout == "Fjord Bygg AS: nothing has changed\n"


def test_check_tells_every_error_of_a_configuration(lampfield: Lampfield, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text('[sip]\nlistn = []\n[log]\nlevel = "loud"\n')
    result = lampfield("check", file)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f"{file}: 2 errors",
        "  sip.listn: unknown key, did you mean sip.listen?",
        '  log.level = "loud": must be one of debug, info, warning, error',
    ]


@pytest.mark.parametrize("content", [None, b"\xff", b"[[[", b"x = " + b"9" * 5000, b"x = " + b"[" * 5000])
def test_check_of_a_file_that_cannot_be_read_is_status_1(
    lampfield: Lampfield, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "file.toml"
    if content is not None:
        file.write_bytes(content)
    result = lampfield("check", file)
    assert (result.exit_code, "1 error" in result.stderr) == (1, True)


def test_own_recordings_are_known_to_check(lampfield: Lampfield, tmp_path: Path) -> None:
    (tmp_path / "prompts" / "en").mkdir(parents=True)
    (tmp_path / "prompts" / "en" / "our-menu.wav").write_bytes(b"RIFF")
    (tmp_path / "lampfield.toml").write_text('media.prompts = "prompts"')
    file = tmp_path / "company.toml"
    file.write_text(
        NORDLYS.read_text(encoding="utf-8").replace('prompt = "menu"', 'prompt = "our-menu"'), encoding="utf-8"
    )
    assert lampfield("check", file).exit_code == 0


def test_import_tells_each_new_password_once_and_whole(lampfield: Lampfield, database: Path) -> None:
    first = lampfield("company", "import", NORDLYS, COLUMNS="40")
    assert first.exit_code == 0, first.output
    (line,) = (line for line in first.stdout.splitlines() if "Anna" in line)
    password = line.split("│")[-2].strip()
    assert len(password) == 20
    again = lampfield("company", "import", NORDLYS)
    assert (again.exit_code, again.stdout) == (0, "Nordlys Lys ApS: nothing has changed\n")
    assert password.encode() not in database.read_bytes()


def test_import_can_write_the_new_passwords_to_a_file_of_its_owner(lampfield: Lampfield, tmp_path: Path) -> None:
    kept = tmp_path / "passwords.toml"
    result = lampfield("company", "import", NORDLYS, "--passwords-out", kept)
    assert result.exit_code == 0, result.output
    assert kept.stat().st_mode & 0o777 == 0o600
    passwords = passwords_in(kept)
    assert len(passwords) == 10
    assert not any(password in result.output for password in passwords.values())
    lampfield("company", "import", NORDLYS, "--passwords-out", kept)
    assert passwords_in(kept) == passwords, "passwords that are not new stay in the file"


def test_passwords_may_be_given(lampfield: Lampfield, tmp_path: Path, database: Path) -> None:
    given = tmp_path / "passwords.toml"
    given.write_text('[passwords]\nanna = "correct horse"\n')
    result = lampfield("company", "import", NORDLYS, "--passwords", given)
    assert result.exit_code == 0, result.output
    assert "correct horse" in result.stdout
    account = read_picture(open_database(f"sqlite:///{database}")).directory().account("anna", "nordlys.example")
    assert account is not None
    # printf 'anna:nordlys.example:correct horse' | md5sum
    assert account.ha1_md5 == "73e42891cab02c005e6383646ceab779"


def test_a_given_password_that_is_too_short_is_refused_but_not_shown(lampfield: Lampfield, tmp_path: Path) -> None:
    given = tmp_path / "passwords.toml"
    given.write_text('[passwords]\nanna = "horse"\n')
    result = lampfield("company", "import", NORDLYS, "--passwords", given)
    assert result.exit_code == 1
    assert "passwords.anna: must be a password of 8 to 128 characters on one line" in result.stderr
    assert '"horse"' not in result.output


def test_nothing_is_imported_when_the_passwords_could_not_be_written(lampfield: Lampfield, database: Path) -> None:
    result = lampfield("company", "import", NORDLYS, "--passwords-out", "/proc/none/passwords.toml")
    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert not database.exists()


def test_a_company_file_with_errors_is_not_imported(lampfield: Lampfield, tmp_path: Path, database: Path) -> None:
    file = tmp_path / "company.toml"
    file.write_text(NORDLYS.read_text(encoding="utf-8").replace("queue:sales", "queue:sale"), encoding="utf-8")
    result = lampfield("company", "import", file)
    assert result.exit_code == 1
    assert "1 error, nothing was imported" in result.stderr
    assert not database.exists()


def test_export_writes_what_import_takes(lampfield: Lampfield, tmp_path: Path) -> None:
    lampfield("company", "import", NORDLYS)
    file = tmp_path / "out.toml"
    assert lampfield("company", "export", file).exit_code == 0
    assert lampfield("company", "export").stdout == file.read_text(encoding="utf-8")
    assert lampfield("company", "import", file).stdout == "Nordlys Lys ApS: nothing has changed\n"
    assert "password" not in file.read_text(encoding="utf-8")


def test_export_with_several_companies_asks_which(lampfield: Lampfield, tmp_path: Path) -> None:
    assert "There is no company yet" in lampfield("company", "export").stderr
    lampfield("company", "import", NORDLYS)
    other = tmp_path / "other.toml"
    text = NORDLYS.read_text(encoding="utf-8").replace('id = "nordlys"', 'id = "other"')
    other.write_text(
        text.replace("nordlys.example", "other.example").replace("+4533221100", "+4533221101"), encoding="utf-8"
    )
    assert lampfield("company", "import", other).exit_code == 0
    assert "Say which one by --company: nordlys, other" in lampfield("company", "export").stderr
    assert 'id = "other"' in lampfield("company", "export", "--company", "other").stdout
    assert "There is no company x; there are nordlys, other" in lampfield("company", "export", "--company", "x").stderr


def test_password_gives_a_person_a_new_one(lampfield: Lampfield, database: Path) -> None:
    lampfield("company", "import", NORDLYS)
    engine = open_database(f"sqlite:///{database}")
    before = read_picture(engine).directory().account("anna", "nordlys.example")
    result = lampfield("company", "password", "201")
    assert result.exit_code == 0
    assert "anna" in result.stdout
    assert read_picture(engine).directory().account("anna", "nordlys.example") != before
    wrong = lampfield("company", "password", "ana")
    assert (wrong.exit_code, "did you mean anna?" in wrong.stderr) == (1, True)


def test_config_describe_prints_the_documented_configuration(lampfield: Lampfield) -> None:
    assert lampfield("config", "describe").stdout == describe()
    assert lampfield("config", "describe", "--markdown").stdout == describe_markdown()


def test_calls_shows_finished_calls_with_the_names_of_people(lampfield: Lampfield, database: Path) -> None:
    lampfield("company", "import", NORDLYS)
    assert "No call has ended since" in lampfield("calls", "--since", "1h").stdout
    log_call(database, datetime.now().timestamp() - 600)
    result = lampfield("calls", "--since", "1h")
    assert result.exit_code == 0, result.output
    (line,) = (line for line in result.stdout.splitlines() if "Blixen" in line)
    assert [cell.strip() for cell in line.split("│")[2:-1]] == [
        "Karen Blixen +4520304050",
        "+4533221100",
        "main 7, main 1, sales",
        "0:40",
        "Anna Lindqvist",
        "1:05",
        "answered",
    ]
    assert "Blixen" not in lampfield("calls", "--since", "5m").stdout


@pytest.mark.parametrize("command", [("calls", "--since", "1h"), ("why", "--last"), ("missed", "nordlys", "sales")])
def test_a_callers_name_is_shown_as_it_was_sent_and_does_nothing_to_the_terminal(
    lampfield: Lampfield, database: Path, command: tuple[str, ...]
) -> None:
    lampfield("company", "import", NORDLYS)
    log_missed_call(database, datetime.now().timestamp() - 600, caller_name="[/b] :key: \x1b[2J [red]Kim")
    result = lampfield(*command, COLUMNS="200")
    assert result.exit_code == 0, result.output
    assert "[/b] :key: \ufffd[2J [red]Kim" in result.stdout


def test_calls_as_json_are_one_record_a_line(lampfield: Lampfield, database: Path) -> None:
    lampfield("company", "import", NORDLYS)
    log_call(database, datetime.now().timestamp() - 600)
    (line,) = lampfield("calls", "--since", "1h", "--json").stdout.splitlines()
    record = json.loads(line)
    assert (record["caller_number"], record["talk_seconds"], record["cause"]) == ("+4520304050", 65.0, "answered")


def test_into_a_pipe_the_calls_in_progress_are_told_once(lampfield: Lampfield, tmp_path: Path) -> None:
    shown = LiveCall("c1", "nordlys", "+4540123456", "+4533221100", 1.0)

    async def calls(_: dict[str, str], outbox: Outbox) -> None:
        outbox.put([shown])
        await asyncio.get_running_loop().create_future()

    async def answered() -> Result:
        (tmp_path / "state").mkdir()
        server = ControlServer(tmp_path / "state" / "control.sock", {"calls": calls})
        await server.start()
        try:
            return await asyncio.to_thread(lampfield, "calls")
        finally:
            await server.stop()

    result = asyncio.run(asyncio.wait_for(answered(), 10))
    assert result.exit_code == 0
    assert "1 calls in progress" in result.output
    assert "+4540123456" in result.output


def test_a_server_that_ends_before_it_has_answered_is_told_in_a_line(lampfield: Lampfield, tmp_path: Path) -> None:
    async def crash(_: dict[str, str], outbox: Outbox) -> None:
        """Answer nothing."""

    async def asked() -> Result:
        server = ControlServer(tmp_path / "state" / "control.sock", {"api-person": crash})
        await server.start()
        try:
            return await asyncio.to_thread(lampfield, "person", "show", "nordlys", "anna")
        finally:
            await server.stop()

    lampfield("company", "import", NORDLYS)
    result = asyncio.run(asyncio.wait_for(asked(), 10))
    assert result.exit_code == 1
    assert "control.sock: no Lampfield answers there" in result.stderr


@pytest.mark.parametrize("arguments", [("config", "describe"), ("check", "lampfield.toml")])
def test_what_is_printed_onto_a_full_disk_is_told_in_a_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "lampfield.toml").write_text("")
    with Path("/dev/full").open("wb") as full:
        told = subprocess.run(
            [sys.executable, "-m", "lampfield.cli", *arguments],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert told.returncode == 1
    assert told.stderr.splitlines() == [b"[Errno 28] No space left on device"]


def test_a_letter_that_the_terminal_lacks_is_a_question_mark(tmp_path: Path) -> None:
    file = tmp_path / "bjørn.toml"
    file.write_text("")
    told = subprocess.run(
        [sys.executable, "-m", "lampfield.cli", "check", str(file)],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert b"bj?rn.toml: the configuration is right" in told.stdout


def test_an_adapter_that_is_not_configured_cannot_be_tried(lampfield: Lampfield) -> None:
    result = lampfield("adapters", "test", "telenor")
    assert result.exit_code == 1
    assert "The configuration has no [adapters.telenor]; there are none" in result.output


@pytest.mark.parametrize("text", ["teatime", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"])
def test_a_moment_that_is_none_is_a_usage_error(lampfield: Lampfield, text: str) -> None:
    result = lampfield("calls", "--since", text)
    assert result.exit_code == 2
    assert "must be today, yesterday" in result.stderr


def log_call(database: Path, began: float) -> None:
    engine = open_database(f"sqlite:///{database}")
    with engine.begin() as connection:
        events = enumerate(main_job("c1", began))
        insert_events(connection, [LoggedEvent("run", number, event) for number, event in events])
    engine.dispose()


def log_missed_call(database: Path, began: float, caller_name: str) -> None:
    engine = open_database(f"sqlite:///{database}")
    arrived = msgspec.structs.replace(main_job("c1", began)[0], caller_name=caller_name)
    left = QueueLeft(call="c1", at=began + 9, queue="sales", outcome="abandoned", waited=8.0)
    ended = CallEnded(call="c1", at=began + 9, cause="abandoned", by="caller")
    with engine.begin() as connection:
        events = enumerate((arrived, QueueJoined(call="c1", at=began + 1, queue="sales", position=1), left, ended))
        insert_events(connection, [LoggedEvent("run", number, event) for number, event in events])
    engine.dispose()


def test_a_database_that_is_away_is_told_without_its_password(lampfield: Lampfield, tmp_path: Path) -> None:
    (tmp_path / "lampfield.toml").write_text('database.url = "postgresql://lampfield:secret@127.0.0.1:1/none"')
    result = lampfield("company", "export")
    assert result.exit_code == 1
    assert "The database postgresql://lampfield:***@127.0.0.1:1/none cannot be used:" in result.stderr
    assert "secret" not in result.output


def test_a_database_that_is_no_database_is_told_and_left_alone(lampfield: Lampfield, database: Path) -> None:
    database.parent.mkdir()
    database.write_text("Dear Sir or Madam, " * 100)
    result = lampfield("company", "import", NORDLYS)
    assert (result.exit_code, "file is not a database" in result.stderr) == (1, True)
    assert database.read_text().startswith("Dear Sir")


def test_only_the_owner_may_read_what_phones_log_in_with(lampfield: Lampfield, database: Path) -> None:
    lampfield("company", "import", NORDLYS)
    assert database.parent.stat().st_mode & 0o777 == 0o700
    assert database.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


NOON = datetime(2026, 11, 22, 12, 0, tzinfo=timezone(timedelta(hours=1)))
"""On the wall in Copenhagen, where summer time has ended on 25 October."""


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("today", "2026-11-22T00:00:00+01:00"),
        ("yesterday", "2026-11-21T00:00:00+01:00"),
        ("90m", "2026-11-22T10:30:00+01:00"),
        ("2h", "2026-11-22T10:00:00+01:00"),
        ("7d", "2026-11-15T12:00:00+01:00"),
        ("2026-11-20", "2026-11-20T00:00:00+01:00"),
        ("2026-11-20T08:30", "2026-11-20T08:30:00+01:00"),
        ("2026-11-20T08:30Z", "2026-11-20T09:30:00+01:00"),
        ("30d", "2026-10-23T13:00:00+02:00"),
        ("2026-07-01", "2026-07-01T00:00:00+02:00"),
        ("2026-07-01T08:30", "2026-07-01T08:30:00+02:00"),
    ],
)
def test_moments_are_written_as_people_say_them(text: str, moment: str, copenhagen: None) -> None:
    assert since(text, NOON).isoformat() == moment


def test_today_and_yesterday_begin_at_midnight_though_the_clock_was_set_since(copenhagen: None) -> None:
    noon = datetime(2026, 10, 25, 12, 0, tzinfo=timezone(timedelta(hours=1)))
    assert since("today", noon).isoformat() == "2026-10-25T00:00:00+02:00"
    assert since("yesterday", noon).isoformat() == "2026-10-24T00:00:00+02:00"
