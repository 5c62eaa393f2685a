"""What operators and programs send, signed as they do."""

import http.client
import json
import time
from typing import Any

from status_adapters.signature import HEADER, header_of
from tests.support.ports import LOOPBACK

SECRET = "known to both sides"


def post(port: int, path: str, content: Any, *, secret: str = SECRET, at: float | None = None) -> tuple[int, str]:
    """Send a signed webhook to a server on loopback: status and text of its answer. `content` may be bytes."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    signature = header_of(secret, int(time.time() if at is None else at), body)
    try:
        connection.request("POST", path, body, {HEADER: signature, "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()
