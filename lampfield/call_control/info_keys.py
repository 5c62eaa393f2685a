"""Keys that phones send in SIP INFO instead of RTP events."""

_CODES = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
"""Event codes of RFC 4733 §3.2, which some phones put where the key belongs."""


def keys_of_info(content_type: str, body: bytes) -> str:
    """The keys in an INFO body: `application/dtmf-relay` has a line `Signal=5`, `application/dtmf` the bare key."""
    text = body.decode("ascii", "replace").strip()
    if content_type == "application/dtmf-relay":
        lines = (line.partition("=") for line in text.splitlines())
        signals = [value.strip() for name, _, value in lines if name.strip().lower() == "signal"]
        text = signals[0] if signals else ""
    elif content_type != "application/dtmf":
        return ""
    key = _CODES.get(text, text).upper()
    return key if len(key) == 1 and key in "0123456789*#ABCD" else ""
