"""The log-in of simulated servers: access tokens for client credentials and refresh tokens (RFC 6749)."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

CLIENT_SECRET = "secret-of-the-client"  # noqa: S105  what everybody may know
REFRESH_TOKEN = "refresh-1"  # noqa: S105


class SignIn:
    """Grants tokens that live for `life` seconds; `granted` counts them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.life = 3600.0
        self.granted = 0
        self.refuses = False
        """Nobody is let in."""
        self.delegates = True
        """Whether persons' tokens have persons' rights."""
        self._clock = clock
        self._good: dict[str, tuple[float, bool]] = {}
        self._refresh = REFRESH_TOKEN

    async def token(self, request: Request) -> Response:
        """The token endpoint."""
        form = dict(parse_qsl((await request.body()).decode()))
        if self.refuses or form.get("client_secret") != CLIENT_SECRET:
            return JSONResponse({"error": "invalid_client", "error_description": "the secret is another"}, 401)
        delegated = form.get("grant_type") == "refresh_token"
        if delegated and form.get("refresh_token") != self._refresh:
            return JSONResponse({"error": "invalid_grant", "error_description": "the token has been used"}, 400)
        self.granted += 1
        token = f"token-{self.granted}"
        self._good[token] = (self._clock() + self.life, delegated)
        answer: dict[str, object] = {"access_token": token, "token_type": "Bearer", "expires_in": int(self.life)}
        if delegated:
            self._refresh = f"refresh-{self.granted + 1}"
            answer["refresh_token"] = self._refresh
        return JSONResponse(answer)

    def lets_in(self, request: Request, *, delegated: bool = False) -> bool:
        """Whether a request bears a good token; `delegated` asks for a person's."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        ends, is_delegated = self._good.get(token, (0.0, False))
        return self._clock() < ends and ((is_delegated and self.delegates) or not delegated)

    def revoke(self) -> None:
        """No token that was granted is good any more."""
        self._good.clear()
