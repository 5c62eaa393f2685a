"""A call event with its place in the log, and its bytes."""

from typing import Any

import msgspec

from routing.events import AnyCallEvent, CallEvent


class LoggedEvent(msgspec.Struct, frozen=True):
    """`writer` and `number` say which event of which run of the server it is, so that none is written twice."""

    writer: str
    number: int
    event: AnyCallEvent


_event_decoder: msgspec.json.Decoder[AnyCallEvent] = msgspec.json.Decoder(AnyCallEvent)
_logged_decoder = msgspec.json.Decoder(LoggedEvent)


def encode_event(event: CallEvent) -> str:
    """The event as JSON, tagged with its class."""
    return _json(event).decode()


def decode_event(text: str) -> AnyCallEvent:
    """The event from its JSON. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _event_decoder.decode(text)


def encode_line(logged: LoggedEvent) -> bytes:
    """One line of a spool file."""
    return _json(logged) + b"\n"


def decode_line(line: bytes) -> LoggedEvent:
    """The event in a line of a spool file. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _logged_decoder.decode(line)


def _json(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A caller's name is whatever a stranger sent; half a character in it shall not cost the event.
        return msgspec.json.encode(_mended(msgspec.to_builtins(value)))


def _mended(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {key: _mended(item) for key, item in value.items()}
    return value
