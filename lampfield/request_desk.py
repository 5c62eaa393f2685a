"""Hands what the stack reports to whom it is about."""

import logging
from collections.abc import Callable
from typing import Any

from lampfield.call_control.switchboard import Switchboard
from lampfield.door import Refused
from lampfield.keep_alive import KeepAlive
from lampfield.presence.message_lamps import MessageLamps
from lampfield.presence.publications import Publications
from lampfield.presence.subscriptions import Subscriptions
from lampfield.presence.watching import Watching
from lampfield.registrations import Registrations
from lampfield.trunks import Trunks
from sipcore.answering import response_to
from sipcore.errors import ProtocolViolation
from sipcore.events import Event, RequestReceived, ResponseReceived, TransportFailed
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.stack import Stack, StackConfig

logger = logging.getLogger(__name__)

Answer = Callable[[Request, Flow], Response]


class RequestDesk:
    """One method of SIP, one answer; INVITE sessions go to the switchboard."""

    def __init__(
        self,
        stack: Stack,
        switchboard: Switchboard,
        registrations: Registrations,
        subscriptions: Subscriptions,
        publications: Publications,
        watching: Watching,
        trunks: Trunks,
        keep_alive: KeepAlive,
        message_lamps: MessageLamps,
        config: StackConfig,
        clock: Callable[[], float],
    ) -> None:
        self._stack = stack
        self._config = config
        self._switchboard = switchboard
        self._trunks = trunks
        self._watching = watching
        self._keep_alive = keep_alive
        self._message_lamps = message_lamps
        self._registrations = registrations
        self._publications = publications
        self._subscriptions = subscriptions
        self._clock = clock
        self._answers: dict[str, Answer] = {
            "REGISTER": registrations.answer,
            "SUBSCRIBE": subscriptions.answer,
            "PUBLISH": publications.answer,
            "NOTIFY": watching.answer,
            "OPTIONS": self._options,
        }
        self._outside_sessions: dict[type[Event], Callable[[Any], None]] = {
            RequestReceived: self._request_received,
            ResponseReceived: self._response_received,
            TransportFailed: self._transport_failed,
        }

    def on_events(self, events: list[Event]) -> None:
        """Take the stack's events, in order. A fault in the handling of one leaves the others alone."""
        for event in events:
            try:
                self._on_event(event)
            except Exception:
                logger.exception("the handling of %s failed", type(event).__name__)

    def settle(self) -> None:
        """Write and tell what requests have changed, before their answers leave."""
        self._registrations.settle()
        self._publications.settle()
        self._subscriptions.settle()

    def _on_event(self, event: Event) -> None:
        take = self._outside_sessions.get(type(event))
        if take is not None:
            take(event)
        else:
            self._switchboard.on_session_event(event)

    def _request_received(self, event: RequestReceived) -> None:
        self._stack.respond(event.transaction, self._respond(event.request, event.flow), self._clock())

    def _response_received(self, event: ResponseReceived) -> None:
        transaction, response = event.transaction, event.response
        self._trunks.response_received(transaction, response)
        self._watching.response_received(transaction, response)
        self._keep_alive.response_received(transaction, response)
        self._message_lamps.response_received(transaction, response)

    def _transport_failed(self, event: TransportFailed) -> None:
        self._registrations.flow_failed(event.flow)
        self._subscriptions.flow_failed(event.flow)
        self._keep_alive.flow_failed(event.flow)
        self._trunks.flow_failed(event.flow)
        self._watching.flow_failed(event.flow)

    def _respond(self, request: Request, flow: Flow) -> Response:
        answer = self._answers.get(request.method)
        try:
            if answer is None:
                return response_to(request, 481 if request.to.tag else 405)
            return answer(request, flow)
        except Refused as refused:
            return response_to(request, refused.status, fields=refused.fields)
        except ProtocolViolation as fault:
            return response_to(request, fault.status, fault.reason)
        except Exception:
            logger.exception("%s from %s:%d: the answer failed", request.method, *flow.remote)
            return response_to(request, 500)

    def _options(self, request: Request, flow: Flow) -> Response:
        """What we can do (RFC 3261 §11.2)."""
        fields = [
            ("Allow", ", ".join(self._config.allow)),
            ("Supported", ", ".join(self._config.supported)),
            ("Accept", "application/sdp"),
            ("Allow-Events", self._subscriptions.allow_events),
        ]
        return response_to(request, 200, fields=fields)
