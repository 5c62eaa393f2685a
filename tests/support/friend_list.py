"""A Linphone, which brings the list of its friends along in the SUBSCRIBE (RFC 5367)."""

from sipcore.message import Request
from tests.support.listed_house import LIST
from tests.support.watching_phone import Watcher, parse_request


def recipients(*uris: str) -> bytes:
    entries = "".join(f'<entry uri="{each}"/>' for each in uris)
    return (
        f'<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list>{entries}</list></resource-lists>'
    ).encode()


def linphone(name: str = "linphone") -> Watcher:
    fields = (
        *LIST,
        ("Require", "recipient-list-subscribe"),
        ("Accept", "multipart/related"),
        ("Accept", "application/pidf+xml"),
        ("Accept", "application/rlmi+xml"),
        ("Accept-Encoding", "deflate"),
        ("Content-Type", "application/resource-lists+xml"),
        ("Content-Disposition", "recipient-list"),
    )
    agent = "LinphoneDesktop/5.1.65"
    rls = "sip:rls@sip.linphone.org"
    return Watcher(name, rls, "presence", transport="tcp", fields=fields, user_agent=agent)


def with_list(phone: Watcher, body: bytes, expires: int = 600, *fields: tuple[str, str]) -> Request:
    request = phone.subscribe(expires, *fields)
    request.body = body
    return parse_request(request.to_bytes())
