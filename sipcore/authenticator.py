"""Who sends a request: digest authentication as a server (RFC 3261 §22, RFC 7616, RFC 8760)."""

import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

from sipcore.answering import response_to
from sipcore.attempt_limit import AttemptConfig, AttemptLimit
from sipcore.digest import HASHES, Ha1, compute_ha2, compute_response, parse_params
from sipcore.errors import ProtocolViolation
from sipcore.header import quote
from sipcore.message import Request, Response
from sipcore.nonce import NonceBook
from sipcore.structs import Value
from sipcore.uri import SipUri, parse_uri

_NC: Final = re.compile(r"[0-9A-Fa-f]{8}")
# COMPAT(baresip 0 and 1, SIPp 3.6): give up on any challenge that names another algorithm than MD5, also beside one
# with MD5, although they are to pass over it (RFC 8760 §2.4).
_MD5_ALONE: Final = re.compile(r"baresip v?[01]\.|SIPp", re.IGNORECASE)
_HA2_KEPT: Final = 4096
_NO_HA1: Final = Ha1("0" * 32, "0" * 64)
"""Computed with for unknown names, so that they take as long as known ones."""

Secrets = Callable[[str, str], Ha1 | None]
"""(username, realm) -> the stored digests, None for an unknown name."""


class Authenticated(Value, frozen=True):
    """The request is from `username`, as the digest names it."""

    username: str
    realm: str


class Proof(Value, frozen=True):
    """What stays the same in the credentials of one client for one kind of request, with qop auth."""

    username: str
    realm: str
    algorithm: str
    ha2: str


class Challenge(Value, frozen=True):
    """Not known yet who sends it: answer 401 (or 407) with `fields`. `stale`: the password was right, the nonce old."""

    status: Literal[401, 407]
    fields: tuple[tuple[str, str], ...]
    stale: bool

    def response(self, request: Request) -> Response:
        """The answer to send."""
        return response_to(request, self.status, fields=self.fields)


class Refused(Value, frozen=True):
    """No password is accepted: the credentials are malformed (400), or too many were wrong (403)."""

    status: Literal[400, 403]
    reason: str

    def response(self, request: Request) -> Response:
        """The answer to send."""
        return response_to(request, self.status, self.reason)


