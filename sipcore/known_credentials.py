"""Credentials of a client that was let in before, of which only nonce, count, cnonce and response have changed."""

from sys import intern
from typing import Final

from sipcore.authenticator import Authenticated, Authenticator, Proof
from sipcore.digest import compute_ha2, parse_params
from sipcore.errors import ProtocolViolation
from sipcore.structs import Value

_NC: Final = b" nc="


class KnownCredentials(Value, frozen=True):
    """An Authorization line, cut at its quotes: where the values are that change, and the line without them."""

    rest: bytes
    pieces: int
    nonce: int
    cnonce: int
    response: int
    count: int
    """The piece outside quotes that holds nc."""
    proof: Proof

    @classmethod
    def of(cls, line: bytes, authenticated: Authenticated, method: str) -> "KnownCredentials | None":
        """Those of a request of this method that was let in.

        None unless nonce, cnonce and response are in quotes and nc is not, as nearly all phones write them.
        """
        pieces = line.split(b'"')
        # Every second piece is inside quotes.
        names = {
            pieces[place].replace(b",", b" ").rpartition(b" ")[2]: place + 1 for place in range(0, len(pieces) - 1, 2)
        }
        counts = [place for place, piece in enumerate(pieces) if place % 2 == 0 and _NC in piece]
        if b"\\" in line or len(counts) != 1 or not {b"nonce=", b"cnonce=", b"response="} <= names.keys():
            return None
        proof = _proof(line.partition(b": ")[2].decode("utf-8", "surrogateescape"), authenticated, method)
        if proof is None:
            return None
        nonce, cnonce, response = names[b"nonce="], names[b"cnonce="], names[b"response="]
        before, _, after = pieces[counts[0]].partition(_NC)
        pieces[nonce] = pieces[cnonce] = pieces[response] = b""
        pieces[counts[0]] = before + _NC + after[8:]
        return cls(b'"'.join(pieces), len(pieces), nonce, cnonce, response, counts[0], proof)

    def proved(self, line: bytes, authenticator: Authenticator, source: str, now: float) -> bool:
        """True for an Authorization line that `authenticator` lets in and that is the same but for what must change.

        `source` is the host that it came from.
        """
        pieces = line.split(b'"')
        if len(pieces) != self.pieces:
            return False
        nonce, cnonce, response = pieces[self.nonce], pieces[self.cnonce], pieces[self.response]
        before, _, after = pieces[self.count].partition(_NC)
        pieces[self.nonce] = pieces[self.cnonce] = pieces[self.response] = b""
        pieces[self.count] = before + _NC + after[8:]
        if b'"'.join(pieces) != self.rest:
            return False
        try:
            return authenticator.proved(
                self.proof, nonce.decode(), after[:8].decode(), cnonce.decode(), response.decode(), source, now
            )
        except UnicodeDecodeError:
            return False


def _proof(credentials: str, authenticated: Authenticated, method: str) -> Proof | None:
    try:
        params = parse_params(credentials)
    except ProtocolViolation:
        return None
    if params.get("realm") != authenticated.realm or params.get("qop") != "auth":
        return None
    algorithm = intern(params.get("algorithm", "MD5").upper())
    # The same for all phones of a realm: one string in the processor's cache instead of thousands.
    ha2 = intern(compute_ha2(algorithm, method, params["uri"], "auth"))
    return Proof(authenticated.username, intern(authenticated.realm), algorithm, ha2)
