"""Offer and answer of one audio stream (RFC 3264): which codec, which payload types, who sends to whom."""

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

import msgspec

from sipcore.errors import ProtocolViolation
from sipcore.flow import Address
from sipcore.memo import ADDRESS, remembered
from sipcore.sdp import MediaDescription, SessionDescription, internet_address, parse_sdp
from sipcore.structs import Value

Direction = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

DTMF_PAYLOAD_TYPE: Final = 101
"""The dynamic payload type that most phones use for telephone-event."""
_PTIME: Final = 20
_DIRECTIONS: Final[dict[str, Direction]] = {
    "sendrecv": "sendrecv",
    "sendonly": "sendonly",
    "recvonly": "recvonly",
    "inactive": "inactive",
}
_DTMF: Final = "telephone-event"
_DTMF_EVENTS: Final = "0-16"
"""Keys 0-9 * # A-D and flash (RFC 4733 §3.2)."""
# Payload types that need no rtpmap (RFC 3551 §6). G.722 samples at 16 kHz but its RTP clock is 8 kHz (§4.5.2).
_STATIC: Final = {
    0: "PCMU/8000",
    3: "GSM/8000",
    4: "G723/8000",
    8: "PCMA/8000",
    9: "G722/8000",
    15: "G728/8000",
    18: "G729/8000",
}
_PAYLOAD_TYPES: Final = {"PCMU": 0, "PCMA": 8, "G722": 9}
_RTPMAP: Final = re.compile(r"([0-9]{1,3}) +([^/ ]+)/([0-9]{1,7})(?:/([0-9]{1,2}))? *")
_PORT: Final = re.compile(r"([0-9]{1,5})(?: .*)?")
_BROADCAST: Final = "255.255.255.255"
_UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104  the address of a stream on hold, nothing is bound to it


INCOMPATIBLE_ADDRESSES: Final = 301
INCOMPATIBLE_FORMATS: Final = 305


class NothingInCommon(ProtocolViolation):
    """No audio stream or codec that both sides have: 488 (RFC 3261 §21.4.26).

    `warning` is what a Warning header says of it (§20.43).
    """

    def __init__(self, reason: str, warning: int = INCOMPATIBLE_FORMATS) -> None:
        super().__init__(reason, 488)
        self.warning = warning


class OtherAddresses(NothingInCommon):
    """IPv6 is offered where we have IPv4 alone, or the other way round: nothing that is sent would arrive."""

    def __init__(self) -> None:
        super().__init__("Incompatible network address formats", INCOMPATIBLE_ADDRESSES)


class Codec(Value, frozen=True):
    """An audio encoding as SDP names it; `clock_rate` in Hz of the RTP timestamp."""

    name: str
    payload_type: int
    clock_rate: int = 8000
    fmtp: str | None = None


class AudioDescription(Value, frozen=True):
    """An audio stream as its sender describes it: `direction` is the sender's, `ptime` in milliseconds."""

    address: str
    port: int
    rtcp_port: int
    direction: Direction
    codecs: tuple[Codec, ...]
    dtmf_payload_type: int | None
    ptime: int | None


class Negotiated(Value, frozen=True):
    """What both sides agreed on; `direction` is ours, payload types are those we send with."""

    codec: Codec
    dtmf_payload_type: int | None
    remote: Address
    remote_rtcp: Address
    direction: Direction
    own_dtmf_payload_type: int | None = None
    """By which we have asked for keys, where the other side names another: it may send with either (RFC 3264 §5.1)."""


def audio_of(
    description: bytes | SessionDescription, codecs: Sequence[str] = (), local_address: str | None = None
) -> AudioDescription | None:
    """The first usable audio stream (RTP/AVP, not refused, at an IP address), None without one.

    One with a codec of `codecs` goes before those without. Raises OtherAddresses where no stream is at an address
    that `local_address` can reach.
    """
    found = [_audio(description, slot) for slot in range(len(_parsed(description).media))]
    usable = [audio for audio in found if audio is not None]
    streams = [audio for audio in usable if local_address is None or _is_reachable(audio, local_address)]
    if usable and not streams:
        raise OtherAddresses
    return next((audio for audio in streams if names_of(audio, codecs)), streams[0] if streams else None)


def names_of(audio: AudioDescription, codecs: Sequence[str]) -> list[str]:
    """Of `codecs`, those that a stream has, in its order."""
    return [codec.name for codec in audio.codecs if _is_one_of(codec, codecs)]


def make_offer(
    local_address: str,
    port: int,
    codecs: Sequence[str],
    *,
    session_id: int,
    version: int,
    direction: Direction = "sendrecv",
    previous: bytes | SessionDescription | None = None,
) -> bytes:
    """Offer one audio stream with these codecs, best first, and telephone-event.

    `previous` is our last description in the same session: streams keep their places and payload types (RFC 3264 §8).
    """
    before = _parsed(previous).media if previous is not None else ()
    slot = _audio_slot(before)
    used = _dtmf_payload_type(before[slot]) if slot < len(before) else None
    dtmf = DTMF_PAYLOAD_TYPE if used is None else used
    offered = [Codec(name, _PAYLOAD_TYPES[name]) for name in codecs]
    audio = _stream(port, offered, dtmf, direction)
    media = [_refused(stream) for stream in before]
    media[slot : slot + 1] = [audio]
    return _session(local_address, session_id, version, "0 0", media)


