"""Asks companies' own servers over HTTP: fulfils `routing.lookups.Inquiry`.

The request is a POST of the question as JSON. Where the look-up names a secret it bears the header

    Lampfield-Signature: t=1732251600,v1=5257a869e7...

`t` is UTC epoch seconds, `v1` the HMAC-SHA256 of `t`, a dot and the body, in hexadecimal.
"""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Mapping

import httpx
import msgspec

from lampfield.shown_url import shown
from routing.lookups import Answer, NoAnswer, Question
from routing.model import Lookup
from routing.ports import Clock
from status_adapters.foreign_json import NO_JSON

logger = logging.getLogger(__name__)

MOST_BYTES = 16_384
"""An answer that is longer is none."""
SIGNATURE = "Lampfield-Signature"


class HttpInquiry:
    """One for the process. A server that is slow holds up nobody but the caller it is asked for."""

    def __init__(self, secrets: Mapping[str, str], clock: Clock) -> None:
        self._secrets = secrets
        self._clock = clock
        # No limit to connections: callers of one company would wait for the slow server of another.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._client = httpx.AsyncClient(timeout=None, limits=limits, follow_redirects=False, trust_env=False)  # noqa: S113  timed as a whole

    async def close(self) -> None:
        await self._client.aclose()

    async def ask(self, lookup: Lookup, question: Question) -> Answer:
        """The server's answer, within `lookup.timeout_seconds`. Raises NoAnswer, nothing else."""
        try:
            async with asyncio.timeout(lookup.timeout_seconds):
                return msgspec.json.decode(await self._body(lookup, msgspec.json.encode(question)), type=Answer)
        except TimeoutError:
            fault = f"no answer within {lookup.timeout_seconds:g} s"
        except NO_JSON as error:
            fault = f"not the JSON that was expected: {error}"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
            fault = f"{type(error).__name__}: {error}"
        except NoAnswer as error:
            fault = str(error)
        logger.warning("%s: look-up %s at %s: %s", question.call, lookup.name, shown(lookup.url), fault)
        raise NoAnswer(fault)

    async def _body(self, lookup: Lookup, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity", **self._signed(lookup, body)}
        async with self._client.stream("POST", lookup.url, content=body, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise NoAnswer(f"status {response.status_code}")
            answer = bytearray()
            # Raw: what says that it is compressed could be a thousand times longer than it looks.
            async for part in response.aiter_raw():
                answer += part
                if len(answer) > MOST_BYTES:
                    raise NoAnswer(f"longer than {MOST_BYTES} bytes")
            return bytes(answer)

    def _signed(self, lookup: Lookup, body: bytes) -> dict[str, str]:
        if not lookup.secret_name:
            return {}
        secret = self._secrets.get(lookup.secret_name)
        if secret is None:
            raise NoAnswer(f"the server's configuration has no secret {lookup.secret_name}")
        return {SIGNATURE: signature(secret, int(self._clock()), body)}


def signature(secret: str, at: int, body: bytes) -> str:
    """The signature's header for a body sent at `at`, UTC epoch seconds."""
    signed = hmac.new(secret.encode(), b"%d.%b" % (at, body), hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"
