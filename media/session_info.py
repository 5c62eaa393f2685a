"""A session of the engine, as it is handed over to a new controller."""

from typing import Literal

import msgspec

from media.codec import Codec
from media.control_line import ControlLine

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]


class PlayPosition(msgspec.Struct, frozen=True):
    """Where a play is: its number, the clip's index, and the next frame of that clip."""

    play: int
    clip: int
    frame: int


class SessionInfo(msgspec.Struct, frozen=True):
    """A session as the engine has it, for a controller that takes it over."""

    session: str
    label: str
    port: int
    codec: Codec | None
    direction: Direction | None
    remote: str | None
    """Where RTP is sent, as `192.0.2.1:4000` or `[2001:db8::1]:4000`."""
    bridge: str | None
    music: PlayPosition | None
    announcement: PlayPosition | None
    recording: bool
    silent_ms: int
    """Milliseconds since the last RTP was received."""


def _position(text: str | None) -> PlayPosition | None:
    return PlayPosition(*map(int, text.split(":"))) if text else None


def session_info(line: ControlLine) -> SessionInfo:
    """Read an `item` line."""
    arguments = line.arguments
    return msgspec.convert(
        {
            "session": line.session,
            "label": arguments["label"],
            "port": arguments["port"],
            "codec": arguments.get("codec"),
            "direction": arguments.get("direction"),
            "remote": arguments.get("remote"),
            "bridge": arguments.get("bridge"),
            "music": _position(arguments.get("music")),
            "announcement": _position(arguments.get("announcement")),
            "recording": arguments["recording"] == "1",
            "silent_ms": arguments["silent_ms"],
        },
        SessionInfo,
        strict=False,
    )
