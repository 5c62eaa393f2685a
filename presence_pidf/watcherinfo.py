"""Who watches somebody, as application/watcherinfo+xml (RFC 3858)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from presence_pidf.document import Document
from presence_pidf.xml_text import escape, escape_uri

CONTENT_TYPE: Final = "application/watcherinfo+xml"


class ActiveWatcher(msgspec.Struct, frozen=True, gc=False):
    """One subscription."""

    id: str
    uri: str
    expires: float
    """Seconds until it ends, unless the watcher refreshes it before."""


def _watcher(watcher: ActiveWatcher) -> str:
    return (
        f'<watcher id="{escape(watcher.id)}" status="active" event="subscribe"'
        f' expiration="{max(0, round(watcher.expires))}">{escape_uri(watcher.uri)}</watcher>\n'
    )


def render_watcherinfo(resource: str, package: str, watchers: Sequence[ActiveWatcher]) -> Document:
    """Render full state: all who watch the resource in that package now."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<watcherinfo xmlns="urn:ietf:params:xml:ns:watcherinfo" version="'
    tail = (
        f'" state="full">\n<watcher-list resource="{escape_uri(resource)}" package="{package}">\n'
        f"{''.join(map(_watcher, watchers))}</watcher-list>\n</watcherinfo>\n"
    )
    return Document(CONTENT_TYPE, head.encode(), tail.encode())
