"""What an administrator sets of an SMS gateway."""

from dataclasses import dataclass

from provisioning.kinds import text
from provisioning.settings import required, setting
from status_adapters.registry import SECRET

_NAME = text("a name of letters, digits, - and _", r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class TextSettings:
    """Texts to a number of yours, which a gateway sends on by HTTP: `lunch until 12:30` sets the sender's status."""

    secret_name: str = required(SECRET, "sms", "What the gateway proves itself with: its bearer token, or parameter.")
    token_parameter: str = setting(_NAME, "token", "The parameter that has the secret, where there is no header.")
    from_parameter: str = setting(_NAME, "from", "The parameter that has the sender's number.")
    text_parameter: str = setting(_NAME, "text", "The parameter that has the text.")
