"""Messages of real calls and of RFC 4475, and ways to spoil them."""

import random
from collections.abc import Callable

from tests.sipcore.torture import TORTURE, torture_message

_SDP = (
    "v=0\r\no=- 20 20 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)


def typical(
    method: str,
    number: int = 1,
    *,
    call: str = "c1",
    to_tag: str = "",
    fields: str = "",
    body: str = "",
    branch: str = "b",
) -> bytes:
    """A request as a phone sends it; `fields` are lines with CRLF."""
    return (
        f"{method} sip:200@nordlys.example SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK{branch}{method}{number};rport\r\n"
        f"Max-Forwards: 70\r\n"
        f'From: "Anna" <sip:100@nordlys.example>;tag=a{call}\r\n'
        f"To: <sip:200@nordlys.example>{f';tag={to_tag}' if to_tag else ''}\r\n"
        f"Call-ID: {call}@192.0.2.7\r\n"
        f"CSeq: {number} {method}\r\n"
        f"Contact: <sip:100@192.0.2.7:5060>\r\n"
        f"{fields}"
        f"{'Content-Type: application/sdp' + chr(13) + chr(10) if body else ''}"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def corpus() -> list[bytes]:
    """One of each kind of message."""
    calling = "Allow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE\r\nSupported: 100rel, timer, replaces\r\n"
    timer = "Session-Expires: 1800;refresher=uac\r\nMin-SE: 90\r\n"
    response = typical("INVITE", body=_SDP, fields=calling).split(b"\r\n", 1)[1]
    return [
        *(torture_message(name) for name in TORTURE),
        typical("INVITE", body=_SDP, fields=calling + timer),
        typical("INVITE", 2, call="c2", fields=calling + "Require: 100rel\r\nRecord-Route: <sip:192.0.2.1;lr>\r\n"),
        typical(
            "INVITE", 3, call="c3", fields='Replaces: c1;to-tag=1;from-tag=2\r\nReason: SIP;cause=200;text="x"\r\n'
        ),
        typical("CANCEL"),
        typical("ACK", to_tag="t"),
        typical("BYE", 2, to_tag="t", fields="Reason: Q.850;cause=16\r\n"),
        typical("PRACK", 2, to_tag="t", fields="RAck: 1 1 INVITE\r\n"),
        typical("UPDATE", 3, to_tag="t", body=_SDP),
        typical("INFO", 4, to_tag="t", body="Signal=5\r\nDuration=160\r\n"),
        typical("OPTIONS", fields="Accept: application/sdp\r\n"),
        typical("REGISTER", fields='Expires: 3600\r\nAuthorization: Digest username="100", realm="n", nonce="x"\r\n'),
        typical("SUBSCRIBE", fields="Event: dialog;id=1\r\nExpires: 600\r\nAccept: application/dialog-info+xml\r\n"),
        typical("NOTIFY", 5, to_tag="t", fields="Event: dialog\r\nSubscription-State: active;expires=9\r\n"),
        typical("MESSAGE", fields="Content-Type: text/plain\r\n"),
        b"SIP/2.0 180 Ringing\r\n" + response,
        b"SIP/2.0 200 OK\r\n" + response,
        b'SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest realm="n", nonce="1", qop="auth"\r\n' + response,
    ]


_SPARKS = [
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b"\r\n ",
        b"\0",
        b"\xff\xfe",
        b"\xc3\xa6",
        b" ",
        b"\t",
        b":",
        b";",
        b",",
        b"<",
        b">",
    ),
    *(
        b'"',
        b"\\",
        b"@",
        b"?",
        b"%",
        b"%00",
        b"%0d%0a",
        b"=",
        b"*",
        b"[",
        b"]",
        b"[::1]",
        b"0",
        b"-1",
        b"256",
        b"2147483648",
    ),
    *(
        b"9" * 40,
        b"A" * 3000,
        b'"' * 300,
        b"<" * 300,
        b"SIP/2.0",
        b"z9hG4bK",
        b";tag=",
        b";tag=x",
        b";rport",
        b";received=::1",
    ),
    *(
        b"sip:",
        b"sips:a@b",
        b"tel:+45",
        b"<sip:a@b;lr>",
        b"INVITE",
        b"ACK",
        b"CANCEL",
        b"BYE",
        b"100rel",
        b"Require: x\r\n",
    ),
    *(
        b"Content-Length: 7\r\n",
        b"l: 0\r\n",
        b"Content-Encoding: gzip\r\n",
        b"Via: SIP/2.0/UDP x\r\n",
        b"To: <sip:a@b>\r\n",
    ),
    *(b"Content-Type: multipart/mixed;boundary=x\r\n", b"RAck: 1 1 INVITE\r\n", b"RSeq: 0\r\n", b"Min-SE: 1\r\n"),
    *(
        b"Session-Expires: 1\r\n",
        b"Route: <sip:evil>\r\n",
        b"Record-Route: x\r\n",
        b"Contact: *\r\n",
        b"m=audio 0 RTP/AVP 8\r\n",
    ),
]


def _insert(data: bytes, dice: random.Random) -> bytes:
    at = dice.randint(0, len(data))
    return data[:at] + dice.choice(_SPARKS) + data[at:]


def _overwrite(data: bytes, dice: random.Random) -> bytes:
    at, spark = dice.randint(0, len(data)), dice.choice(_SPARKS)
    return data[:at] + spark + data[at + len(spark) :]


def _flip(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) or 1)
    return data[:at] + bytes([dice.randrange(256)]) + data[at + 1 :]


def _cut(data: bytes, dice: random.Random) -> bytes:
    start = dice.randint(0, len(data))
    return data[:start] + data[start + dice.randint(1, 40) :]


def _truncate(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randint(0, len(data))]


def _drop_line(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    del lines[dice.randrange(len(lines))]
    return b"\r\n".join(lines)


def _repeat_line(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    lines.insert(dice.randrange(len(lines)), dice.choice(lines))
    return b"\r\n".join(lines)


def _swap_lines(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\r\n".join(lines)


def _spoil_value(data: bytes, dice: random.Random) -> bytes:
    lines = data.split(b"\r\n")
    at = dice.randrange(len(lines))
    name, colon, _ = lines[at].partition(b":")
    lines[at] = name + colon + b" " + dice.choice(_SPARKS)
    return b"\r\n".join(lines)


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _insert,
    _overwrite,
    _flip,
    _cut,
    _truncate,
    _drop_line,
    _repeat_line,
    _swap_lines,
    _spoil_value,
)


def spoil(data: bytes, dice: random.Random) -> bytes:
    """The message with none to a few things wrong."""
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3, 6))):
        data = dice.choice(_WAYS)(data, dice)
    return data
