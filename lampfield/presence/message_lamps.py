"""Message lamps of phones that have not subscribed to them: many expect to be told of voicemail all the same.

RFC 3842 knows subscriptions only. A NOTIFY that nobody asked for is what PBXs send besides; phones take or refuse it.
"""

import logging
from collections.abc import Callable

from lampfield.presence.lamps import Lamps
from presence_pidf.message_summary import MessageCounts, render_message_summary
from routing.ports import Clock
from sipcore.binding import Binding, BindingChange
from sipcore.message import Request, Response
from sipcore.registrar import Registrar
from sipcore.stack import Stack
from sipcore.via_path import host_port

_log = logging.getLogger(__name__)

_TRY_AGAIN = frozenset((408, 480, 500, 503, 504))
"""Answers that say that the phone was not there, or could not just then."""


class MessageLamps:
    """Tells the phones of a person how many messages wait, when that is new, or new to a phone that has come."""

    def __init__(
        self,
        lamps: Lamps,
        registrar: Registrar,
        stack: Stack,
        clock: Clock,
        token: Callable[[], str],
        advertised_host: str | None = None,
    ) -> None:
        self._lamps = lamps
        self._registrar = registrar
        self._stack = stack
        self._clock = clock
        self._token = token
        self._advertised_host = advertised_host
        self._asked: dict[str, Binding] = {}
        """By transaction."""
        self._under_way: set[str] = set()
        """Keys of the phones that are asked: each once at a time, so that what it is told last is what is true."""
        self._outdated: set[str] = set()
        """Keys of phones that may not know the last counts."""
        self._had: set[str] = set()
        """AORs of people who have had messages: a phone that was away may show what is long over."""
        self._refused: set[str] = set()
        """Keys of phones that take no such NOTIFY."""

    def restore(self) -> None:
        """After messages and phones are known: what was under way when the last run ended is told with a refresh."""
        self._outdated.update([binding.key for binding in self._registrar.all() if binding.aor in self._had])

    def changed(self, aor: str) -> None:
        """Other messages wait for the person with this AOR."""
        self._had.add(aor)
        for binding in self._registrar.bindings(aor):
            self._tell(binding)

    def binding_changed(self, change: BindingChange) -> None:
        """A phone has come, is still there, or is gone."""
        key = change.binding.key
        if change.kind == "refreshed":
            if key in self._outdated:
                self._tell(change.binding)
            return
        self._refused.discard(key)
        self._outdated.discard(key)
        if not change.gone and change.binding.aor in self._had:
            self._tell(change.binding)

    def response_received(self, transaction: str, response: Response | None) -> None:
        """What became of a NOTIFY; requests of others are left alone."""
        binding = self._asked.pop(transaction, None)
        if binding is None:
            return
        key = binding.key
        self._under_way.discard(key)
        if response is None or response.status in _TRY_AGAIN:
            # It is told when it registers the next time.
            self._outdated.add(key)
            return
        if response.status >= 300:
            _log.info("%s: %s takes no message counts (%d)", binding.aor, binding.contact, response.status)
            self._refused.add(key)
            self._outdated.discard(key)
        elif key in self._outdated:
            self._tell(binding)

    def _tell(self, binding: Binding) -> None:
        key = binding.key
        if key in self._refused or self._has_subscribed(binding):
            self._outdated.discard(key)
        elif key in self._under_way:
            self._outdated.add(key)
        else:
            self._outdated.discard(key)
            self._under_way.add(key)
            request = self._notify(binding, self._counts(binding))
            self._asked[self._stack.request(request, binding.flow, self._clock())] = binding

    def _counts(self, binding: Binding) -> MessageCounts:
        lamp = self._lamps.lamp(binding.aor)
        return lamp.counts if lamp is not None else MessageCounts()

    def _has_subscribed(self, binding: Binding) -> bool:
        lamp = self._lamps.lamp(binding.aor)
        flows = (binding.source, binding.flow)
        return lamp is not None and any(
            record.flow in flows
            for aor in lamp.aors
            for record in self._lamps.notifier.subscriptions(aor, "message-summary")
        )

    def _notify(self, binding: Binding, counts: MessageCounts) -> Request:
        document = render_message_summary(binding.aor, counts)
        host, port = binding.flow.local
        request = Request(
            "NOTIFY",
            binding.contact,
            [
                ("From", f"<{binding.aor}>;tag={self._token()}"),
                ("To", f"<{binding.aor}>"),
                ("Call-ID", self._token()),
                ("CSeq", "1 NOTIFY"),
                ("Contact", f"<sip:{host_port(self._advertised_host or host, port)}>"),
                ("Max-Forwards", "70"),
                ("Event", "message-summary"),
                # There is no subscription that this would go on with (RFC 6665 §4.1.3).
                ("Subscription-State", "terminated;reason=noresource"),
                ("Content-Type", document.content_type),
            ],
            document.head,
        )
        for route in binding.path:
            request.add("Route", route)
        return request
