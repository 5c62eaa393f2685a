"""Requests to Microsoft Graph, and its errors in words."""

from typing import Any, TypeVar

import msgspec

from status_adapters.bearer_api import BearerApi
from status_adapters.foreign_json import NO_JSON
from status_adapters.http_client import Answer, HttpClient, LoginRefused, SourceFault
from status_adapters.tokens import Tokens

T = TypeVar("T")


class _Error(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _ErrorBody(msgspec.Struct, frozen=True):
    error: _Error = _Error()


class GraphFault(SourceFault):
    """An error of Graph; `status` and `code` are as it says."""

    def __init__(self, what: str, status: int, code: str, message: str) -> None:
        super().__init__(f"{what}: status {status} {code} {message[:200]}".rstrip())
        self.status = status
        self.code = code


class GraphApi:
    """Graph with one log-in."""

    def __init__(self, http: HttpClient, url: str, tokens: Tokens) -> None:
        self.url = url.rstrip("/")
        self._api = BearerApi(http, url, tokens)

    async def ask(self, method: str, path: str, body: object = None, kind: type[T] | None = None) -> T:
        """The answer as `kind`, where one is given. Raises SourceFault; LoginRefused where a permission is missing."""
        answer = await self._api.ask(method, path, body, {"Prefer": 'outlook.timezone="UTC"'})
        if not 200 <= answer.status < 300:
            raise _fault(f"{method} {path.partition('?')[0]}", answer)
        result: Any = answer.json(kind) if kind is not None else None
        return result  # type: ignore[no-any-return]


def _fault(what: str, answer: Answer) -> SourceFault:
    try:
        error = msgspec.json.decode(answer.body, type=_ErrorBody).error
    except NO_JSON:
        error = _Error()
    fault = GraphFault(what, answer.status, error.code, error.message)
    if answer.status in (401, 403):
        return LoginRefused(str(fault))
    return fault
