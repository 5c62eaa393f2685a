"""SIP messages as text, read and written without any of our own SIP code."""

import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

Fields = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message; header names as they were sent."""

    start: str
    fields: tuple[tuple[str, str], ...]
    body: str = ""

    @property
    def is_request(self) -> bool:
        return not self.start.startswith("SIP/2.0 ")

    @property
    def status(self) -> int:
        """Of a response; 0 of a request."""
        return 0 if self.is_request else int(self.start.split(" ")[1])

    @property
    def method(self) -> str:
        """Of a request, or of what a response answers."""
        return self.start.split(" ")[0] if self.is_request else self["CSeq"].split()[1]

    @property
    def uri(self) -> str:
        return self.start.split(" ")[1]

    def headers(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known.lower() == name.lower()]

    def __getitem__(self, name: str) -> str:
        """Value of the first header of that name; empty without one."""
        return next(iter(self.headers(name)), "")

    @property
    def tag(self) -> str:
        """The To tag."""
        return param(self["To"], "tag")

    @property
    def branch(self) -> str:
        return param(self["Via"], "branch")

    @property
    def contact(self) -> str:
        """URI of the Contact."""
        return uri_of(self["Contact"])

    @property
    def audio(self) -> tuple[str, int]:
        """Where the first audio stream of the body goes: address and port."""
        port = re.search(r"^m=audio (\d+)", self.body, re.MULTILINE)
        address = re.search(r"^c=IN IP[46] (\S+)", self.body, re.MULTILINE)
        assert port and address, f"no audio in {self}"
        return address[1], int(port[1])

    @property
    def codecs(self) -> list[str]:
        """Payload types of the first audio stream."""
        found = re.search(r"^m=audio \d+ RTP/AVP ([\d ]+)", self.body, re.MULTILINE)
        assert found, f"no audio in {self}"
        return found[1].split()

    @property
    def version(self) -> int:
        """Of the description in the body."""
        found = re.search(r"^o=\S+ \d+ (\d+) ", self.body, re.MULTILINE)
        assert found, f"no description in {self}"
        return int(found[1])

    def to_bytes(self) -> bytes:
        body = self.body.encode()
        lines = [self.start, *(f"{name}: {value}" for name, value in self.fields), f"Content-Length: {len(body)}"]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + body

    def __str__(self) -> str:
        return self.to_bytes().decode()


def read(data: bytes) -> Message:
    """The message in a datagram, or framed from a stream."""
    head, _, body = data.decode("utf-8", "surrogateescape").partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    pairs = (line.partition(":") for line in lines)
    fields = tuple((name.strip(), value.strip()) for name, _, value in pairs if name.lower() != "content-length")
    return Message(start, fields, body)


def param(value: str, name: str) -> str:
    """A header parameter; empty without it."""
    found = re.search(rf";\s*{name}=([^;,\s>]+)", value)
    return found[1] if found else ""


def uri_of(value: str) -> str:
    """The URI of a name-addr."""
    found = re.search(r"<([^>]+)>", value)
    return found[1] if found else value.partition(";")[0]


def quoted(value: str, name: str) -> str:
    """A quoted parameter of a challenge or of credentials; empty without it."""
    found = re.search(rf'\b{name}="?([^",]+)"?', value)
    return found[1] if found else ""


def digest(challenge: str, method: str, uri: str, user: str, password: str) -> str:
    """Credentials for a challenge: RFC 7616 with MD5 and qop auth."""
    realm, nonce, cnonce = quoted(challenge, "realm"), quoted(challenge, "nonce"), secrets.token_hex(4)
    ha1, ha2 = md5(f"{user}:{realm}:{password}"), md5(f"{method}:{uri}")
    response = md5(f"{ha1}:{nonce}:00000001:{cnonce}:auth:{ha2}")
    return (
        f'Digest username="{user}", realm="{realm}", nonce="{nonce}", uri="{uri}", response="{response}", '
        f'algorithm=MD5, qop=auth, nc=00000001, cnonce="{cnonce}"'
    )


def proves(credentials: str, method: str, password: str) -> bool:
    """True if Digest credentials (MD5, qop auth) are those of the password."""
    said = {name: quoted(credentials, name) for name in ("username", "realm", "nonce", "uri", "nc", "cnonce")}
    ha1, ha2 = md5(f"{said['username']}:{said['realm']}:{password}"), md5(f"{method}:{said['uri']}")
    wanted = md5(f"{ha1}:{said['nonce']}:{said['nc']}:{said['cnonce']}:auth:{ha2}")
    return quoted(credentials, "response") == wanted


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9, "G729": 18}


def sdp(
    port: int,
    *codecs: str,
    host: str = "127.0.0.1",
    direction: str = "sendrecv",
    version: int = 1,
    with_events: bool = True,
) -> str:
    """A description of one audio stream with these codecs, PCMA when none is named, and telephone-event."""
    types = [PAYLOAD_TYPES[codec] for codec in codecs or ("PCMA",)]
    family = "IP6" if ":" in host else "IP4"
    lines = ["v=0", f"o=- 7 {version} IN {family} {host}", "s=-", f"c=IN {family} {host}", "t=0 0"]
    lines += [f"m=audio {port} RTP/AVP {' '.join(map(str, types))}{' 101' if with_events else ''}"]
    lines += [f"a=rtpmap:{type} {codec}/8000" for type, codec in zip(types, codecs or ("PCMA",), strict=True)]
    lines += ["a=rtpmap:101 telephone-event/8000", "a=fmtp:101 0-15"] if with_events else []
    return "\r\n".join([*lines, f"a={direction}", ""])
