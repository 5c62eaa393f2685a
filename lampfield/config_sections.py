"""The sections of the server's configuration: each setting with its default, what it may be and what it means."""

# ruff: noqa: RUF009  every setting is immutable, so that it may be a default

from dataclasses import dataclass, field, replace
from pathlib import Path

from lampfield.config_settings import (
    ListenAddress,
    PortRange,
    ip_address,
    ip_network,
    listen_address,
    port_range,
)
from provisioning.company_kinds import MAIL_ADDRESS
from provisioning.kinds import choice, days, flag, list_of, optional, path, seconds, text, whole
from provisioning.settings import required, setting

HOST = text("a host name or an IP address", r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_NUMBER = text("a number in E.164 form, such as +4533221100", r"\+[1-9][0-9]{3,14}")
VARIABLE = text("the name of an environment variable", r"[A-Za-z_][A-Za-z0-9_]*")
_DATABASE_URL = replace(
    text(
        "sqlite:///path or postgresql://user@host/name",
        r"sqlite:///.+|postgresql(\+psycopg)?://([^:/]*(:[^@]*)?@)?(\[[^/?]+\]|[^/:?]*)(:[0-9]{1,5})?([/?].*)?",
        max_length=2000,
    ),
    secret=True,
)
"""It may hold a password, although it should not."""


@dataclass(frozen=True, slots=True)
class Sip:
    """The SIP sockets and how Lampfield presents itself on them."""

    listen: tuple[ListenAddress, ...] = setting(
        list_of(listen_address(), min_length=1),
        ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"],
        "Where phones and trunks reach Lampfield. IPv4 and IPv6; UDP and TCP. Of several addresses a trunk is sent to "
        "from the one that the machine's route to it leaves from.",
    )
    advertised_address: str | None = setting(
        optional(HOST, empty="the address listened at"),
        "",
        "What Contact and Via say instead of the address listened at, for a server behind NAT.",
    )
    user_agent: str = setting(
        text("one line of text", r"[^\r\n]*\S[^\r\n]*"), "Lampfield", "The Server and User-Agent header."
    )
    authentication: bool = setting(
        flag(), True, "Ask phones for their password (digest). Only a closed test network can do without."
    )
    # COMPAT(SIPp, older desk phones): take the first challenge alone, and fail where it is not MD5.
    digest_algorithms: tuple[str, ...] = setting(
        list_of(choice("MD5", "SHA-256"), min_length=1),
        ["MD5", "SHA-256"],
        "Digest algorithms offered, in order; phones use the first that they know. Many older ones know only MD5, "
        "and give up when it is not the first.",
    )


@dataclass(frozen=True, slots=True)
class Web:
    """The API for programs and the pages of self-service, with tokens from `lampfield token`. With TLS, or behind a
    proxy that has it, where others than this machine use them.
    """

    listen: ListenAddress | None = setting(
        optional(listen_address(), empty="neither"), "", "Where they are, such as tcp:127.0.0.1:8080."
    )
    requests_per_minute: int = setting(
        whole(1, 1_000_000), 600, "How many requests one token may make; more are answered 429."
    )
    streams_per_token: int = setting(
        whole(1, 100_000),
        100,
        "How many streams one token may have open at once: events, WebSockets and snapshots. More are answered 429.",
    )
    certificate: Path | None = setting(
        optional(path("a file"), empty="no TLS"), "", "The certificate with its chain (PEM), for HTTPS."
    )
    key: Path | None = setting(optional(path("a file"), empty="no TLS"), "", "Its private key (PEM, no password).")
    private_webhooks: bool = setting(
        flag(),
        False,
        "Let webhooks be at loopback and private addresses, too; else at those of the Internet only.",
    )
    accesses_days: float = setting(days(0.1, 3650), 90, "How long it is on record what tokens have asked for.")


@dataclass(frozen=True, slots=True)
class Registrations:
    """How long a phone's registration lasts."""

    min_seconds: float = setting(seconds(10, 3600), 60, "A phone that asks for less is answered 423.")
    max_seconds: float = setting(seconds(60, 86400), 7200, "A phone that asks for more is given this.")
    default_seconds: float = setting(seconds(10, 86400), 3600, "For a phone that does not say.")
    contacts: int = setting(whole(1, 100), 10, "Phones that may be registered at the same time for one person.")


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """How long a lamp's subscription lasts."""

    min_seconds: float = setting(seconds(10, 3600), 60, "A phone that asks for less is answered 423.")
    max_seconds: float = setting(seconds(60, 86400), 7200, "A phone that asks for more is given this.")
    default_seconds: float = setting(seconds(10, 86400), 3600, "For a phone that does not say.")


@dataclass(frozen=True, slots=True)
class Media:
    """Audio: RTP, prompts and music."""

    address: str = setting(
        ip_address(),
        "127.0.0.1",
        "The address RTP is sent from and received at. It says whether audio is IPv4 or IPv6; there is one of them.",
    )
    advertised_address: str | None = setting(
        optional(ip_address(), empty="the address above"), "", "What SDP says instead, for a server behind NAT."
    )
    ports: PortRange = setting(
        port_range(), "20000-29999", "The UDP ports of RTP and RTCP: two for each party in a call."
    )
    rtp_timeout_seconds: float = setting(
        seconds(5, 3600, or_zero="never"), 30, "A call whose phone has sent no audio for so long is ended."
    )
    prompts: Path | None = setting(
        optional(path("a folder"), empty="the built-in prompts alone"),
        "",
        "Own recordings as LANGUAGE/NAME.ogg (or wav, mp3 ...); each replaces the built-in prompt of that name.",
    )
    clips: Path | None = setting(
        optional(path("a path"), empty="clips in the state directory"),
        "",
        "Where prompts and music are kept ready for playing; made when missing, removed when unused for a month. "
        "Servers on one machine may share it.",
    )


@dataclass(frozen=True, slots=True)
class Database:
    """Companies, people, accounts and call records."""

    url: str = setting(
        optional(_DATABASE_URL, empty="lampfield.sqlite3 in the state directory"),
        "",
        "SQLite needs no server. A PostgreSQL password belongs in ~/.pgpass rather than here.",
    )


@dataclass(frozen=True, slots=True)
class Records:
    """What happens to call records while the database is locked or away."""

    spool: Path | None = setting(
        optional(path("a path"), empty="call-events.spool in the state directory"),
        "",
        "The file that keeps the events until the database is back.",
    )
    memory_events: int = setting(
        whole(1000, 10_000_000), 200_000, "Events kept in memory when the disk is full as well (about 0.5 kB each)."
    )


@dataclass(frozen=True, slots=True)
class Mail:
    """The mail server that sends what people are told by mail, such as their voicemail. Without a host none is sent."""

    host: str | None = setting(optional(HOST, empty="no mail is sent"), "", "The mail server (SMTP).")
    port: int = setting(whole(1, 65535), 587, "Its port; 465 is usual for implicit TLS.")
    tls: str = setting(
        choice("starttls", "implicit", "none"),
        "starttls",
        "How the connection is protected. starttls: TLS is insisted on once connected; implicit: from the beginning; "
        "none: for a server on this machine.",
    )
    ca_file: Path | None = setting(
        optional(path("a file"), empty="those of the system"),
        "",
        "The certificate authorities (PEM) that the server's certificate must come from.",
    )
    sender: str | None = setting(
        optional(MAIL_ADDRESS, empty="none"), "", "Whom the mails are from; needed where there is a host."
    )
    username: str | None = setting(optional(text("a user name"), empty="none"), "", "The account at the mail server.")
    password_file: Path | None = setting(
        optional(path("a file"), empty="none"), "", "A file whose first line is the password."
    )
    password_env: str | None = setting(
        optional(VARIABLE, empty="none"),
        "",
        "The environment variable that holds the password; either this or password_file.",
    )
    timeout_seconds: float = setting(seconds(1, 600), 30, "How long the server may take for each of its answers.")
    retry_seconds: float = setting(
        seconds(1, 3600),
        30,
        "After so long a mail that was not accepted is sent again; then after twice as long, up to an hour.",
    )
    password: str = field(default="", repr=False)
    """Read from `password_file` or `password_env`."""


@dataclass(frozen=True, slots=True)
class Voicemail:
    """What is done with voicemail messages."""

    transcription_command: tuple[str, ...] = setting(
        list_of(text("a word of a command", r"[^\0]+"), repeats=True),
        [],
        "A command that writes what was said to standard output; the WAV file is added as its last argument.",
    )
    transcription_url: str | None = setting(
        optional(text("an http or https URL", r"https?://\S+", max_length=2000), empty="none"),
        "",
        "A server that is sent the WAV file by POST and answers with the text; either this or the command.",
    )
    transcription_seconds: float = setting(
        seconds(1, 3600), 120, "How long a transcription may take; then the message goes without."
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond these, new work is refused with 503 and Retry-After; calls in progress go on."""

    max_calls: int = setting(whole(1, 100_000), 1000, "Calls at the same time.")
    calls_per_second: int = setting(whole(1, 100_000), 200, "New calls a second, of those who are known.")
    subscriptions: int = setting(whole(1, 10_000_000), 100_000, "Lamp subscriptions at the same time.")


@dataclass(frozen=True, slots=True)
class Log:
    """What is told on standard error."""

    level: str = setting(
        choice("debug", "info", "warning", "error"),
        "info",
        "From which gravity on. SIP messages are shown by `lampfield trace`.",
    )


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A clean stop, on SIGTERM."""

    drain_seconds: float = setting(seconds(0, 3600), 10, "Calls in progress are given so long to end by themselves.")


@dataclass(frozen=True, slots=True)
class Restart:
    """Coming back after a crash."""

    spare: bool = setting(
        flag(),
        True,
        "A second signalling process stands by with all code loaded, so that phones and calls wait the shorter; it "
        "takes some 70 MB of memory.",
    )
    silent_seconds: float = setting(
        seconds(5, 3600, or_zero="never"),
        20,
        "A process of the server is killed and started again when nothing is heard of it for so long, or of a new one "
        "for ten times as long. Calls in progress go on, unless it is the media engine.",
    )


@dataclass(frozen=True, slots=True)
class Secret:
    """What Lampfield proves itself with to a company's own server; companies name it, and never hold it."""

    name: str
    """The key after `secrets.`"""
    file: Path | None = setting(
        optional(path("a file"), empty="none"), "", "A file whose first line is the secret; either this or env."
    )
    env: str | None = setting(
        optional(VARIABLE, empty="none"),
        "",
        "The environment variable that holds the secret.",
    )
    value: str = field(default="", repr=False)
    """Read from `file` or `env`."""


@dataclass(frozen=True, slots=True)
class Trunk:
    """A way to the telephone network: a peer known by its address, or an account at a provider."""

    name: str
    """The key after `trunks.`"""
    kind: str = required(
        choice("address", "register"),
        "register",
        "address: the peer is known by its IP address. register: we register at it with a user name and password.",
    )
    host: str = required(
        HOST,
        "sip.provider.example",
        "The peer's host name or address; without a port it is looked up by NAPTR and SRV.",
    )
    port: int | None = setting(
        optional(whole(1, 65535), empty="by NAPTR and SRV, else 5060"), "", "The peer's SIP port."
    )
    transport: str | None = setting(
        optional(choice("udp", "tcp"), empty="by NAPTR and SRV, else udp"), "", "The transport to the peer."
    )
    sources: tuple[str, ...] = setting(
        list_of(ip_network()), [], "Further addresses or networks that the peer's calls come from."
    )
    username: str | None = setting(
        optional(text("a user name"), empty="none"), "", "The account at the provider, needed for kind register."
    )
    password_file: Path | None = setting(
        optional(path("a file"), empty="none"), "", "A file whose first line is the password."
    )
    password_env: str | None = setting(
        optional(VARIABLE, empty="none"),
        "",
        "The environment variable that holds the password; either this or password_file.",
    )
    numbers: tuple[str, ...] = setting(
        list_of(_NUMBER), [], "The numbers whose calls come in and go out here; empty: every number."
    )
    caller_id: str | None = setting(
        optional(_NUMBER, empty="the caller's own outside number"), "", "Shown for every call that goes out here."
    )
    diversion: str = setting(
        choice("diversion", "history-info", "both", "none"),
        "diversion",
        "How the peer is told who has forwarded a call: Diversion (RFC 5806) or History-Info (RFC 7044).",
    )
    show_forwarded_caller: bool = setting(
        flag(),
        False,
        "A forwarded call shows the number of who calls; else that of who forwards. Many providers allow only "
        "their own customers' numbers.",
    )
    expires: int = setting(whole(60, 86400, "seconds"), 600, "How long a registration at the provider is asked for.")
    password: str = field(default="", repr=False)
    """Read from `password_file` or `password_env`."""
