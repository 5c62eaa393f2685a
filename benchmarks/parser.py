"""The parser by itself: messages a CPU-second on one core.

    python -m benchmarks.parser [--keep] [ROW ...]

Each of 10,000 messages has a branch, tag, Call-ID and CSeq number of its own and comes from one of 500 phones. `split`
is the lazy parse alone; `read` adds Via, From, To, Call-ID and CSeq, `check` everything that is judged before a request
is worked on; `write` is bytes from a parsed message, `answer` a 200 made from a request, and written.
"""

import time
from collections.abc import Callable

from benchmarks.results import Result
from benchmarks.script import command_line, tell, wanted
from sipcore.answering import response_to
from sipcore.message import Message, Request, parse_message
from sipcore.validation import check_request

SDP = """v=0
o=- 20 20 IN IP4 192.0.2.7
s=-
c=IN IP4 192.0.2.7
t=0 0
m=audio 11780 RTP/AVP 8 0 9 101
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:9 G722/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv
"""
INVITE = f"""INVITE sip:4533221100@nordlys.example SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5{{phone}};branch=z9hG4bK30861{{number}};rport
From: "Anna Berg" <sip:{{phone}}@nordlys.example>;tag=14109{{number}}
To: <sip:4533221100@nordlys.example>
Call-ID: 0_19034{{number}}@192.0.2.7
CSeq: {{number}} INVITE
Contact: <sip:{{phone}}@192.0.2.7:5{{phone}}>
Content-Type: application/sdp
Allow: INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, UPDATE, MESSAGE
Max-Forwards: 70
User-Agent: Yealink SIP-T46S 66.86.0.15
Allow-Events: talk,hold,conference,refer,check-sync
Supported: replaces, timer, 100rel
Content-Length: {len(SDP) + SDP.count(chr(10))}

{SDP}"""
REGISTER = """REGISTER sip:nordlys.example SIP/2.0
Via: SIP/2.0/UDP 192.0.2.7:5{phone};branch=z9hG4bK30861{number};rport
From: "Anna Berg" <sip:{phone}@nordlys.example>;tag=14109{number}
To: "Anna Berg" <sip:{phone}@nordlys.example>
Call-ID: 0_19034{number}@192.0.2.7
CSeq: {number} REGISTER
Contact: <sip:{phone}@192.0.2.7:5{phone}>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-001565a1b{phone}>"
Authorization: Digest username="{phone}", realm="nordlys.example", nonce="6f0c1e", uri="sip:nordlys.example", \
response="0123456789abcdef0123456789abcdef", algorithm=MD5, cnonce="0a4f113b", qop=auth, nc=00000001
Max-Forwards: 70
User-Agent: Yealink SIP-T46S 66.86.0.15
Expires: 3600
Content-Length: 0

"""
OK = """SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKk2f9d{number};rport=5060;received=192.0.2.1
From: <sip:200@nordlys.example>;tag=9f8e7{number}
To: "Anna Berg" <sip:{phone}@nordlys.example>;tag=14109{number}
Call-ID: 0_19034{number}@192.0.2.7
CSeq: {number} NOTIFY
User-Agent: Yealink SIP-T46S 66.86.0.15
Content-Length: 0

"""
NUMBER = 10_000


def request(data: bytes) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


def read(data: bytes) -> Message:
    """Parse, and read the headers that every message is matched by."""
    message = parse_message(data)
    message.via, message.from_, message.to, message.call_id, message.cseq  # noqa: B018
    return message


def check(data: bytes) -> None:
    check_request(request(data))


def write(data: bytes) -> bytes:
    return parse_message(data).to_bytes()


def answer(data: bytes) -> bytes:
    return response_to(
        request(data), 200, to_tag="1928301774", body=b"v=0\r\n", content_type="application/sdp"
    ).to_bytes()


ROWS: dict[str, tuple[str, Callable[[bytes], object]]] = {
    "parser-invite-split": (INVITE, parse_message),
    "parser-invite-read": (INVITE, read),
    "parser-invite-check": (INVITE, check),
    "parser-invite-split-and-write": (INVITE, write),
    "parser-invite-answer": (INVITE, answer),
    "parser-register-split": (REGISTER, parse_message),
    "parser-register-read": (REGISTER, read),
    "parser-register-check": (REGISTER, check),
    "parser-200-split": (OK, parse_message),
    "parser-200-read": (OK, read),
}


def per_cpu_second(template: str, work: Callable[[bytes], object]) -> float:
    """Messages that `work` does in a CPU-second: in the best of 100 short rounds, when nobody else disturbs."""
    lines = template.replace("\n", "\r\n")
    messages = [lines.format(phone=f"{i % 500:03}", number=i).encode() for i in range(NUMBER)]
    best = 0.0
    share = NUMBER // 100
    for start in range(0, NUMBER, share):
        round_ = messages[start : start + share]
        started = time.process_time_ns()
        for data in round_:
            work(data)
        best = max(best, share * 1e9 / (time.process_time_ns() - started))
    return best


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    tell(
        (
            Result(row, round(per_cpu_second(*ROWS[row]), -2), "per CPU-second")
            for row in ROWS
            if wanted(arguments, row)
        ),
        arguments,
    )


if __name__ == "__main__":
    main()
