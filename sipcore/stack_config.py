"""What a stack is told about itself."""

from sipcore.structs import Value


class StackConfig(Value, frozen=True):
    """Name, capabilities and limits of a stack."""

    user_agent: str = "Lampfield"
    allow: tuple[str, ...] = (
        "INVITE",
        "ACK",
        "CANCEL",
        "BYE",
        "PRACK",
        "UPDATE",
        "INFO",
        "REFER",
        "OPTIONS",
        "REGISTER",
        "SUBSCRIBE",
        "PUBLISH",
        "NOTIFY",
    )
    """Methods that somebody answers."""
    supported: tuple[str, ...] = (
        "100rel",
        "timer",
        "replaces",
        "norefersub",
        "path",
        "outbound",
        "eventlist",
        "recipient-list-subscribe",
    )
    """Option tags; what a request requires beyond these is answered 420."""
    session_expires: int = 1800
    """Session interval asked for and granted at most, seconds (RFC 4028 §4)."""
    min_se: int = 90
    """Shortest session interval agreed to, seconds (RFC 4028 §5)."""
    advertised_host: str | None = None
    """Host in Via and Contact instead of the flow's own, for a server that listens on all addresses or behind NAT."""
