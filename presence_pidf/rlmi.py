"""A list of resources and what became of each, as application/rlmi+xml (RFC 4662 §5)."""

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from presence_pidf.xml_text import escape, escape_uri

CONTENT_TYPE: Final = "application/rlmi+xml"

InstanceState = Literal["active", "pending", "terminated"]


class ListedResource(msgspec.Struct, frozen=True, gc=False):
    """One resource of a list as a NOTIFY tells of it; each has one instance, or none while it is not told."""

    uri: str
    name: str = ""
    state: InstanceState | None = None
    reason: str = ""
    """Why it is terminated (RFC 4662 §5.3), as `noresource` or `rejected`."""
    cid: str = ""
    """Content-ID of the part that holds its document."""


def render_resource(resource: ListedResource) -> str:
    """One resource element."""
    name = f"<name>{escape(resource.name)}</name>" if resource.name else ""
    instance = ""
    if resource.state is not None:
        reason = f' reason="{resource.reason}"' if resource.reason else ""
        cid = f' cid="{escape(resource.cid)}"' if resource.cid else ""
        instance = f'<instance id="1" state="{resource.state}"{reason}{cid}/>'
    return f'<resource uri="{escape_uri(resource.uri)}">{name}{instance}</resource>\n'


def render_rlmi(uri: str, name: str, version: int, full: bool, resources: Iterable[str]) -> str:
    """Render the list of that URI and name around resource elements; `full` says that these are all there are."""
    title = f"<name>{escape(name)}</name>\n" if name else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<list xmlns="urn:ietf:params:xml:ns:rlmi" uri="{escape_uri(uri)}" version="{version}"'
        f' fullState="{"true" if full else "false"}">\n{title}{"".join(resources)}</list>\n'
    )
