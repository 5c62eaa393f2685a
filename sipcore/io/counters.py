"""What the sockets have done, for metrics."""

import msgspec


class Counters(msgspec.Struct):
    """Totals since start, of all sockets of one endpoint."""

    datagrams_received: int = 0
    datagrams_sent: int = 0
    datagrams_dropped: int = 0
    """Not sent because the socket was full for too long."""
    send_failures: int = 0
    messages_received: int = 0
    """On connections."""
    messages_sent: int = 0
    keepalives: int = 0
    connections_accepted: int = 0
    connections_opened: int = 0
    connections_refused: int = 0
    """Not accepted because there were too many."""
    connections_failed: int = 0
    """Outgoing ones that did not come about."""
