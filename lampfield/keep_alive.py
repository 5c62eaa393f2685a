"""Keeps the way to phones behind NAT open, and notices those that are gone (OPTIONS, RFC 3261 §11)."""

from collections.abc import Callable

from routing.ports import Clock
from sipcore.binding import Binding
from sipcore.flow import Flow
from sipcore.message import Response
from sipcore.nat import due_pings, ping
from sipcore.registrar import Registrar
from sipcore.stack import Stack


class KeepAlive:
    """Asks each phone behind NAT for its capabilities, in turn; whatever it answers keeps its NAT mapping alive.

    A phone that has answered before and does so no more is given to `forget`. One that never answered may be of those
    that know no OPTIONS: it stays until its registration expires.
    """

    def __init__(
        self,
        registrar: Registrar,
        stack: Stack,
        clock: Clock,
        token: Callable[[], str],
        forget: Callable[[Binding], None],
        advertised_host: str | None = None,
    ) -> None:
        self._registrar = registrar
        self._stack = stack
        self._clock = clock
        self._token = token
        self._forget = forget
        self._advertised_host = advertised_host
        self._looked_at = clock()
        self._asked: dict[str, Binding] = {}
        self._answering: set[str] = set()
        """Keys of bindings that have answered."""

    def advance(self) -> None:
        """Ask those whose turn has come since the last call; who has not answered yet is not asked again."""
        now = self._clock()
        waiting = {binding.key for binding in self._asked.values()}
        for binding in due_pings(self._registrar.all(), self._looked_at, now):
            if binding.key not in waiting:
                options = ping(binding, self._token, self._advertised_host)
                transaction = self._stack.request(options, binding.flow, now)
                self._asked[transaction] = binding
        self._looked_at = now
        if len(self._answering) > 2 * len(self._registrar) + 100:
            self._answering.intersection_update(binding.key for binding in self._registrar.all())

    def flow_failed(self, flow: Flow) -> None:
        """Nothing can be sent there, because our own network is away: that says nothing of the phone."""
        self._asked = {transaction: binding for transaction, binding in self._asked.items() if binding.flow != flow}

    def response_received(self, transaction: str, response: Response | None) -> None:
        """What became of a request of ours; those of others are left alone."""
        binding = self._asked.pop(transaction, None)
        if binding is None:
            return
        if response is not None:
            self._answering.add(binding.key)
        elif binding.key in self._answering:
            self._answering.discard(binding.key)
            # It may have registered again since it was asked, perhaps from another address.
            if binding in self._registrar.bindings(binding.aor):
                self._forget(binding)
