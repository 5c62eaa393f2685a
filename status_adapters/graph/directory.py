"""Who is who: user ids of the tenant by mail address."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from status_adapters.graph.api import GraphApi
from status_adapters.http_client import SourceFault

MOST_PAGES = 200
"""Of 999 users."""
_FIRST_PAGE = "/users?$select=id,mail,userPrincipalName&$top=999"


class _User(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    mail: str | None = None
    user_principal_name: str | None = None


class _Page(msgspec.Struct, frozen=True):
    value: list[_User]
    next_link: str = msgspec.field(name="@odata.nextLink", default="")


async def user_ids(api: GraphApi) -> Mapping[str, str]:
    """All ids by mail address and by user principal name, in lower case. Raises SourceFault."""
    ids: dict[str, str] = {}
    path = _FIRST_PAGE
    for _ in range(MOST_PAGES):
        page = await api.ask("GET", path, kind=_Page)
        for user in page.value:
            for name in (user.user_principal_name, user.mail):
                if name:
                    ids[name.lower()] = user.id
        if not page.next_link:
            return ids
        if urlsplit(page.next_link).netloc != urlsplit(api.url).netloc:
            raise SourceFault("the next page of users is on another server, which gets no token of ours")
        path = page.next_link.removeprefix(api.url)
    raise SourceFault(f"more than {MOST_PAGES} pages of users")
