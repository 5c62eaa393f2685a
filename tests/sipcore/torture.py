"""What RFC 4475 asks for each of its messages, and which of the ways that it leaves open is ours."""

from pathlib import Path
from typing import Literal, NamedTuple

FOLDER = Path(__file__).parent.parent / "data" / "rfc4475"


class Ask(NamedTuple):
    """`section` of RFC 4475; `verdict` on the message: the status it is refused with, `accept` or `drop`.

    `endpoint` is what becomes of an accepted message at a user agent that knows no dialog: `pass` it to the layer above
    (which finds the user, authenticates and registers), or the status with which the stack answers by itself.
    """

    section: str
    verdict: Literal["accept", "drop"] | int
    endpoint: Literal["pass", "drop"] | int = "pass"
    why: str = ""


TORTURE: dict[str, Ask] = {
    "wsinv": Ask("3.1.1.1", "accept", 481, "its To has a tag, and there is no such dialog (RFC 3261 §12.2.2)"),
    "intmeth": Ask("3.1.1.2", "accept", 501),
    "esc01": Ask("3.1.1.3", "accept"),
    "escnull": Ask("3.1.1.4", "accept"),
    "esc02": Ask("3.1.1.5", "accept", 501),
    "lwsdisp": Ask("3.1.1.6", "accept"),
    "longreq": Ask("3.1.1.7", "accept"),
    "dblreq": Ask("3.1.1.8", "accept"),
    "semiuri": Ask("3.1.1.9", "accept"),
    "transports": Ask("3.1.1.10", "accept"),
    "mpart01": Ask("3.1.1.11", "accept", 405, "nobody takes MESSAGE"),
    "unreason": Ask("3.1.1.12", "accept", "drop", "a response to nothing we sent (RFC 3261 §18.1.2)"),
    "noreason": Ask("3.1.1.13", "accept", "drop", "a response to nothing we sent (RFC 3261 §18.1.2)"),
    "badinv01": Ask("3.1.2.1", 400),
    "clerr": Ask("3.1.2.2", 400),
    "ncl": Ask("3.1.2.3", 400),
    "scalar02": Ask("3.1.2.4", 400),
    "scalarlg": Ask("3.1.2.5", "drop"),
    "quotbal": Ask("3.1.2.6", 400),
    "ltgtruri": Ask("3.1.2.7", 400),
    "lwsruri": Ask("3.1.2.8", 400),
    "lwsstart": Ask("3.1.2.9", "accept", why="liberal: the extra spaces are ignored and not sent on"),
    "trws": Ask("3.1.2.10", "accept", why="liberal: the trailing spaces are ignored and not sent on"),
    "escruri": Ask("3.1.2.11", 400),
    "baddate": Ask("3.1.2.12", "accept", why="liberal: we do not use Date"),
    "regbadct": Ask("3.1.2.13", 400),
    "badaspec": Ask("3.1.2.14", "accept", why="liberal: the spaces in the brackets are ignored"),
    "baddn": Ask("3.1.2.15", 400, why="its header has no end either, in the archive"),
    "badvers": Ask("3.1.2.16", 505),
    "mismatch01": Ask("3.1.2.17", 400),
    "mismatch02": Ask("3.1.2.18", 501),
    "bigcode": Ask("3.1.2.19", "drop"),
    "badbranch": Ask("3.2.1", 400),
    "insuf": Ask("3.3.1", 400),
    "unkscm": Ask("3.3.2", 416),
    "novelsc": Ask("3.3.3", 416),
    "unksm2": Ask("3.3.4", 400),
    "bext01": Ask("3.3.5", "accept", 420),
    "invut": Ask("3.3.6", "accept", 415),
    "regaut01": Ask("3.3.7", "accept"),
    "multi01": Ask("3.3.8", 400),
    "mcl01": Ask("3.3.9", 400),
    "bcast": Ask("3.3.10", "accept", "drop"),
    "zeromf": Ask("3.3.11", "accept"),
    "cparam01": Ask("3.3.12", "accept"),
    "cparam02": Ask("3.3.13", "accept"),
    "regescrt": Ask("3.3.14", "accept"),
    "sdp01": Ask("3.3.15", "accept", 406),
    "inv2543": Ask("3.4.1", "accept"),
    "test": Ask("A", "drop", why="not described; its request line has no version, and it has no Via to answer to"),
}


def torture_message(name: str) -> bytes:
    """The bytes of a message."""
    return (FOLDER / f"{name}.dat").read_bytes()
