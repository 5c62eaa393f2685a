"""Events as the bytes that are kept of them."""

import msgspec

from call_records.logged_event import LoggedEvent, StateLogged
from call_records.mended import mended
from routing.events import AnyCallEvent, CallEvent
from routing.queue.events import AnyMemberEvent, MemberEvent

_event_decoder: msgspec.json.Decoder[AnyCallEvent] = msgspec.json.Decoder(AnyCallEvent)
_member_decoder: msgspec.json.Decoder[AnyMemberEvent] = msgspec.json.Decoder(AnyMemberEvent)
_state_decoder = msgspec.json.Decoder(StateLogged)
_logged_decoder = msgspec.json.Decoder(LoggedEvent)


def encode_event(event: CallEvent | MemberEvent | StateLogged) -> str:
    """The event as JSON, tagged with its class."""
    return _json(event).decode()


def decode_event(text: str) -> AnyCallEvent:
    """The event from its JSON. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _event_decoder.decode(text)


def decode_member_event(text: str) -> AnyMemberEvent:
    """The event from its JSON. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _member_decoder.decode(text)


def decode_state(text: str) -> StateLogged:
    """The state from its JSON. Raises msgspec.ValidationError or msgspec.DecodeError."""
    return _state_decoder.decode(text)


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
        return msgspec.json.encode(mended(msgspec.to_builtins(value)))
