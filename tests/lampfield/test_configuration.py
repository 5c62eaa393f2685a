"""The configuration is checked as a whole, and described by itself."""

import re
from pathlib import Path

import pytest
from sqlalchemy import make_url

from lampfield.config_description import describe, describe_markdown
from lampfield.configuration import SECTIONS, Configuration, ConfigurationErrors, ListenAddress, PortRange, load
from provisioning.settings import settings
from status_adapters.registry import kind_named, kind_names

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lampfield.toml"


def loaded(file: Path, text: str) -> Configuration:
    file.write_text(text, encoding="utf-8")
    return load(file)


def errors(file: Path, text: str) -> list[str]:
    with pytest.raises(ConfigurationErrors) as wrong:
        loaded(file, text)
    return wrong.value.errors


def test_an_empty_file_is_the_defaults_below_its_folder(file: Path) -> None:
    configuration = loaded(file, "")
    assert configuration.state_directory == file.parent / "state"
    assert configuration.sip == Configuration().sip
    assert [str(address) for address in configuration.sip.listen] == ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"]
    assert configuration.media.ports == PortRange(20000, 29999)
    assert configuration.database_url == f"sqlite:///{file.parent}/state/lampfield.sqlite3"
    assert configuration.spool_path == file.parent / "state" / "call-events.spool"


@pytest.mark.parametrize(
    "text",
    [
        '[database]\nurl = "postgres://lampfield:hunter22@db.example/lampfield"',
        '[database]\nurl = "postgresql://lampfield:hunter22@db.example:none/lampfield"',
        '[secrets]\noperator = "hunter22"',
        'secrets = "hunter22"',
        '[trunks.provider]\nkind = "register"\nregistrar = "sip.example"\npassword = "hunter22"',
    ],
)
def test_no_error_repeats_a_secret(file: Path, text: str) -> None:
    told = errors(file, text)
    assert told
    assert "hunter22" not in "; ".join(told)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://lampfield@db.example/lampfield",
        "postgresql+psycopg://lampfield:pass/word@[2001:db8::1]:5432/lampfield?sslmode=require",
        "postgresql:///lampfield?host=/run/postgresql",
        "postgresql://",
    ],
)
def test_a_database_is_named_as_postgresql_allows(file: Path, url: str) -> None:
    assert loaded(file, f'[database]\nurl = "{url}"').database_url == url
    make_url(url)


def test_the_description_is_a_configuration_with_the_defaults(file: Path) -> None:
    assert loaded(file, describe()) == loaded(file, "")


@pytest.mark.parametrize("name", ["trunks.provider", "publishers.pbx", "watch.pbx"])
def test_each_named_section_in_the_description_is_right_once_uncommented(file: Path, name: str) -> None:
    _, _, rest = describe().partition(f"# [{name}]\n")
    section = rest.partition("# [")[0]
    uncommented = "\n".join(
        line[2:] if " = " in line and line.startswith("# ") else line for line in section.splitlines()
    )
    uncommented = uncommented.replace('username = ""', 'username = "u"').replace(
        'password_env = ""', 'password_env = "HOME"'
    )
    key, part = name.split(".")
    assert part in getattr(loaded(file, f"[{name}]\n{uncommented}"), key)


@pytest.mark.parametrize("kind", kind_names())
def test_each_kind_of_adapter_in_the_description_is_right_once_uncommented(file: Path, kind: str) -> None:
    _, _, rest = describe().partition(f"# [adapters.my-{kind}]\n")
    wanted = [line[2:] for line in rest.partition("# [")[0].splitlines() if re.match(r"# [a-z_]+ = ", line)]
    section = "\n".join(wanted).replace('url = ""', 'url = "https://feed.example/{user}"', 1)
    names = set(re.findall(r'^secret_name = "(.+)"', section, re.MULTILINE))
    secrets = "".join(f'[secrets.{name}]\nenv = "HOME"\n' for name in names)
    listening = '[webhooks]\nlisten = "tcp:127.0.0.1:8090"\npublic_url = "https://status.example"\n'
    adapter = loaded(file, f"{listening}{secrets}[adapters.mine]\n{section}").adapters["mine"]
    assert adapter.kind_name == kind
    assert {entry.name for entry, _ in settings(type(adapter.settings))} | {"kind"} == {
        line.partition(" = ")[0] for line in wanted
    }


