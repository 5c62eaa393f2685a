"""What goes wrong, told as RFC 9457 says: what was given, where, and what was expected."""

from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response, WebSocket
from fastapi.exceptions import RequestValidationError, ValidationException, WebSocketRequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection

from call_records.mended import mended

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """The request cannot be served: `where` names the part of it, `value` is what stood there."""

    def __init__(
        self,
        status: int,
        where: str,
        value: str,
        expected: str,
        headers: Mapping[str, str] | None = None,
        *,
        said: str = "",
    ) -> None:
        """`said` is the sentence that tells all of it, where somebody else has made one."""
        named = f"{where} = {value!r}" if value else where
        super().__init__(said or f"{named}: expected {expected}")
        self.status = status
        self.where = where
        self.value = value
        self.expected = expected
        self.headers = headers


def install(app: FastAPI) -> None:
    """Have every error of the application answered so."""
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(WebSocketRequestValidationError, _no_socket)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)


class Discreet(APIRoute):
    """An endpoint that takes secrets: its errors do not repeat what was sent."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def discreet(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                raise RequestValidationError([{**found, "input": ""} for found in error.errors()]) from None

        return discreet


async def _told(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return answer_of(problem)


def answer_of(problem: Problem) -> JSONResponse:
    """How it is answered."""
    content = _content(problem.status, str(problem)) | {
        "where": problem.where,
        "value": problem.value,
        "expected": problem.expected,
    }
    return _answer(problem.status, content, problem.headers)


async def _invalid(request: HTTPConnection, error: Exception) -> JSONResponse:
    """The body or a parameter is not what the endpoint takes; the first of what is wrong is named at the top."""
    assert isinstance(error, ValidationException)
    if (problem := _no_json(request, error)) is not None:
        return answer_of(problem)
    errors = [
        {
            "where": ".".join(str(part) for part in found["loc"] if part != "body") or "body",
            "value": str(found.get("input", ""))[:200],
            "expected": found["msg"],
        }
        for found in error.errors()
    ]
    first = errors[0]
    given = f" = {first['value']!r}" if first["value"] else ""
    detail = f"{first['where']}{given}: {first['expected']}"
    return _answer(422, _content(422, detail) | first | {"errors": errors})


async def _no_socket(websocket: WebSocket, error: Exception) -> None:
    """As `_invalid`, before there is a WebSocket."""
    await websocket.send_denial_response(await _invalid(websocket, error))


def _no_json(request: HTTPConnection, error: ValidationException) -> Problem | None:
    """A body that is no JSON, or is not said to be: curl says of what it sends that it is a form."""
    found = error.errors()[-1]
    if found["type"] == "json_invalid":
        return Problem(422, "body", "", f"JSON ({found['ctx']['error']} at character {found['loc'][-1]})")
    said = request.headers.get("content-type", "")
    if found["loc"] == ("body",) and found["type"] == "model_attributes_type" and "json" not in said.lower():
        return Problem(415, "Content-Type", said, "application/json")
    return None


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """No such path, or not with this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return answer_of(Problem(error.status_code, "body", "", str(error.detail)))
    expected = str(error.detail)
    if error.status_code == HTTPStatus.NOT_FOUND:
        expected = "a path of /api/v1/openapi.json"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and error.headers is not None:
        expected = error.headers["Allow"]
    content = _content(error.status_code, f"{request.method} {request.url.path}: expected {expected}")
    value = f"{request.method} {request.url.path}"
    return _answer(error.status_code, content | {"where": "path", "value": value, "expected": expected}, error.headers)


async def _gone(request: Request, _: Exception) -> JSONResponse:
    """Who asked has left in the midst of the request: nobody is there to read this."""
    return answer_of(Problem(400, "body", "", "all of it"))


async def _failed(request: Request, _: Exception) -> JSONResponse:
    """A fault of ours, which the log tells."""
    return answer_of(Problem(500, "server", "", "no fault of its own; its log tells what is wrong"))


def _content(status: int, detail: str) -> dict[str, Any]:
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}


def _answer(status: int, content: dict[str, Any], headers: Mapping[str, str] | None = None) -> JSONResponse:
    # Of what is repeated, half a character is no text that could be sent.
    return JSONResponse(mended(content), status, headers, MEDIA_TYPE)
