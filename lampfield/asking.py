"""Requests of ours outside calls: sent, and their final response waited for."""

import asyncio
from collections.abc import Callable

from sipcore.digest import Credentials
from sipcore.flow import Flow
from sipcore.io.endpoint import SipEndpoint
from sipcore.message import Request, Response
from sipcore.stack import Stack


class Asking:
    """Sends requests through the stack. Hand it every response to a request outside calls."""

    def __init__(self, stack: Stack, endpoint: SipEndpoint, clock: Callable[[], float]) -> None:
        self._stack = stack
        self._endpoint = endpoint
        self._clock = clock
        self._answers: dict[str, asyncio.Future[Response | None]] = {}

    async def ask(self, request: Request, flow: Flow, credentials: Credentials | None) -> Response | None:
        """Send a request and wait for its final response, after challenges are answered; None when none comes."""
        answer: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        transaction = self._stack.request(request, flow, self._clock(), credentials)
        self._answers[transaction] = answer
        self._endpoint.wake()
        try:
            return await answer
        finally:
            self._answers.pop(transaction, None)

    def response_received(self, transaction: str, response: Response | None) -> None:
        """The end of a request of ours; those of others are left alone."""
        answer = self._answers.pop(transaction, None)
        if answer is not None and not answer.done():
            answer.set_result(response)
