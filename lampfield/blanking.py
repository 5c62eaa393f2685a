"""SIP messages as people may see them: what somebody could log in with, or open a mailbox, is blanked."""

import re

_BLANK = "***"
_CREDENTIALS = re.compile(
    r"(?im)^((?:proxy-)?authorization|authentication-info)([ \t]*:[ \t]*)((?:[^\r\n]|\r\n[ \t])*)"
)
"""Headers with proofs, folded or not."""
_PROOF = re.compile(r'"(?:[^"\\]|\\.)*"|\b((?:response|rspauth)\s*=\s*)(?:"(?:[^"\\]|\\.)*"|[^\s,]+)', re.I | re.S)
"""A digest's proof; quoted strings are passed over, for they may say anything."""
_KEY_PRESS = re.compile(r"(?im)^([ \t]*signal[ \t]*=[ \t]*)[^\r\n]+")


def blanked(text: str, content_type: str) -> str:
    """A whole message without digest responses, other credentials, and keys that were pressed (SIP INFO)."""
    head, end, body = text.partition("\r\n\r\n")
    if content_type == "application/dtmf-relay":
        body = _KEY_PRESS.sub(rf"\1{_BLANK}", body)
    elif content_type == "application/dtmf":
        body = _BLANK
    return _CREDENTIALS.sub(_without_proof, head) + end + body


def _without_proof(header: re.Match[str]) -> str:
    name, colon, value = header.groups()
    if name.lower() != "authentication-info" and not value.lower().lstrip().startswith("digest"):
        return f"{name}{colon}{_BLANK}"
    return name + colon + _PROOF.sub(lambda proof: f'{proof[1]}"{_BLANK}"' if proof[1] else proof[0], value)
