"""The server's configuration: one TOML file, wholly checked before anything is bound."""

# ruff: noqa: RUF009  every section is frozen, so that it may be a default

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lampfield.adapters.configured import ADAPTER_NAME, AdapterSection, Webhooks, check_adapters, read_adapter
from lampfield.config_checks import (
    check_sections,
    check_state_directory,
    check_voicemail,
    check_web,
    database_below,
    mail_with_password,
    with_password,
    with_value,
)
from lampfield.config_sections import (
    Database,
    Limits,
    Log,
    Mail,
    Media,
    Records,
    Registrations,
    Restart,
    Secret,
    Shutdown,
    Sip,
    Subscriptions,
    Trunk,
    Voicemail,
    Web,
)
from lampfield.config_settings import ListenAddress, PortRange
from lampfield.peer_checks import publisher_with_password, watched_with_password
from lampfield.peer_sections import Publisher, WatchedServer
from lampfield.sound_settings import OwnSounds
from provisioning.kinds import path
from provisioning.problems import Problems
from provisioning.settings import Section, below, read_section, setting, settings
from provisioning.toml_table import read_toml

__all__ = [
    "SECTIONS",
    "AdapterSection",
    "Configuration",
    "ConfigurationErrors",
    "Database",
    "Limits",
    "ListenAddress",
    "Log",
    "Mail",
    "Media",
    "OwnSounds",
    "PortRange",
    "Publisher",
    "Records",
    "Registrations",
    "Restart",
    "Secret",
    "Shutdown",
    "Sip",
    "Subscriptions",
    "Trunk",
    "Voicemail",
    "WatchedServer",
    "Web",
    "Webhooks",
    "load",
]


class ConfigurationErrors(Exception):
    """The configuration cannot be used; `errors` holds a sentence for each thing to mend."""

    def __init__(self, source: Path, errors: list[str]) -> None:
        super().__init__(f"{source}: " + "; ".join(errors))
        self.source = source
        self.errors = errors


SECTIONS: dict[str, type[Section]] = {
    "sip": Sip,
    "registrations": Registrations,
    "subscriptions": Subscriptions,
    "media": Media,
    "own_sounds": OwnSounds,
    "database": Database,
    "records": Records,
    "mail": Mail,
    "voicemail": Voicemail,
    "web": Web,
    "webhooks": Webhooks,
    "limits": Limits,
    "log": Log,
    "restart": Restart,
    "shutdown": Shutdown,
}
"""The sections of the file, in the order they are told."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """A whole, valid configuration. `Configuration()` are the defaults, relative to the working directory."""

    state_directory: Path = setting(
        path("a folder"), "state", "Where Lampfield keeps what must outlive a restart; made when missing."
    )
    sip: Sip = Sip()
    registrations: Registrations = Registrations()
    subscriptions: Subscriptions = Subscriptions()
    media: Media = Media()
    own_sounds: OwnSounds = OwnSounds()
    database: Database = Database()
    records: Records = Records()
    mail: Mail = Mail()
    voicemail: Voicemail = Voicemail()
    web: Web = Web()
    webhooks: Webhooks = Webhooks()
    limits: Limits = Limits()
    log: Log = Log()
    restart: Restart = Restart()
    shutdown: Shutdown = Shutdown()
    trunks: dict[str, Trunk] = field(default_factory=dict)
    publishers: dict[str, Publisher] = field(default_factory=dict)
    watch: dict[str, WatchedServer] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    adapters: dict[str, AdapterSection] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        """The URL of the database, with the default filled in."""
        return self.database.url or f"sqlite:///{self.state_directory / 'lampfield.sqlite3'}"

    @property
    def clips_path(self) -> Path:
        """The folder of clips, with the default filled in."""
        return self.media.clips or self.state_directory / "clips"

    @property
    def spool_path(self) -> Path:
        """The spool file of call events, with the default filled in."""
        return self.records.spool or self.state_directory / "call-events.spool"


def load(source: Path, copy: Path | None = None) -> Configuration:
    """The configuration in a file, or in a copy of it. Raises ConfigurationErrors with everything that is wrong."""
    problems = Problems()
    table = read_toml(copy or source, problems)
    folder = source.absolute().parent
    values: dict[str, Any] = {
        entry.name: table.take(entry.name, known.kind, entry.default) for entry, known in settings(Configuration)
    }
    values["state_directory"] = folder / values["state_directory"].expanduser()
    for name, section in SECTIONS.items():
        values[name] = below(folder, read_section(section, table.table(name)))
    trunks = {name: below(folder, read_section(Trunk, part, name=name)) for name, part in table.tables("trunks")}
    secrets = {name: below(folder, read_section(Secret, part, name=name)) for name, part in table.tables("secrets")}
    publishers = {
        name: below(folder, read_section(Publisher, part, name=name)) for name, part in table.tables("publishers")
    }
    watched = {
        name: below(folder, read_section(WatchedServer, part, name=name)) for name, part in table.tables("watch")
    }
    table.check_names("adapters", ADAPTER_NAME)
    adapters = [
        adapter
        for name, part in table.tables("adapters")
        if (adapter := read_adapter(name, part, folder, problems)) is not None
    ]
    table.close()
    values["database"] = database_below(folder, values["database"])
    check_state_directory(values["state_directory"], problems)
    check_sections(values["sip"], values["registrations"], values["subscriptions"], values["media"], problems)
    trunks = {name: with_password(trunk, problems) for name, trunk in trunks.items()}
    values["mail"] = mail_with_password(values["mail"], problems)
    check_voicemail(values["voicemail"], problems)
    check_web(values["web"], problems)
    secrets = {name: with_value(secret, problems) for name, secret in secrets.items()}
    publishers = {name: publisher_with_password(publisher, problems) for name, publisher in publishers.items()}
    watched = {name: watched_with_password(server, problems) for name, server in watched.items()}
    check_adapters(adapters, secrets, values["webhooks"], problems)
    if problems:
        raise ConfigurationErrors(source, problems.sentences)
    return Configuration(
        **values,
        trunks=trunks,
        publishers=publishers,
        watch=watched,
        secrets=secrets,
        adapters={adapter.name: adapter for adapter in adapters},
    )
