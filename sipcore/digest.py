"""Digest access authentication: the computation both sides share, and the client's side (RFC 7616, RFC 8760)."""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from sipcore.errors import ProtocolViolation
from sipcore.header import quote
from sipcore.structs import Value

HASHES: Final[dict[str, Callable[[bytes], Any]]] = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
"""Algorithms understood, by their names in `algorithm=`; each also in its `-sess` form as a client."""

# auth-param = token BWS "=" BWS ( token / quoted-string ), RFC 7616 §3.3, RFC 3261 §25.1; last whatever is none
_PARAMS: Final = re.compile(
    r"""([\w!#$%&'*+.^`|~-]++)\s*=\s*(?:"([^"\\]*+(?>(?:\\.[^"\\]*+)*))"|([^\s,"]++))\s*(?:,\s*|$)|(.+)""", re.DOTALL
)
_ESCAPED: Final = re.compile(r"\\(.)")


class Ha1(Value, frozen=True):
    """The stored secrets of one username in one realm: hex digests of `username:realm:password` (RFC 7616 §3.4.2)."""

    md5: str
    sha256: str

    @classmethod
    def of(cls, username: str, realm: str, password: str) -> "Ha1":
        """Make both digests from the password, UTF-8."""
        secret = f"{username}:{realm}:{password}".encode()
        return cls(hashlib.md5(secret).hexdigest(), hashlib.sha256(secret).hexdigest())

    def by_algorithm(self, algorithm: str) -> str:
        """The digest for `MD5` or `SHA-256`."""
        return self.md5 if algorithm == "MD5" else self.sha256


class Credentials(Value, frozen=True):
    """What a client answers challenges with: a password, or the digests made of it. `realm` None answers any realm."""

    username: str
    password: str | None = None
    ha1: Ha1 | None = None
    realm: str | None = None

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r}, realm={self.realm!r})"


def parse_params(value: str) -> dict[str, str]:
    """The parameters of a challenge or of credentials, names in lower case, values unquoted.

    `value` is the whole header value, starting with the scheme. Raises ProtocolViolation when the scheme is not Digest
    or the list is not what RFC 7616 §3.3 and §3.4 allow (also for a parameter that comes twice).
    """
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        raise ProtocolViolation(f"Authentication scheme {scheme[:20]!r} is not Digest")
    params: dict[str, str] = {}
    found = _PARAMS.findall(rest.strip())
    for name, quoted, plain, malformed in found:
        if malformed:
            raise ProtocolViolation(f"Digest parameters are malformed near {malformed[:20]!r}")
        params[name.lower()] = plain or (_ESCAPED.sub(r"\1", quoted) if "\\" in quoted else quoted)
    if len(params) != len(found):
        raise ProtocolViolation("A Digest parameter comes twice")
    return params


def compute_ha2(algorithm: str, method: str, uri: str, qop: str | None, body: bytes = b"") -> str:
    """H(A2), RFC 7616 §3.4.3; the body counts for qop `auth-int` only."""
    a2 = f"{method}:{uri}"
    if qop == "auth-int":
        a2 = f"{a2}:{HASHES[algorithm](body).hexdigest()}"
    digest: str = HASHES[algorithm](_bytes(a2)).hexdigest()
    return digest


def compute_response(
    algorithm: str, ha1: str, nonce: str, ha2: str, qop: str | None = None, nc: str = "", cnonce: str = ""
) -> str:
    """The response value (RFC 7616 §3.4.1); without qop as in RFC 2069 (RFC 3261 §22.4)."""
    middle = f"{nonce}:{nc}:{cnonce}:{qop}" if qop else nonce
    response: str = HASHES[algorithm](_bytes(f"{ha1}:{middle}:{ha2}")).hexdigest()
    return response


def choose_challenge(challenges: Sequence[str], credentials: Credentials) -> str | None:
    """The first of the header values `challenges` that `credentials` can answer, None when there is none.

    The server lists them in its order of preference (RFC 8760 §2.4); those not understood are skipped.
    """
    for challenge in challenges:
        try:
            params = parse_params(challenge)
        except ProtocolViolation:
            continue
        algorithm = params.get("algorithm", "MD5").upper().removesuffix("-SESS")
        if algorithm not in HASHES or "nonce" not in params or "realm" not in params:
            continue
        if "qop" in params and _choose_qop(params["qop"]) is None:
            continue
        if credentials.realm in (None, params["realm"]):
            return challenge
    return None


def is_stale(challenge: str) -> bool:
    """True when the server says the password was right and only the nonce too old: try again (RFC 7616 §3.3)."""
    return parse_params(challenge).get("stale", "").lower() == "true"


def authorize(
    challenge: str,
    credentials: Credentials,
    method: str,
    uri: str,
    nonce_count: int,
    cnonce: str,
    body: bytes = b"",
) -> str:
    """The value of Authorization (or Proxy-Authorization) that answers `challenge` (RFC 7616 §3.4, RFC 3261 §22.4).

    `nonce_count` counts the requests sent with this nonce, from 1. Raises ProtocolViolation when the challenge cannot
    be answered; `choose_challenge` picks one that can.
    """
    params = parse_params(challenge)
    named = params.get("algorithm", "MD5")
    algorithm = named.upper().removesuffix("-SESS")
    if algorithm not in HASHES or "nonce" not in params or "realm" not in params:
        raise ProtocolViolation(f"Digest challenge with algorithm {named[:20]!r} cannot be answered")
    realm, nonce = params["realm"], params["nonce"]
    qop = _choose_qop(params["qop"]) if "qop" in params else None
    nc = f"{nonce_count:08x}"
    ha1 = _client_ha1(credentials, realm, algorithm)
    if named.upper().endswith("-SESS"):
        ha1 = HASHES[algorithm](_bytes(f"{ha1}:{nonce}:{cnonce}")).hexdigest()
    ha2 = compute_ha2(algorithm, method, uri, qop, body)
    response = compute_response(algorithm, ha1, nonce, ha2, qop, nc, cnonce)
    fields = [
        f"username={quote(credentials.username)}",
        f"realm={quote(realm)}",
        f"nonce={quote(nonce)}",
        f'uri="{uri}"',
        f'response="{response}"',
    ]
    if "algorithm" in params:
        fields.append(f"algorithm={named}")
    if qop or named.upper().endswith("-SESS"):
        fields.append(f"cnonce={quote(cnonce)}")
    if qop:
        fields += [f"qop={qop}", f"nc={nc}"]
    if "opaque" in params:
        fields.append(f"opaque={quote(params['opaque'])}")
    return "Digest " + ", ".join(fields)


def _choose_qop(offered: str) -> str | None:
    """`auth` where it is offered: auth-int guards the body only until the next B2BUA (RFC 3261 §22.4 allows either)."""
    values = {value.strip().lower() for value in offered.split(",")}
    return next((qop for qop in ("auth", "auth-int") if qop in values), None)


def _client_ha1(credentials: Credentials, realm: str, algorithm: str) -> str:
    if credentials.ha1 is not None:
        return credentials.ha1.by_algorithm(algorithm)
    secret = f"{credentials.username}:{realm}:{credentials.password or ''}"
    digest: str = HASHES[algorithm](_bytes(secret)).hexdigest()
    return digest


def _bytes(text: str) -> bytes:
    """As on the wire: what came in and was not UTF-8 goes back to the bytes that it was."""
    return text.encode("utf-8", "surrogateescape")
