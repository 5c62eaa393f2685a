"""Sends to clients' webhooks, signed, and only to addresses of the Internet unless the configuration says otherwise."""

import asyncio
import ipaddress
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from lampfield.lookups import SIGNATURE, signature
from web.deliveries import NotTaken

ANSWER_SECONDS = 10.0
"""What a webhook may take to answer."""
_LOCAL = ("localhost", ".localhost", ".local", ".internal")


class HttpPoster:
    """Fulfils `web.deliveries.Poster`. Redirects are not followed: they could lead anywhere."""

    def __init__(self, private: bool, clock: Callable[[], float]) -> None:
        """`private`: addresses that are not the Internet's may be asked as well."""
        self._private = private
        self._clock = clock
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._client = httpx.AsyncClient(timeout=None, limits=limits, follow_redirects=False, trust_env=False)  # noqa: S113  timed as a whole

    async def close(self) -> None:
        await self._client.aclose()

    def fault(self, url: str) -> str:
        """What a URL should be instead, as far as can be seen without asking; empty where nothing is wrong."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            return "a URL such as https://crm.example/lampfield"
        if not host or parts.scheme not in ("http", "https"):
            return "a URL such as https://crm.example/lampfield"
        if parts.username is not None or parts.password is not None:
            return "a URL without name and password: requests are signed"
        if not self._private and (_is_inside(host) or host.lower().endswith(_LOCAL)):
            return "an address of the Internet (web.private_webhooks allows others)"
        return ""

    async def post(self, url: str, secret: str, body: bytes) -> None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                request = await self._request(url, secret, body)
                # The body of the answer is nobody's business, and could be without end.
                answer = await self._client.send(request, stream=True)
                await answer.aclose()
        except TimeoutError:
            raise NotTaken(f"no answer within {ANSWER_SECONDS:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            raise NotTaken(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise NotTaken(f"status {answer.status_code}")

    async def _request(self, url: str, secret: str, body: bytes) -> httpx.Request:
        at = int(self._clock())
        headers = {"Content-Type": "application/json", SIGNATURE: signature(secret, at, body)}
        target = httpx.URL(url)
        if self._private:
            return self._client.build_request("POST", target, content=body, headers=headers)
        # Asked by the address that was looked at: a name could mean another one a moment later.
        headers["Host"] = target.netloc.decode("ascii")
        extensions = {"sni_hostname": target.host}
        target = target.copy_with(host=await _address_of(target))
        return self._client.build_request("POST", target, content=body, headers=headers, extensions=extensions)


async def _address_of(url: httpx.URL) -> str:
    """An address of the host. Raises NotTaken where one of them is not of the Internet, OSError where there is none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    inside = next((address for address in addresses if _is_inside(address)), None)
    if inside is not None:
        raise NotTaken(f"{url.host} is {inside}, which is not an address of the Internet")
    return addresses[0]


def _is_inside(host: str) -> bool:
    """Whether an address is not of the Internet; a name is not known to be."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return not address.is_global or address.is_multicast
