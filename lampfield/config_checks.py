"""What must hold between settings, and between settings and this machine."""

import os
import ssl
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

from lampfield.config_sections import (
    Database,
    Mail,
    Media,
    Registrations,
    Secret,
    Sip,
    Subscriptions,
    Trunk,
    Voicemail,
    Web,
)
from provisioning.problems import Problems, joined


def check_sections(
    sip: Sip, registrations: Registrations, subscriptions: Subscriptions, media: Media, problems: Problems
) -> None:
    """Note what is wrong between the settings of one section or two."""
    if sip.advertised_address is None and any(address.wildcard for address in sip.listen):
        problems.add(
            "sip.advertised_address",
            "",
            "the address that phones reach, as sip.listen has one that means all addresses",
        )
    if media.advertised_address is None and media.address in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        problems.add(
            "media.advertised_address", "", "the address that phones reach, as media.address means all addresses"
        )
    if ip_address(media.address).is_loopback and any(not address.loopback for address in sip.listen):
        problems.add(
            "media.address",
            media.address,
            "an address that phones reach, as sip.listen has one: calls would be without sound",
        )
    if media.prompts is not None and not media.prompts.is_dir():
        problems.add("media.prompts", str(media.prompts), "a folder that exists")
    for name, limits in (("registrations", registrations), ("subscriptions", subscriptions)):
        if not limits.min_seconds <= limits.default_seconds <= limits.max_seconds:
            problems.add(
                f"{name}.default_seconds",
                limits.default_seconds,
                f"between {name}.min_seconds ({limits.min_seconds:g}) and {name}.max_seconds ({limits.max_seconds:g})",
            )


def check_state_directory(folder: Path, problems: Problems) -> None:
    """Note a path that is no folder, or below which no Unix socket can be made: it has 107 bytes (unix(7))."""
    if os.path.lexists(folder) and not os.path.isdir(folder):
        problems.add("state_directory", str(folder), "a folder")
    most = 107 - len("/adapters.sock")
    if len(os.fsencode(folder)) > most:
        problems.add("state_directory", str(folder), f"at most {most} bytes long, as sockets are made in it")


def database_below(folder: Path, database: Database) -> Database:
    """The database with the relative path of an SQLite file meant from `folder`."""
    scheme, _, file = (database.url or "").partition("sqlite:///")
    if scheme or not file or file.startswith(("/", "file:", ":memory:")):
        return database
    return replace(database, url=f"sqlite:///{folder / Path(file).expanduser()}")


def check_web(web: Web, problems: Problems) -> None:
    """Note what is wrong between the settings of the API."""
    if web.listen is not None and web.listen.transport != "tcp":
        problems.add("web.listen", str(web.listen), "tcp:address:port, for HTTP")
    if (web.certificate is None) != (web.key is None):
        missing = "certificate" if web.certificate is None else "key"
        problems.missing(f"web.{missing}", "a file, as TLS needs web.certificate and web.key")
    elif web.certificate is not None and web.key is not None:
        try:
            ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(web.certificate, web.key, password="")
        except (OSError, ssl.SSLError) as error:
            problems.add("web.certificate", str(web.certificate), f"a certificate that goes with web.key ({error})")


def with_password(trunk: Trunk, problems: Problems) -> Trunk:
    """The trunk with its password fetched from where the configuration says it is."""
    key = joined("trunks", trunk.name)
    if trunk.kind == "register" and trunk.username is None:
        problems.missing(f"{key}.username", 'the account at the provider, as kind is "register"')
    if trunk.password_file is not None and trunk.password_env is not None:
        problems.add(f"{key}.password_env", trunk.password_env, "left out, as password_file is given too")
        return trunk
    if trunk.password_file is not None:
        password = first_line(trunk.password_file, f"{key}.password_file", "password", problems)
        return replace(trunk, password=password)
    if trunk.password_env is not None:
        return replace(trunk, password=in_environment(trunk.password_env, f"{key}.password_env", problems))
    if trunk.username is not None:
        problems.missing(f"{key}.password_file", "a file (or password_env a variable) with the password of username")
    return trunk


def mail_with_password(mail: Mail, problems: Problems) -> Mail:
    """The mail server with its password fetched from where the configuration says it is."""
    if mail.host is not None and mail.sender is None:
        problems.missing("mail.sender", "the address that mails are from, as mail.host is given")
    if mail.password_file is not None and mail.password_env is not None:
        problems.add("mail.password_env", mail.password_env, "left out, as password_file is given too")
        return mail
    if mail.password_file is not None:
        return replace(mail, password=first_line(mail.password_file, "mail.password_file", "password", problems))
    if mail.password_env is not None:
        return replace(mail, password=in_environment(mail.password_env, "mail.password_env", problems))
    if mail.username is not None:
        problems.missing("mail.password_file", "a file (or password_env a variable) with the password of username")
    return mail


def check_voicemail(voicemail: Voicemail, problems: Problems) -> None:
    """Note what is wrong between the settings of voicemail."""
    if voicemail.transcription_command and voicemail.transcription_url is not None:
        problems.add(
            "voicemail.transcription_url",
            voicemail.transcription_url,
            "left out, as transcription_command is given too",
        )


def with_value(secret: Secret, problems: Problems) -> Secret:
    """The secret with its value fetched from where the configuration says it is."""
    key = joined("secrets", secret.name)
    if secret.file is not None and secret.env is not None:
        problems.add(f"{key}.env", secret.env, "left out, as file is given too")
        return secret
    if secret.file is not None:
        return replace(secret, value=first_line(secret.file, f"{key}.file", "secret", problems))
    if secret.env is not None:
        return replace(secret, value=in_environment(secret.env, f"{key}.env", problems))
    problems.missing(f"{key}.file", "a file (or env a variable) with the secret")
    return secret


def first_line(file: Path, key: str, what: str, problems: Problems) -> str:
    try:
        value = file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        problems.add(key, str(file), f"a file that can be read ({reason})")
        return ""
    if not value:
        problems.add(key, str(file), f"a file whose first line is the {what}")
    return value


def in_environment(variable: str, key: str, problems: Problems) -> str:
    value = os.environ.get(variable, "")
    if not value:
        problems.add(key, variable, "an environment variable that is set and not empty")
    return value
