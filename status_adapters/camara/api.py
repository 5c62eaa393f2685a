"""Requests to an operator: with its tokens, a correlator each, and its errors in words."""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from status_adapters.bearer_api import BearerApi
from status_adapters.camara.answers import ErrorInfo
from status_adapters.foreign_json import NO_JSON
from status_adapters.http_client import Answer, LoginRefused, SourceFault

T = TypeVar("T")

LATER_STATUSES = (403, 404, 422)
"""The operator will not tell of this person, or cannot: asking again at once is of no use."""


class OperatorFault(SourceFault):
    """An error by its body. `for_long` says that the same question will have the same answer for a while."""

    def __init__(self, what: str, answer: Answer, error: ErrorInfo, correlator: str) -> None:
        text = f"{what}: status {answer.status} {error.code} {error.message[:200]}".rstrip()
        super().__init__(f"{text} (x-correlator {correlator})")
        self.code = error.code
        self.for_long = answer.status in LATER_STATUSES


class OperatorApi:
    """An operator's APIs. `token` makes the correlators."""

    def __init__(self, api: BearerApi, token: Callable[[], str]) -> None:
        self._api = api
        self._token = token

    async def ask(self, method: str, path: str, body: object = None, kind: Any = None) -> Any:
        """The answer as `kind`, where one is given. Raises OperatorFault, LoginRefused, SourceFault."""
        correlator = self._token()
        answer = await self._api.ask(method, path, body, {"x-correlator": correlator})
        if answer.status == 401:
            raise LoginRefused(f"{path}: a token that was just granted is refused")
        if not 200 <= answer.status < 300:
            try:
                error = msgspec.json.decode(answer.body, type=ErrorInfo)
            except NO_JSON:
                error = ErrorInfo()
            raise OperatorFault(path, answer, error, correlator)
        return answer.json(kind) if kind is not None else None
