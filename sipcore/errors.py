"""Errors by whose fault they are."""


class ProtocolViolation(Exception):
    """The peer sent what the protocol does not allow; `status` is what a request is answered with.

    `reason` becomes the reason phrase of the answer, so it names the header and what was expected.
    """

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class LocalMisuse(Exception):
    """Our own code asked a protocol machine for what its state does not allow: a bug, never the peer's doing."""