def make_answer(
    offer: bytes | SessionDescription,
    local_address: str,
    port: int,
    supported: Sequence[str],
    *,
    session_id: int,
    version: int,
    direction: Direction = "sendrecv",
) -> tuple[bytes, Negotiated]:
    """Answer with the offer's first supported codec, in the first stream that has one; refuse all other streams.

    Payload types are the offer's, `direction` what we want as far as the offer allows. Raises NothingInCommon.
    """
    session = _parsed(offer)
    slot, audio, codec = _choose(offer, supported, local_address)
    ours = _meet(direction, audio.direction)
    answer = [
        _stream(port, [codec], audio.dtmf_payload_type, ours) if at == slot else _refused(stream)
        for at, stream in enumerate(session.media)
    ]
    times = next(value for letter, value in session.lines if letter == "t")
    return _session(local_address, session_id, version, times, answer), _negotiated(codec, audio, ours)


def read_answer(offer: bytes | SessionDescription, answer: bytes | SessionDescription) -> Negotiated:
    """What the answer to our offer agreed on. Raises NothingInCommon, or ProtocolViolation for no answer to it."""
    ours, theirs = _parsed(offer), _parsed(answer)
    if len(theirs.media) != len(ours.media):
        raise ProtocolViolation("SDP answer has another number of m= lines than the offer")
    slot = _audio_slot(ours.media)
    offered = _audio(offer, slot)
    assert offered is not None, "we always offer audio"
    audio = _audio(answer, slot)
    if audio is None:
        raise NothingInCommon("The audio stream was refused")
    codec = _first_common(audio.codecs, [codec.name for codec in offered.codecs])
    if codec is None:
        raise NothingInCommon("The answer has no codec of the offer")
    if not _is_reachable(audio, offered.address):
        raise OtherAddresses
    negotiated = _negotiated(codec, audio, _meet(offered.direction, audio.direction))
    if audio.dtmf_payload_type in (None, offered.dtmf_payload_type):
        return negotiated
    return msgspec.structs.replace(negotiated, own_dtmf_payload_type=offered.dtmf_payload_type)


def revise(previous: bytes, description: bytes) -> bytes:
    """Number our new description after the previous one: the same version if nothing else changed, else one more.

    The session id stays (RFC 3264 §8, RFC 8866 §5.2).
    """
    before, after = parse_sdp(previous), parse_sdp(description)
    if (before.origin.address, before.lines, before.media) == (after.origin.address, after.lines, after.media):
        return previous
    origin = msgspec.structs.replace(
        after.origin, session_id=before.origin.session_id, version=before.origin.version + 1
    )
    return msgspec.structs.replace(after, origin=origin).to_bytes()


# --- reading


def _parsed(description: bytes | SessionDescription) -> SessionDescription:
    return description if isinstance(description, SessionDescription) else parse_sdp(description)


# Looked at more than once while a call is set up; few are kept, for nobody shall fill the memory with long ones.
@lru_cache(64)
def _audio(description: bytes | SessionDescription, slot: int) -> AudioDescription | None:
    """What the m= line at this place describes; None where it is no audio that can be used."""
    session = _parsed(description)
    media = session.media[slot]
    address = media.address or session.address
    if media.kind != "audio" or media.protocol != "RTP/AVP" or not media.port or not _is_unicast(address or ""):
        return None
    assert address is not None
    codecs = _codecs(media)
    speech = tuple(codec for codec in codecs if codec.name != _DTMF)
    dtmf = next((codec.payload_type for codec in codecs if codec.name == _DTMF and codec.clock_rate == 8000), None)
    ptime = media.attribute("ptime")
    return AudioDescription(
        address=address,
        port=media.port,
        rtcp_port=_rtcp_port(media),
        direction=_direction(session, media, on_hold=address in _UNSPECIFIED),
        codecs=speech,
        dtmf_payload_type=dtmf,
        ptime=int(ptime) if ptime and ptime.isdecimal() and len(ptime) < 5 else None,
    )


def _codecs(media: MediaDescription) -> list[Codec]:
    mapped = {}
    for value in media.attributes("rtpmap"):
        match = _RTPMAP.fullmatch(value)
        # Two-channel audio is another encoding than ours of the same name.
        if match is not None and match[4] in (None, "1"):
            mapped[int(match[1])] = (match[2], int(match[3]))
    parameters = dict(value.partition(" ")[::2] for value in media.attributes("fmtp"))
    codecs = []
    for written in media.formats:
        if not written.isdecimal() or len(written) > 3 or int(written) > 127:
            raise ProtocolViolation("SDP payload type is not a number from 0 to 127")
        number = int(written)
        if number not in mapped and number in _STATIC:
            name, _, rate = _STATIC[number].partition("/")
            mapped[number] = (name, int(rate))
        if number in mapped:
            name, clock_rate = mapped[number]
            # Encoding names are compared without case (RFC 8866 §6.6).
            name = _DTMF if name.lower() == _DTMF else name.upper()
            codecs.append(Codec(name, number, clock_rate, parameters.get(written)))
    return codecs


