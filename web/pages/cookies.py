"""What a browser keeps for us: no script reads it, and no other site has it sent."""

from starlette.requests import Request
from starlette.responses import Response

SESSION = "lampfield"
"""The name of the session of who is signed in."""
VISITOR = "lampfield-visitor"
"""A random name of a browser at the form for signing in."""
LANGUAGE = "lampfield-language"
"""The language that was chosen."""


def kept(request: Request, cookie: str) -> str:
    """What the browser has kept; empty for nothing."""
    return request.cookies.get(_name(request, cookie), "")


def keep(request: Request, answer: Response, cookie: str, value: str, seconds: int | None = None) -> None:
    """Have it kept for so long; None: until the browser is closed."""
    secure = _is_https(request)
    answer.set_cookie(_name(request, cookie), value, seconds, secure=secure, httponly=True, samesite="strict")


def forget(request: Request, answer: Response, cookie: str) -> None:
    """Have it kept no more."""
    keep(request, answer, cookie, "", 0)


def _name(request: Request, cookie: str) -> str:
    """With TLS one that no other server of the same domain can set (RFC 6265bis §4.1.3.2)."""
    return f"__Host-{cookie}" if _is_https(request) else cookie


def _is_https(request: Request) -> bool:
    """Whether the browser speaks TLS, to us or to a proxy on this machine."""
    return request.url.scheme == "https"
