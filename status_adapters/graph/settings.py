"""What an administrator sets of an adapter for Microsoft 365."""

from dataclasses import dataclass

from provisioning.kinds import flag, perhaps, seconds, text
from provisioning.problems import Problems
from provisioning.settings import required, setting
from status_adapters.registry import NO_SECRET, SECRET, URL

_GUID = text("a GUID", r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """People's presence and calendars in Microsoft 365 by Graph, and their calls here told to Teams."""

    tenant: str = required(
        text("a tenant's GUID or domain", r"[A-Za-z0-9.-]+"), "nordlys.example", "The company's tenant."
    )
    client_id: str = required(_GUID, "22553876-f5ab-4529-bffb-cfe50aa89f87", "The registered application.")
    secret_name: str = required(SECRET, "graph", "The secret that is the application's password.")
    presence: bool = setting(flag(), True, "Take in people's presence. Needs Presence.Read.All and User.ReadBasic.All.")
    poll_seconds: float = setting(seconds(5, 600), 30, "How often presence is asked for that no subscription tells of.")
    watcher_secret_name: str = setting(
        NO_SECRET,
        "",
        "The secret that is a refresh token of a user with Presence.Read.All; with it changes are told at once.",
    )
    calendars: bool = setting(flag(), True, "Take in when people are busy, never with what. Needs Calendars.ReadBasic.")
    calendar_seconds: float = setting(seconds(60, 86_400), 300, "How often calendars are asked for.")
    tentative: bool = setting(flag(), False, "Whether a tentative time counts as busy.")
    tell_calls: bool = setting(flag(), True, "Show Teams people's calls here. Needs Presence.ReadWrite.All.")
    api_url: str = setting(URL, "https://graph.microsoft.com/v1.0", "Another one for national clouds.")
    login_url: str = setting(URL, "https://login.microsoftonline.com", "Another one for national clouds.")
    domain: str = setting(
        perhaps(text("a domain"), empty="as their mail addresses say"),
        "",
        "Where people are known as USER@DOMAIN there, whatever mail address they have here.",
    )


def check(settings: GraphSettings, key: str, problems: Problems) -> None:
    """What is wrong between the settings."""
    if not (settings.presence or settings.calendars or settings.tell_calls):
        problems.add(f"{key}.presence", False, "true, or calendars or tell_calls: now the adapter has nothing to do")