def _rtcp_port(media: MediaDescription) -> int:
    """The port of `a=rtcp` (RFC 3605), else the next one after RTP's."""
    match = _PORT.fullmatch(media.attribute("rtcp") or "")
    port = int(match[1]) if match is not None else media.port + 1
    return port if port < 65536 else 0


def _direction(session: SessionDescription, media: MediaDescription, *, on_hold: bool) -> Direction:
    stated = [value for letter, value in (*media.lines, *session.lines) if letter == "a" and value in _DIRECTIONS]
    direction = _DIRECTIONS[stated[0]] if stated else "sendrecv"
    # Hold as in RFC 2543: an address nobody can send to (RFC 3264 §8.4).
    return _made_of(sends=_sends(direction), receives=False) if on_hold else direction


def _dtmf_payload_type(media: MediaDescription) -> int | None:
    return next((codec.payload_type for codec in _codecs(media) if codec.name == _DTMF), None)


@remembered(*ADDRESS)
def _is_unicast(address: str) -> bool:
    """True for an IP literal of one host: no name, no zone, nothing that would multiply what we send."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (ip.is_multicast or str(ip) == _BROADCAST or "%" in str(ip))


# --- deciding


def _choose(
    offer: bytes | SessionDescription, supported: Sequence[str], local_address: str
) -> tuple[int, AudioDescription, Codec]:
    unreachable = False
    for slot in range(len(_parsed(offer).media)):
        audio = _audio(offer, slot)
        codec = _first_common(audio.codecs, supported) if audio is not None else None
        if audio is not None and codec is not None:
            if _is_reachable(audio, local_address):
                return slot, audio, codec
            unreachable = True
    if unreachable:
        raise OtherAddresses
    raise NothingInCommon("No audio stream with a codec in common")


def _is_reachable(audio: AudioDescription, local_address: str) -> bool:
    """True where both addresses are IPv4, or IPv6; and of a stream on hold, which nothing is sent to."""
    return (":" in audio.address) == (":" in local_address) or audio.address in _UNSPECIFIED


def _first_common(codecs: Sequence[Codec], supported: Sequence[str]) -> Codec | None:
    return next((codec for codec in codecs if _is_one_of(codec, supported)), None)


def _is_one_of(codec: Codec, supported: Sequence[str]) -> bool:
    return codec.name in supported and codec.clock_rate == 8000


def _sends(direction: Direction) -> bool:
    return direction in ("sendrecv", "sendonly")


def _receives(direction: Direction) -> bool:
    return direction in ("sendrecv", "recvonly")


def _made_of(*, sends: bool, receives: bool) -> Direction:
    if sends:
        return "sendrecv" if receives else "sendonly"
    return "recvonly" if receives else "inactive"


def _meet(ours: Direction, theirs: Direction) -> Direction:
    """Our direction: we send what they receive, and receive what they send (RFC 3264 §6.1)."""
    return _made_of(sends=_sends(ours) and _receives(theirs), receives=_receives(ours) and _sends(theirs))


def _negotiated(codec: Codec, audio: AudioDescription, direction: Direction) -> Negotiated:
    return Negotiated(
        codec, audio.dtmf_payload_type, (audio.address, audio.port), (audio.address, audio.rtcp_port), direction
    )


# --- writing


def _audio_slot(media: Sequence[MediaDescription]) -> int:
    """The place of the live audio stream among the m= lines; of the first one when none is live."""
    live = (slot for slot, stream in enumerate(media) if stream.port)
    return next(live, 0)


def _stream(port: int, codecs: Sequence[Codec], dtmf: int | None, direction: Direction) -> str:
    """The m= line of our audio with those that belong to it."""
    formats = " ".join([str(codec.payload_type) for codec in codecs])
    lines = "".join([f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}\r\n" for codec in codecs])
    if dtmf is not None:
        formats += f" {dtmf}"
        lines += f"a=rtpmap:{dtmf} {_DTMF}/8000\r\na=fmtp:{dtmf} {_DTMF_EVENTS}\r\n"
    return f"m=audio {port} RTP/AVP {formats}\r\n{lines}a=ptime:{_PTIME}\r\na={direction}\r\n"


def _refused(media: MediaDescription) -> str:
    """The same stream with port 0, which is no (RFC 3264 §6)."""
    return str(MediaDescription(media.kind, 0, media.protocol, media.formats))


def _session(address: str, session_id: int, version: int, times: str, streams: Sequence[str]) -> bytes:
    here = internet_address(address)
    text = f"v=0\r\no=- {session_id} {version} {here}\r\ns=-\r\nc={here}\r\nt={times}\r\n{''.join(streams)}"
    return text.encode("utf-8", "surrogateescape")