@pytest.mark.parametrize("kind", kind_names())
def test_the_guide_names_each_setting_of_each_kind(kind: str) -> None:
    guide = ROOT / "docs/guide/statuses.md"
    page = guide.parent / "statuses" / f"{kind}.md"
    text = (page if page.exists() else guide).read_text(encoding="utf-8")
    assert [entry.name for entry, _ in settings(kind_named(kind).settings) if f"`{entry.name}`" not in text] == []


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('[publishers.pbx]\ndomains = ["a.example"]', "publishers.pbx.sources: missing"),
        (
            '[publishers.pbx]\ndomains = ["a.example"]\nusername = "u"',
            "publishers.pbx.password_file: missing",
        ),
        ('[publishers.pbx]\nsources = ["10.0.0.1"]', "publishers.pbx.domains: missing"),
        ('[watch.pbx]\nhost = "pbx.example"\npeople = ["201"]', "watch.pbx.people"),
        (
            '[watch.pbx]\nhost = "h"\npeople = ["1=a@b.c"]\npassword_env = "HOME"\npassword_file = "x"',
            "watch.pbx.password_env",
        ),
    ],
)
def test_what_is_wrong_of_other_servers_is_told(file: Path, text: str, error: str) -> None:
    (told,) = errors(file, text)
    assert error in told


@pytest.mark.parametrize(
    ("page", "text"), [("examples/lampfield.toml", describe()), ("docs/configuration.md", describe_markdown())]
)
def test_what_is_in_the_repository_is_up_to_date(page: str, text: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == text, (
        f"write it anew by `lampfield config describe` into {page}"
    )


def test_every_kind_of_value_is_read(file: Path) -> None:
    configuration = loaded(
        file,
        """
        state_directory = "/var/lib/lampfield"
        [sip]
        listen = ["udp:192.0.2.1:5060", "tcp:[2001:DB8::1]:5070", "udp:0.0.0.0:0"]
        advertised_address = "sip.nordlys.example"
        authentication = false
        [media]
        address = "192.0.2.1"
        ports = "10000-10099"
        rtp_timeout_seconds = 0
        [database]
        url = "postgresql://lampfield@db.nordlys.example/lampfield"
        [log]
        level = "debug"
        """,
    )
    assert configuration.state_directory == Path("/var/lib/lampfield")
    assert configuration.sip.listen[1] == ListenAddress("tcp", "2001:db8::1", 5070)
    assert configuration.sip.listen[2].wildcard
    assert str(configuration.sip.listen[1]) == "tcp:[2001:db8::1]:5070"
    assert not configuration.sip.authentication
    assert configuration.media.rtp_timeout_seconds == 0.0
    assert configuration.database_url == "postgresql://lampfield@db.nordlys.example/lampfield"


def test_every_error_is_told_at_once_with_key_value_and_what_was_expected(file: Path) -> None:
    known = ", ".join(sorted([*SECTIONS, "adapters", "publishers", "secrets", "state_directory", "trunks", "watch"]))
    assert errors(
        file,
        """
        state_directroy = "x"
        [sip]
        listen = ["udp:127.0.0.1:5060", "sctp:127.0.0.1:5060"]
        [media]
        ports = "20001-29999"
        [limits]
        max_calls = 0
        calls_per_secnd = 3
        [colours]
        """,
    ) == [
        'sip.listen = ["udp:127.0.0.1:5060", "sctp:127.0.0.1:5060"]: must be a list in which entry 2 is '
        "transport:address:port, such as udp:192.0.2.1:5060 or tcp:[2001:db8::1]:5060",
        'media.ports = "20001-29999": must be two ports first-last within 1024-65535, the first even and the last odd',
        "limits.max_calls = 0: must be between 1 and 100000",
        "limits.calls_per_secnd: unknown key, did you mean limits.calls_per_second?",
        "state_directroy: unknown key, did you mean state_directory?",
        f"colours: unknown key, known here are {known}",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('sip.listen = ["udp:0.0.0.0:5060"]', 'sip.advertised_address = "": must be the address that phones reach'),
        ('sip.listen = ["udp:127.0.0.1:99999"]', "entry 1 is a port between 1 and 65535"),
        ('sip.listen = ["udp:localhost:5060"]', "entry 1 is transport:address:port"),
        ('sip.listen = ["udp:300.0.0.1:5060"]', "entry 1 is an IP address after udp:"),
        ("sip.listen = []", "sip.listen = []: must be a list that is not empty"),
        ('sip.user_agent = "a\\r\\nVia: x"', 'sip.user_agent = "a\\r\\nVia: x": must be one line of text'),
        ("sip = 5", "sip = 5: must be a table"),
        (
            'sip.listen = ["udp:127.0.0.1:5060", "udp:192.0.2.1:5060"]',
            'media.address = "127.0.0.1": must be an address that',
        ),
        ('media.address = "::"', 'media.advertised_address = "": must be the address that phones reach'),
        ('media.address = "localhost"', 'media.address = "localhost": must be an IPv4 or IPv6 address'),
        ('media.prompts = "nowhere"', 'nowhere": must be a folder that exists'),
        ("registrations.default_seconds = 30", "must be between registrations.min_seconds (60) and"),
        ("subscriptions.max_seconds = 100", "subscriptions.default_seconds = 3600: must be between"),
        ('database.url = "mysql://x"', "must be sqlite:///path or postgresql://user@host/name"),
        ("limits.max_calls = true", "limits.max_calls = true: must be between 1 and 100000"),
        ("limits.max_calls = 2.5", "limits.max_calls = 2.5: must be between 1 and 100000"),
        (f'state_directory = "/{"x" * 93}"', 'state_directory = "/xxx'),
        (f'state_directory = "/{"ø" * 50}"', "must be at most 93 bytes long, as sockets are made in it"),
        ('log.level = "loud"', 'log.level = "loud": must be one of debug, info, warning, error'),
        ("trunks.a = 1", "trunks.a = 1: must be a table"),
        ("[trunks.a]", "trunks.a.host: missing, must be a host name or an IP address"),
        ("a = 1\na = 2\nb = 3", "not TOML: Cannot overwrite a value (at line 2"),
    ],
)
def test_a_bad_value_is_told(file: Path, text: str, expected: str) -> None:
    assert any(expected in error for error in errors(file, text)), errors(file, text)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("sqlite:///data/house.sqlite3", "sqlite:///{folder}/data/house.sqlite3"),
        ("sqlite:////srv/house.sqlite3", "sqlite:////srv/house.sqlite3"),
        ("postgresql://lampfield@db/house", "postgresql://lampfield@db/house"),
    ],
)
def test_the_path_of_a_database_is_meant_from_the_folder_of_the_file(file: Path, given: str, url: str) -> None:
    assert loaded(file, f'[database]\nurl = "{given}"').database_url == url.format(folder=file.parent)


