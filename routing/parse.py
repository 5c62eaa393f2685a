"""The written form of a destination, as it stands in a company's file and in events."""

from routing.model import Destination

KINDS_WITH_A_NAME = ("person", "queue", "menu", "number", "message")

EXPECTED = "expected person:ID, queue:NAME, menu:NAME, number:+E164, message:PROMPT or hangup"


def parse_destination(text: str) -> Destination:
    """Read `queue:sales`, `hangup` and the like; `str(destination)` writes it.

    Raises ValueError saying what was expected. Whether the name exists is not asked here.
    """
    kind, colon, name = text.strip().partition(":")
    if kind == "hangup" and not colon:
        return Destination("hangup")
    name = name.strip()
    if kind not in KINDS_WITH_A_NAME or not name:
        raise ValueError(f"{text!r}: {EXPECTED}")
    if kind == "number" and not _is_e164(name):
        raise ValueError(f"{text!r}: expected an international number such as number:+4533221100")
    return Destination(kind, name)  # type: ignore[arg-type]  # one of KINDS_WITH_A_NAME


def _is_e164(number: str) -> bool:
    """ITU-T E.164 §6: at most 15 digits with the country code."""
    return number.startswith("+") and number[1:].isascii() and number[1:].isdigit() and 7 <= len(number) - 1 <= 15
