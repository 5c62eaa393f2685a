"""What peers sent, as text that can be kept and shown."""


def as_text(sent: str) -> str:
    """The same where it came as UTF-8, as it should (RFC 3261 §7.3.1); other bytes are read as Latin-1.

    A header's value holds such bytes as surrogates, to be passed on as it came; no disk, no JSON and no screen takes
    them.
    """
    if sent.isascii():
        return sent
    try:
        sent.encode()
    except UnicodeEncodeError:
        # COMPAT(gateways to ISDN): callers' names in Latin-1.
        return sent.encode("utf-8", "surrogateescape").decode("latin-1")
    return sent
