"""What the configuration says, in the SIP core's own terms."""

from lampfield.configuration import Configuration
from sipcore.notifier import NotifierConfig
from sipcore.notify_admission import Durations
from sipcore.publication import CompositorConfig
from sipcore.registrar import RegistrarConfig


def registrar(configuration: Configuration) -> RegistrarConfig:
    """For how long, and for how many phones, people register."""
    wanted = configuration.registrations
    return RegistrarConfig(
        min_expires=int(wanted.min_seconds),
        max_expires=int(wanted.max_seconds),
        default_expires=int(wanted.default_seconds),
        max_bindings=wanted.contacts,
    )


def notifier(configuration: Configuration) -> NotifierConfig:
    """For how long phones subscribe, and how many subscriptions there are."""
    return NotifierConfig(
        user_agent=configuration.sip.user_agent,
        advertised_host=configuration.sip.advertised_address,
        durations=_durations(configuration),
        most_subscriptions=configuration.limits.subscriptions,
    )


def compositor(configuration: Configuration) -> CompositorConfig:
    """For how long states are published: as long as they are subscribed to."""
    return CompositorConfig(_durations(configuration), most_publications=configuration.limits.subscriptions)


def _durations(configuration: Configuration) -> Durations:
    durations = configuration.subscriptions
    return Durations(int(durations.min_seconds), int(durations.max_seconds), int(durations.default_seconds))
