"""What an administrator sets of a link to an Asterisk."""

from dataclasses import dataclass

from provisioning.kinds import choice, list_of, perhaps, text
from provisioning.problems import Problems
from provisioning.settings import required, setting
from status_adapters.people import person_is
from status_adapters.registry import SECRET, URL


@dataclass(frozen=True, slots=True)
class AriSettings:
    """A link to an Asterisk by its REST interface (ARI): states of its devices in, people's states out."""

    url: str = required(URL, "http://pbx.nordlys.example:8088/ari", "The REST interface.")
    username: str = required(text("a user's name"), "lampfield", "The user of ari.conf.")
    secret_name: str = required(SECRET, "asterisk", "The secret that is its password.")
    application: str = setting(text("a name", r"[A-Za-z0-9_-]+"), "lampfield", "The name of our Stasis application.")
    device: str = setting(
        perhaps(text("a device"), empty="only those in people"),
        "PJSIP/{user}",
        "Which device is a person's; {user} stands for what is before the @.",
    )
    people: tuple[str, ...] = setting(list_of(person_is("DEVICE")), [], "Devices that are called otherwise.")
    shown_as: str = setting(
        text("a name that begins with Stasis:", r"Stasis:\S+"),
        "Stasis:{user}",
        "The device that shows a person's state here; a hint or a queue may name it.",
    )
    direction: str = setting(
        choice("both", "in", "out"), "both", "`in`: take in devices' states; `out`: show people's states there."
    )


def check(settings: AriSettings, key: str, problems: Problems) -> None:
    """What is wrong between the settings."""
    if "{user}" not in settings.shown_as and settings.direction != "in":
        problems.add(f"{key}.shown_as", settings.shown_as, "a name with {user} in it: all people would be one device")
    if settings.device and "{user}" not in settings.device:
        problems.add(f"{key}.device", settings.device, 'a name with {user} in it, or ""')
