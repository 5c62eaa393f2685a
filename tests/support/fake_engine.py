"""The media engine as signalling knows it, without sound: it notes who is joined to whom, and what plays to whom.

Runs in the test's own event loop, behind the control socket that `media.client` connects to.
"""

import asyncio
import socket
from dataclasses import dataclass, field
from pathlib import Path

from media.control_line import ControlLine, format_line, parse_line

ANNOUNCEMENT_SECONDS = 3.0
"""How long every announcement lasts."""


@dataclass
class Session:
    """One RTP session."""

    port: int
    remote: int | None = None
    """The port of the phone."""
    sends: bool = False
    codec: str = ""
    bridged: str | None = None
    music: str = ""
    announcement: str = ""
    announced: list[str] = field(default_factory=list)
    """All clips that were announced to the phone, without their folders."""
    keys: str = ""
    """Those that were sent to the phone."""
    has_events: bool = False
    """Keys are telephone events, not tones."""
    deaf_to_tones: bool = False
    ends: asyncio.TimerHandle | None = None
    """The end of the announcement."""

    def stop(self) -> None:
        """The announcement is cut, and its end never comes."""
        self.announcement = ""
        if self.ends is not None:
            self.ends.cancel()


@dataclass
class FakeEngine:
    """Use `begin` once the loop runs."""

    path: Path
    sessions: dict[str, Session] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    """Commands that the real one would refuse."""
    _port: int = 20000

    def begin(self) -> None:
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listening.bind(str(self.path))
        self._listening.listen()
        self._listening.setblocking(False)
        asyncio.get_running_loop().add_reader(self._listening, self._accept)

    def close(self) -> None:
        for opened in (self._listening, self._controller):
            asyncio.get_running_loop().remove_reader(opened)
            opened.close()

    def heard_by(self, port: int) -> str:
        """What the phone with this RTP port hears: `phone PORT`, `music`, a prompt's name, or `nothing`."""
        session = next((each for each in self.sessions.values() if each.remote == port), None)
        if session is None or not session.sends:
            return "nothing"
        if session.announcement:
            return session.announcement
        if session.bridged is not None:
            return f"phone {self.sessions[session.bridged].remote}"
        return "music" if session.music else "nothing"

    def _accept(self) -> None:
        self._controller, _ = self._listening.accept()
        self._controller.setblocking(False)
        asyncio.get_running_loop().add_reader(self._controller, self._read)

    def _read(self) -> None:
        packet = self._controller.recv(65536)
        if not packet:
            asyncio.get_running_loop().remove_reader(self._controller)
        for line in packet.decode().splitlines():
            self._obey(parse_line(line))

    def _say(self, word: str, session: str, **arguments: object) -> None:
        text = {key: str(value) for key, value in arguments.items()}
        self._controller.send(format_line(word, session, text).encode() + b"\n")

    def _obey(self, line: ControlLine) -> None:
        name, arguments = line.session, line.arguments
        match line.word:
            case "sessions":
                self._say("ok", "", id=arguments["id"])
            case "open":
                self._port += 2
                self.sessions[name] = Session(self._port)
                self._say("ok", name, id=arguments["id"], port=self._port)
            case _ if name not in self.sessions:
                self.refused.append(f"{line.word} {name}")
            case "close":
                self._part(name)
                del self.sessions[name]
            case _:
                self._change(line.word, name, self.sessions[name], arguments)

    def _change(self, verb: str, name: str, session: Session, arguments: dict[str, str]) -> None:
        match verb:
            case "configure":
                session.remote = int(arguments["remote"].rpartition(":")[2])
                session.codec = arguments["codec"]
                session.sends = arguments["direction"] in ("sendrecv", "sendonly")
                session.has_events = "dtmf" in arguments
            case "bridge":
                self._bridge(name, arguments["with"])
            case "unbridge":
                self._part(name)
            case "play" if arguments["layer"] == "music":
                session.music = arguments["clips"]
            case "play":
                session.stop()
                clips = [Path(clip).stem for clip in arguments["clips"].split(",")]
                session.announced += clips
                session.announcement = clips[-1]
                play = int(arguments.get("play", "0"))
                session.ends = asyncio.get_running_loop().call_later(ANNOUNCEMENT_SECONDS, self._played, name, play)
            case "stop" if arguments["layer"] == "music":
                session.music = ""
            case "stop":
                session.stop()
            case "dtmf":
                session.keys += arguments["digits"]
            case "ignore_tones":
                session.deaf_to_tones = True

    def _bridge(self, one: str, other: str) -> None:
        pair = [self.sessions.get(one), self.sessions.get(other)]
        # G.722 is not converted.
        kinds = {each.codec == "G722" for each in pair if each is not None}
        if any(each is None or each.remote is None for each in pair) or len(kinds) > 1:
            self.refused.append(f"bridge {one} with {other}")
            return
        for name, partner in ((one, other), (other, one)):
            self._part(name)
            self.sessions[name].bridged = partner
        self.sessions[one].bridged = other

    def _part(self, name: str) -> None:
        partner, self.sessions[name].bridged = self.sessions[name].bridged, None
        if partner is not None and partner in self.sessions:
            self.sessions[partner].bridged = None

    def _played(self, name: str, play: int) -> None:
        session = self.sessions.get(name)
        if session is not None and session.announcement:
            session.announcement = ""
            if play:
                self._say("play_ended", name, layer="announcement", play=play)
