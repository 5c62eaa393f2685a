"""What an administrator sets of an adapter for an operator's CAMARA APIs."""

from dataclasses import dataclass

from provisioning.kinds import Kind, choice, list_of, perhaps, seconds, text, whole
from provisioning.problems import Problems
from provisioning.settings import required, setting
from status_adapters.camara.purposes import PURPOSES
from status_adapters.registry import SECRET, URL

_CONSENT: Kind[str] = text(
    f"PERSON=PURPOSES, such as anna@nordlys.example=reachability,roaming; purposes are {', '.join(PURPOSES)}",
    rf"[^\s=@]+@[^\s=@]+=({'|'.join(PURPOSES)})(,({'|'.join(PURPOSES)}))*",
)


@dataclass(frozen=True, slots=True)
class CamaraSettings:
    """A mobile operator's CAMARA APIs: reachability, roaming, forwarding, location and network type of those who have
    consented.
    """

    url: str = required(URL, "https://api.operator.example", "The operator's apiRoot.")
    token_url: str = required(URL, "https://api.operator.example/oauth2/token", "Where access tokens are granted.")
    client_id: str = required(text("a client's id"), "nordlys", "The registered client.")
    secret_name: str = required(SECRET, "operator", "The secret that is its password.")
    consents: tuple[str, ...] = setting(
        list_of(_CONSENT),
        [],
        "Who has consented to what, beside those who do so while the server runs, whose word goes before it. Of nobody "
        "else, and for no other purpose, the operator is asked.",
    )
    subscriptions: tuple[str, ...] = setting(
        list_of(choice("reachability", "roaming", "network")),
        ["reachability", "roaming"],
        "Of what changes are subscribed to, where the operator can reach us; the rest is asked for.",
    )
    refresh_seconds: float = setting(seconds(60, 86_400), 600, "How often is asked for what no subscription tells.")
    resync_seconds: float = setting(
        seconds(600, 604_800), 21_600, "How often is asked for what a subscription tells, in case something got lost."
    )
    subscription_seconds: float = setting(seconds(600, 2_592_000), 86_400, "For how long subscriptions are made.")
    location_age: int = setting(whole(0, 86_400, "seconds"), 600, "How old a location may be.")
    purpose: str = setting(
        perhaps(text("a scope such as dpv:RequestedServiceProvision", r"dpv:[A-Za-z]+"), empty="none"),
        "dpv:RequestedServiceProvision",
        "The purpose that is told the operator (Data Privacy Vocabulary).",
    )
    at_once: int = setting(whole(1, 50), 8, "Requests at the same time.")


def consents_of(settings: CamaraSettings) -> dict[str, frozenset[str]]:
    """The purposes that each has consented to, by presentity."""
    entries = (consent.partition("=") for consent in settings.consents)
    return {f"sip:{person}": frozenset(purposes.split(",")) for person, _, purposes in entries}


def check(settings: CamaraSettings, key: str, problems: Problems) -> None:
    """What is wrong between the settings."""
    if len(consents_of(settings)) < len(settings.consents):
        problems.add(f"{key}.consents", list(settings.consents), "a list that holds each person once")
