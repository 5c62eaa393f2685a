"""A JSON API behind access tokens."""

from collections.abc import Mapping

import msgspec

from status_adapters.http_client import Answer, HttpClient
from status_adapters.tokens import Tokens


class BearerApi:
    """Requests below `url`, each with a token (RFC 6750 §2.1); one that is refused is renewed once."""

    def __init__(self, http: HttpClient, url: str, tokens: Tokens) -> None:
        self.url = url.rstrip("/")
        self._http = http
        self._tokens = tokens

    async def ask(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """What the API answers, whatever its status. Raises SourceFault, LoginRefused."""
        answer, token = await self._ask(method, path, body, headers)
        if answer.status == 401:
            self._tokens.refused(token)
            answer, _ = await self._ask(method, path, body, headers)
        return answer

    async def _ask(self, method: str, path: str, body: object, headers: Mapping[str, str] | None) -> tuple[Answer, str]:
        token = await self._tokens.token()
        sent = {"Authorization": f"Bearer {token}", "Accept": "application/json", **(headers or {})}
        content = b""
        if body is not None:
            sent["Content-Type"] = "application/json"
            content = msgspec.json.encode(body)
        return await self._http.request(method, self.url + path, headers=sent, content=content), token
