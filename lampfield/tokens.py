"""Tags, branches, Call-IDs and call ids."""

import secrets

TOKEN_BYTES = 10
"""80 random bits: RFC 3261 §19.3 asks for 32 at least."""
DRAWN_AT_ONCE = 256
"""Asking the system costs as much for all of them as for one."""


class Tokens:
    """Gives another random token at each call."""

    def __init__(self) -> None:
        self._drawn: list[str] = []

    def __call__(self) -> str:
        if not self._drawn:
            digits, length = secrets.token_hex(TOKEN_BYTES * DRAWN_AT_ONCE), 2 * TOKEN_BYTES
            self._drawn = [digits[start : start + length] for start in range(0, len(digits), length)]
        return self._drawn.pop()
