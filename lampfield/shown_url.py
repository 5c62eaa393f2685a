"""URLs as logs show them."""

from urllib.parse import urlsplit


def shown(url: str) -> str:
    """A URL without what may be secret in it: name, password and query."""
    try:
        parts = urlsplit(url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        port = f":{parts.port}" if parts.port is not None else ""
    except ValueError:
        return "a URL that cannot be read"
    query = "?..." if parts.query else ""
    return f"{parts.scheme}://{host}{port}{parts.path}{query}"
