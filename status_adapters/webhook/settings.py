"""What an administrator sets of a webhook."""

from dataclasses import dataclass

from provisioning.kinds import seconds, text
from provisioning.settings import required, setting
from status_adapters.registry import SECRET

SOURCE_KIND = text("a word of small letters and -", r"[a-z][a-z-]{0,30}")


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Any program that says by signed HTTP requests what people do."""

    secret_name: str = required(SECRET, "webhook", "The secret that requests are signed with.")
    source: str = setting(
        SOURCE_KIND,
        "webhook",
        "The kind of source that it is, by which rules rank it: mobile, computer ...",
    )
    window_seconds: float = setting(
        seconds(5, 3600), 300, "How far the time of a request may be from ours; it is taken once within."
    )
