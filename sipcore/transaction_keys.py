"""How messages find their transaction (RFC 3261 §17.1.3, §17.2.3 and §8.2.2.2)."""

from typing import Final

from sipcore.message import Request, Response
from sipcore.transaction import ClientKey, ServerKey
from sipcore.via import MAGIC_COOKIE

_BRANCH: Final = f"branch={MAGIC_COOKIE}".encode()


def client_key(response: Response) -> ClientKey:
    """Branch and CSeq method. Raises ProtocolViolation."""
    return response.via.branch or "", response.cseq.method


def server_key(request: Request, method: str) -> ServerKey:
    """The key of the transaction of `method` that `request` belongs to: INVITE for ACK, and for what a CANCEL cancels.

    A branch without the magic cookie is not unique, so RFC 2543's fields are compared. Its To tag is left out, for the
    CSeq number tells a request in a dialog from the one that made it. Raises ProtocolViolation.
    """
    via = request.via
    branch = via.branch
    if branch is not None and branch.startswith(MAGIC_COOKIE):
        return key_of_branch(branch, f"{via.host}:{via.port}", method)
    number = request.cseq.number
    return f"{method}\n{request.uri}\n{request.from_.tag or ''}\n{request.call_id}\n{number}\n{via}"


def key_of_branch(branch: str, sent_by: str, method: str) -> ServerKey:
    """The key of a transaction with a branch of RFC 3261; `sent_by` is `host:port`, the port None if not told."""
    return f"{branch}\n{sent_by}\n{method}"


def merge_key(request: Request) -> str:
    """What copies of one request have in common that reach us over different paths; proxies leave these as they are."""
    return f"{request.first_of('from')}\n{request.first_of('call-id')}\n{request.first_of('cseq')}"


def head_of(data: bytes) -> bytes | None:
    """Start line and first Via as they are on the wire, None where another header comes first.

    Both are the same in a retransmission only, where the Via has a branch of RFC 3261; None without one.
    """
    end_of_start = data.find(b"\r\n")
    if data[end_of_start + 2 : end_of_start + 6].lower() not in (b"via:", b"via ", b"v: s", b"v:si"):
        return None
    end = data.find(b"\r\n", end_of_start + 2)
    return data[:end] if end >= 0 and data.find(_BRANCH, end_of_start, end) >= 0 else None