def test_the_state_directory_may_be_below_the_users_home(file: Path) -> None:
    assert loaded(file, 'state_directory = "~/lampfield"').state_directory == Path.home() / "lampfield"


def test_a_state_directory_that_is_a_file_is_told(file: Path) -> None:
    assert errors(file, f'state_directory = "{file.name}"') == [f'state_directory = "{file}": must be a folder']


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationErrors, match="cannot be read: No such file or directory"):
        load(tmp_path / "none.toml")


TRUNK = """
[trunks.provider]
kind = "register"
host = "sip.provider.example"
username = "lampfield"
numbers = ["+4533221100"]
"""


def test_a_trunk_gets_its_password_from_a_file_beside_the_configuration(file: Path) -> None:
    (file.parent / "secret").write_text("correct horse\nsecond line\n")
    trunk = loaded(file, TRUNK + 'password_file = "secret"').trunks["provider"]
    assert (trunk.name, trunk.kind, trunk.port, trunk.expires) == ("provider", "register", None, 600)
    assert trunk.password == "correct horse"
    assert "correct horse" not in repr(trunk)


def test_a_trunk_gets_its_password_from_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_PASSWORD", "correct horse")
    assert loaded(file, TRUNK + 'password_env = "PROVIDER_PASSWORD"').trunks["provider"].password == "correct horse"


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("", "trunks.provider.password_file: missing, must be a file (or password_env a variable)"),
        ('password_file = "nowhere"', "must be a file that can be read (No such file or directory)"),
        ('password_file = "empty"', "must be a file whose first line is the password"),
        (
            'password_env = "NOT_SET"',
            'trunks.provider.password_env = "NOT_SET": must be an environment variable that is',
        ),
        ('password_file = "empty"\npassword_env = "HOME"', "must be left out, as password_file is given too"),
        ('password = "correct horse"', "trunks.provider.password: unknown key, did you mean"),
    ],
)
def test_a_trunk_without_its_password_is_told(file: Path, extra: str, expected: str) -> None:
    (file.parent / "empty").write_text("")
    assert any(expected in error for error in errors(file, TRUNK + extra)), errors(file, TRUNK + extra)


def test_a_trunk_that_registers_needs_a_user_name(file: Path) -> None:
    assert errors(file, TRUNK.replace('username = "lampfield"\n', "")) == [
        'trunks.provider.username: missing, must be the account at the provider, as kind is "register"'
    ]


def test_a_secret_comes_from_a_file_or_the_environment(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", "tell nobody")
    (file.parent / "shop").write_text("hush\n")
    secrets = loaded(file, '[secrets.crm]\nenv = "CRM_SECRET"\n[secrets.shop]\nfile = "shop"').secrets
    assert {name: secret.value for name, secret in secrets.items()} == {"crm": "tell nobody", "shop": "hush"}
    assert "tell nobody" not in repr(secrets)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "secrets.crm.file: missing, must be a file (or env a variable) with the secret"),
        ('file = "none"', "must be a file that can be read (No such file or directory)"),
        ('env = "NOT_SET"', 'secrets.crm.env = "NOT_SET": must be an environment variable that is set and not empty'),
        ('file = "x"\nenv = "HOME"', "must be left out, as file is given too"),
    ],
)
def test_a_secret_that_is_nowhere_is_told(file: Path, given: str, expected: str) -> None:
    (only,) = errors(file, f"[secrets.crm]\n{given}")
    assert expected in only


def test_a_command_may_say_the_same_word_twice(file: Path) -> None:
    voicemail = loaded(file, 'voicemail.transcription_command = ["whisper", "-t", "2", "-p", "2"]').voicemail
    assert voicemail.transcription_command == ("whisper", "-t", "2", "-p", "2")