class Authenticator:
    """Checks credentials and makes challenges, in order of preference `algorithms` (RFC 8760 §2.4).

    COMPAT(Avaya): `stale=true` with every nonce that is too old, or a phone gives up its registration.
    """

    def __init__(
        self,
        secrets: Secrets,
        nonces: NonceBook,
        *,
        algorithms: Sequence[str] = ("SHA-256", "MD5"),
        qop: str = "auth,auth-int",
        attempts: AttemptConfig | None = None,
    ) -> None:
        self._secrets = secrets
        self._nonces = nonces
        self._algorithms = tuple(algorithms)
        self._qop = qop
        self._qops = frozenset(value.strip() for value in qop.split(","))
        self._attempts = AttemptLimit(attempts or AttemptConfig())
        self._ha2s: dict[tuple[str, str, str], str] = {}

    def check(
        self, request: Request, realm: str, now: float, *, source: str = "", proxy: bool = False
    ) -> Authenticated | Challenge | Refused:
        """Who sends `request`, within `realm`; `source` is the IP address it came from, for the limit of attempts.

        `proxy` asks in the proxy's way: 407 and Proxy-Authorization.
        """
        try:
            params = self._credentials(request, realm, proxy)
            if params is None:
                return self._challenge(request, realm, now, proxy, stale=False)
            algorithm = params.get("algorithm", "MD5").upper()
            if algorithm not in self._algorithms or algorithm not in HASHES:
                # Phones remember challenges from before a change of ours; refused with 400 they would come for ever.
                return self._challenge(request, realm, now, proxy, stale=False)
            count = self._count(params)
            self._check_uri(params["uri"], request)
        except ProtocolViolation as violation:
            return Refused(400, violation.reason)
        username = params["username"]
        if self._attempts.exceeded(source, username, now):
            return Refused(403, "Too many wrong passwords, wait")
        ha1 = self._secrets(username, realm)
        if not self._right(params, algorithm, (ha1 or _NO_HA1).by_algorithm(algorithm), request) or ha1 is None:
            self._attempts.failed(source, username, now)
            return self._challenge(request, realm, now, proxy, stale=False)
        if not self._nonces.spend(params["nonce"], count, now):
            return self._challenge(request, realm, now, proxy, stale=True)
        self._attempts.succeeded(source, username)
        return Authenticated(username, realm)

    def proved(self, proof: Proof, nonce: str, nc: str, cnonce: str, response: str, source: str, now: float) -> bool:
        """True for credentials with qop auth that `check` would let in; False, with nothing noted, for any others.

        For a client that `check` has let in before.
        """
        username = proof.username
        ha1 = self._secrets(username, proof.realm)
        if ha1 is None or not _NC.fullmatch(nc) or self._attempts.exceeded(source, username, now):
            return False
        expected = compute_response(
            proof.algorithm, ha1.by_algorithm(proof.algorithm), nonce, proof.ha2, "auth", nc, cnonce
        )
        if not response.isascii() or not hmac.compare_digest(expected, response):
            return False
        return self._nonces.spend(nonce, int(nc, 16), now)

    def _credentials(self, request: Request, realm: str, proxy: bool) -> Mapping[str, str] | None:
        """The parameters of the credentials for `realm`; a request may carry others for other servers."""
        for value in request.headers("Proxy-Authorization" if proxy else "Authorization"):
            if value[:7].lower() != "digest ":
                continue
            params = parse_params(value)
            if params.get("realm") == realm:
                for name in ("username", "nonce", "uri", "response"):
                    if name not in params:
                        raise ProtocolViolation(f"Digest credentials without {name}")
                return params
        return None

    def _count(self, params: Mapping[str, str]) -> int | None:
        """The nonce count; None for a client of RFC 2069, which has no qop."""
        qop = params.get("qop")
        if qop is None:
            return None
        if qop not in self._qops:
            raise ProtocolViolation("Digest qop was not offered")
        if "cnonce" not in params or not _NC.fullmatch(params.get("nc", "")):
            raise ProtocolViolation("Digest qop needs cnonce and nc of 8 hex digits")
        return int(params["nc"], 16)

    def _check_uri(self, uri: str, request: Request) -> None:
        """The digest is for this request (RFC 7616 §3.4.6); port and parameters are lost on the way through proxies."""
        if uri == request.uri:
            return
        named, asked = parse_uri(uri), request.request_uri
        if isinstance(named, SipUri) and isinstance(asked, SipUri):
            if (named.user, named.host.lower()) == (asked.user, asked.host.lower()):
                return
        elif named.equivalent(asked):
            return
        raise ProtocolViolation("Digest uri is not the Request-URI")

    def _right(self, params: Mapping[str, str], algorithm: str, ha1: str, request: Request) -> bool:
        qop = params.get("qop")
        if qop == "auth-int":
            ha2 = compute_ha2(algorithm, request.method, params["uri"], qop, request.body)
        else:
            ha2 = self._ha2(algorithm, request.method, params["uri"])
        expected = compute_response(
            algorithm, ha1, params["nonce"], ha2, qop, params.get("nc", ""), params.get("cnonce", "")
        )
        given = params["response"].lower()
        return given.isascii() and hmac.compare_digest(expected, given)

    def _ha2(self, algorithm: str, method: str, uri: str) -> str:
        key = (algorithm, method, uri)
        ha2 = self._ha2s.get(key)
        if ha2 is None:
            if len(self._ha2s) >= _HA2_KEPT:
                self._ha2s.clear()
            ha2 = self._ha2s[key] = compute_ha2(algorithm, method, uri, "auth")
        return ha2

    def _challenge(self, request: Request, realm: str, now: float, proxy: bool, *, stale: bool) -> Challenge:
        name = "Proxy-Authenticate" if proxy else "WWW-Authenticate"
        nonce = self._nonces.issue(now)
        rest = f'realm={quote(realm)}, nonce="{nonce}", qop="{self._qop}"' + (", stale=true" if stale else "")
        fields = tuple((name, f"Digest {rest}, algorithm={algorithm}") for algorithm in self._known_to(request))
        return Challenge(407 if proxy else 401, fields, stale)

    def _known_to(self, request: Request) -> Sequence[str]:
        if "MD5" in self._algorithms and _MD5_ALONE.match(request.header("User-Agent") or ""):
            return ("MD5",)
        return self._algorithms
