"""Sections of the configuration about other servers: those that may publish here, and those that are watched."""

# ruff: noqa: RUF009  every setting is immutable, so that it may be a default

from dataclasses import dataclass, field
from pathlib import Path

from lampfield.config_sections import HOST, VARIABLE
from lampfield.config_settings import ip_network
from provisioning.company_kinds import DOMAIN
from provisioning.kinds import choice, list_of, optional, path, text, whole
from provisioning.settings import required, setting

_WATCHED = text("REMOTE=PERSON@DOMAIN, such as 201=anna@nordlys.example", r"[^\s=@]+=[a-z0-9][a-z0-9_-]*@[a-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Publisher:
    """A server that may publish (SIP PUBLISH) what others do: an Asterisk or Kamailio beside this one. It is known by
    its address or proves itself with user name and password.
    """

    name: str
    """The key after `publishers.`"""
    domains: tuple[str, ...] = required(
        list_of(DOMAIN, min_length=1), ["nordlys.example"], "The companies for whose people it may publish."
    )
    sources: tuple[str, ...] = setting(
        list_of(ip_network()), [], "Addresses or networks from which it is believed without a password."
    )
    username: str | None = setting(
        optional(text("a user name"), empty="none"), "", "The account it authenticates as, in the realm of the domain."
    )
    password_file: Path | None = setting(
        optional(path("a file"), empty="none"), "", "A file whose first line is the password."
    )
    password_env: str | None = setting(
        optional(VARIABLE, empty="none"),
        "",
        "The environment variable that holds the password; either this or password_file.",
    )
    password: str = field(default="", repr=False)
    """Read from `password_file` or `password_env`."""


@dataclass(frozen=True, slots=True)
class WatchedServer:
    """Another server whose extensions are watched (SIP SUBSCRIBE), so that people's lamps here show them."""

    name: str
    """The key after `watch.`"""
    host: str = required(HOST, "pbx.example", "The server's host name or address; without a port it is looked up.")
    people: tuple[str, ...] = required(
        list_of(_WATCHED, min_length=1),
        ["201=anna@nordlys.example"],
        "Which extension there is which person here.",
    )
    port: int | None = setting(optional(whole(1, 65535), empty="by NAPTR and SRV, else 5060"), "", "Its SIP port.")
    transport: str | None = setting(
        optional(choice("udp", "tcp"), empty="by NAPTR and SRV, else udp"), "", "The transport to it."
    )
    domain: str | None = setting(
        optional(DOMAIN, empty="the host"), "", "What stands behind the @ of its extensions, and of our own name there."
    )
    event: str = setting(
        choice("dialog", "presence"),
        "dialog",
        "What is asked for first: calls (dialog) or presence; the other where the server does not know it.",
    )
    username: str = setting(text("a user name"), "lampfield", "The account we authenticate as, and our name in From.")
    password_file: Path | None = setting(
        optional(path("a file"), empty="none"), "", "A file whose first line is the password."
    )
    password_env: str | None = setting(
        optional(VARIABLE, empty="none"),
        "",
        "The environment variable that holds the password; either this or password_file.",
    )
    expires: int = setting(whole(60, 86400, "seconds"), 3600, "How long a subscription is asked for.")
    password: str = field(default="", repr=False)
    """Read from `password_file` or `password_env`."""

    @property
    def presentities(self) -> dict[str, str]:
        """AORs of people here, by the extension there."""
        pairs = (each.partition("=") for each in self.people)
        return {remote: f"sip:{person}" for remote, _, person in pairs}
