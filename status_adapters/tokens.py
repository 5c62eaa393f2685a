"""Access tokens by OAuth 2.0: client credentials (RFC 6749 §4.4) and refresh tokens (§6), renewed before they end."""

import asyncio
from collections.abc import Callable
from urllib.parse import urlencode

import msgspec

from status_adapters.foreign_json import NO_JSON
from status_adapters.http_client import HttpClient, LoginRefused, SourceFault
from status_adapters.means import Memory

EARLY_SECONDS = 60.0
"""So long before its end a token is renewed."""
_REFRESH_TOKEN = "refresh-token"  # noqa: S105  the name of what is kept


class _Token(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = 3600.0
    refresh_token: str = ""


class _Refusal(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""


class Tokens:
    """The token of one log-in. `form` is what the token endpoint is asked with (RFC 6749 §4.4.2)."""

    def __init__(
        self, http: HttpClient, url: str, form: Callable[[], dict[str, str]], clock: Callable[[], float]
    ) -> None:
        self._http = http
        self._url = url
        self._form = form
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0
        self._turn = asyncio.Lock()

    async def token(self) -> str:
        """A token that is good for a while. Raises LoginRefused, SourceFault."""
        async with self._turn:
            if not self._token or self._clock() >= self._renew_at:
                granted = await self._ask()
                self._token = granted.access_token
                # A token that lives shorter than the margin is used for half its life.
                life = max(granted.expires_in - EARLY_SECONDS, granted.expires_in / 2)
                self._renew_at = self._clock() + life
                self._granted(granted)
            return self._token

    def refused(self, token: str) -> None:
        """The server does not take this token any more."""
        if token == self._token:
            self._token = ""

    def outgrown(self) -> None:
        """What the token has to be good for has changed: the next is a new one."""
        self._token = ""

    def _granted(self, granted: _Token) -> None:
        """For those who keep more of an answer than the access token."""

    async def _ask(self) -> _Token:
        answer = await self._http.request(
            "POST",
            self._url,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            content=urlencode(self._form()).encode(),
        )
        if answer.status == 200:
            granted: _Token = answer.json(_Token)
            return granted
        try:
            refusal = msgspec.json.decode(answer.body, type=_Refusal)
        except NO_JSON:
            refusal = _Refusal()
        text = f"log-in: status {answer.status} {refusal.error} {refusal.error_description[:200]}".rstrip()
        # RFC 6749 §5.2: errors of the client are 400 or 401.
        raise LoginRefused(text) if answer.status in (400, 401, 403) else SourceFault(text)


class DelegatedTokens(Tokens):
    """A person's log-in, by a refresh token that each answer may replace."""

    def __init__(
        self,
        http: HttpClient,
        url: str,
        form: Callable[[], dict[str, str]],
        clock: Callable[[], float],
        first: str,
        memory: Memory,
    ) -> None:
        super().__init__(http, url, self._with_token, clock)
        self._rest = form
        self._first = first
        self._memory = memory

    def _with_token(self) -> dict[str, str]:
        kept = self._memory.get(_REFRESH_TOKEN)
        return {**self._rest(), "grant_type": "refresh_token", "refresh_token": kept.decode() if kept else self._first}

    def _granted(self, granted: _Token) -> None:
        if granted.refresh_token:
            self._memory.put(_REFRESH_TOKEN, granted.refresh_token.encode())
