"""`[adapters.NAME]` is checked at the start, each fault by its key."""

from pathlib import Path

import pytest

from lampfield.configuration import ConfigurationErrors, load
from status_adapters.operator.settings import OperatorSettings

SECRETS = '[secrets.s]\nenv = "HOME"\n'
HOOKS = '[webhooks]\nlisten = "tcp:127.0.0.1:8090"\n'


def test_an_adapter_is_read_with_its_kinds_settings_and_files_below_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "lampfield.toml"
    (tmp_path / "own.toml").write_text('format = "csv"\n[fields]\nnumber = "N"\n', encoding="utf-8")
    section = '[adapters.op]\nkind = "operator"\nsecret_name = "s"\nurl = "https://o.example/"\nmapping = "own.toml"\n'
    file.write_text(SECRETS + section, encoding="utf-8")
    settings = load(file).adapters["op"].settings
    assert isinstance(settings, OperatorSettings)
    assert settings.mapping == tmp_path / "own.toml"
    assert "secret" not in repr(load(file).adapters["op"])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("[adapters.op]\n", "adapters.op.kind: missing, must be one of"),
        ('[adapters.op]\nkind = "operater"\n', 'adapters.op.kind = "operater": must be one of'),
        ('[adapters."a b"]\nkind = "text"\nsecret_name = "s"\n', 'adapters."a b": the name must be'),
        (HOOKS + '[adapters.h]\nkind = "webhook"\nsecret_name = "t"\n', 'adapters.h.secret_name = "t": must be one of'),
        ('[adapters.h]\nkind = "webhook"\nsecret_name = "s"\n', "webhooks.listen: missing"),
        (HOOKS + '[adapters.h]\nkind = "webhook"\nsecret = "s"\n', "adapters.h.secret: unknown key"),
        ('[adapters.op]\nkind = "operator"\nsecret_name = "s"\n', "adapters.op.url: missing"),
        (
            '[adapters.op]\nkind = "operator"\nsecret_name = "s"\nmode = "push"\nurl = "http://o.example"\n' + HOOKS,
            "adapters.op.url",
        ),
        (
            '[adapters.op]\nkind = "operator"\nsecret_name = "s"\nurl = "ftp://o.example"\n',
            'adapters.op.url = "ftp://o.example": must be an http or https URL',
        ),
        (
            '[adapters.op]\nkind = "operator"\nsecret_name = "s"\nurl = "http://o.example"\nmapping = "none.toml"\n',
            "adapters.op.mapping",
        ),
        ('[webhooks]\nlisten = "tcp:0.0.0.0:80"\n', "webhooks.public_url: missing"),
        ('[webhooks]\nlisten = "udp:127.0.0.1:80"\n', "webhooks.listen"),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tmp_path: Path, text: str, error: str) -> None:
    file = tmp_path / "lampfield.toml"
    file.write_text(SECRETS + text, encoding="utf-8")
    with pytest.raises(ConfigurationErrors) as wrong:
        load(file)
    assert any(told.startswith(error) for told in wrong.value.errors), wrong.value.errors


@pytest.mark.parametrize(
    ("mapping", "error"),
    [
        ('format = "yaml"', 'format = "yaml": must be one of json, xml, csv, form'),
        ('format = "json"', "fields.number: missing"),
        ('format = "json"\n[fields]\nnumber = "n"\nphone = "p"', "fields.phone: unknown key"),
        (
            'format = "json"\n[fields]\nnumber = "n"\n[values.activity]\nB = "talking"',
            'values.activity.B = "talking": must be one of',
        ),
        ('format = "json"\n[fields]\nnumber = "n"\neasting = "e"', "fields.utm_zone: missing"),
        ('format = "json"\ntime_zone = "Mars"\n[fields]\nnumber = "n"', 'time_zone = "Mars": must be a time zone'),
        ("format = ", "not TOML"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_told_with_its_key(tmp_path: Path, mapping: str, error: str) -> None:
    (tmp_path / "own.toml").write_text(mapping, encoding="utf-8")
    file = tmp_path / "lampfield.toml"
    section = '[adapters.op]\nkind = "operator"\nsecret_name = "s"\nurl = "http://o.example"\nmapping = "own.toml"\n'
    file.write_text(SECRETS + section, encoding="utf-8")
    with pytest.raises(ConfigurationErrors) as wrong:
        load(file)
    assert any(error in told for told in wrong.value.errors), wrong.value.errors
