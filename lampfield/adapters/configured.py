"""`[adapters.NAME]`: the kind, and the settings that the kind has."""

# ruff: noqa: RUF009  every setting is immutable, so that it may be a default

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lampfield.config_settings import ListenAddress, listen_address
from provisioning.kinds import optional, text, whole
from provisioning.problems import Problems, joined
from provisioning.settings import Section, below, read_section, setting
from provisioning.toml_table import TomlTable
from status_adapters.registry import URL, AdapterKind, UnknownKind, kind_named, kind_names, secrets_of

ADAPTER_NAME = text("a name of letters, digits, - and _", r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Where operators and other systems send requests to the adapters, each at `/hooks/NAME`. Behind a proxy with TLS
    where they come from outside.
    """

    listen: ListenAddress | None = setting(
        optional(listen_address(), empty="nothing is taken"), "", "Where requests come, such as tcp:127.0.0.1:8090."
    )
    public_url: str | None = setting(
        optional(URL, empty="http and the address listened at"),
        "",
        "How the outside reaches that address, such as https://status.example; told to sources that send requests.",
    )
    max_bytes: int = setting(whole(1000, 100_000_000), 1_000_000, "A request with more is answered 413.")
    requests_per_second: int = setting(
        whole(1, 100_000), 200, "How many requests one adapter takes; more are answered 429."
    )

    @property
    def url(self) -> str:
        """Where the outside reaches it; empty where nothing listens."""
        if self.listen is None:
            return ""
        host = f"[{self.listen.host}]" if ":" in self.listen.host else self.listen.host
        return (self.public_url or f"http://{host}:{self.listen.port}").rstrip("/")


@dataclass(frozen=True, slots=True)
class AdapterSection:
    """One adapter as it is configured."""

    name: str
    kind_name: str
    kind: AdapterKind[Any]
    settings: Section = field(repr=False)
    sound: bool = True
    """Each setting by itself is right."""


def read_adapter(name: str, table: TomlTable, folder: Path, problems: Problems) -> AdapterSection | None:
    """An adapter from its table; what is wrong is noted. None where even its kind cannot be known."""
    wanted = table.take("kind", text(f"one of {', '.join(kind_names())}"))
    if not wanted:
        return None
    try:
        kind = kind_named(wanted)
    except UnknownKind as unknown:
        problems.add(table.key("kind"), wanted, str(unknown))
        return None
    before = len(problems.sentences)
    read = below(folder, read_section(kind.settings, table))
    return AdapterSection(name, wanted, kind, read, sound=len(problems.sentences) == before)


def check_adapters(
    adapters: Collection[AdapterSection], secrets: Collection[str], webhooks: Webhooks, problems: Problems
) -> None:
    """Note what is wrong between adapters and the rest of the configuration."""
    if webhooks.listen is not None and webhooks.listen.transport != "tcp":
        problems.add("webhooks.listen", str(webhooks.listen), "tcp:address:port, for HTTP")
    if (
        webhooks.listen is not None
        and webhooks.public_url is None
        and ipaddress.ip_address(webhooks.listen.host).is_unspecified
    ):
        problems.missing("webhooks.public_url", "the URL that the outside reaches, as webhooks.listen means all")
    for adapter in adapters:
        key = joined("adapters", adapter.name)
        for entry, name in secrets_of(adapter.settings).items():
            if name not in secrets:
                known = f"one of [secrets.NAME], which are {', '.join(secrets) or 'none'}"
                problems.add(joined(key, entry), name, known)
        if adapter.sound:
            adapter.kind.check(adapter.settings, key, problems)
        if adapter.kind.takes_hooks(adapter.settings) and webhooks.listen is None:
            problems.missing("webhooks.listen", f"where requests come, as {key} is sent some")
