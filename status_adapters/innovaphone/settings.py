"""What an administrator sets of a link to an innovaphone PBX."""

from dataclasses import dataclass

from provisioning.kinds import choice, flag, list_of, text
from provisioning.settings import required, setting
from status_adapters.people import person_is
from status_adapters.registry import SECRET, URL


@dataclass(frozen=True, slots=True)
class InnovaphoneSettings:
    """A link to an innovaphone PBX by its SOAP interface: its users' calls and presence in, people's states out."""

    url: str = required(URL, "https://pbx.nordlys.example/PBX0/user.soap", "The SOAP interface of the PBX.")
    username: str = required(
        text("a user's name"), "lampfield", "The user object that we log in as, an active member of the group."
    )
    secret_name: str = required(SECRET, "pbx", "The secret that is its password.")
    group: str = setting(text("a group's name"), "api", "Who is in this group without being active is monitored.")
    direction: str = setting(
        choice("both", "in", "out"), "both", "`in`: take in calls and presence; `out`: show people's states there."
    )
    people: tuple[str, ...] = setting(
        list_of(person_is("NAME")), [], "Who is which user there, where neither mobile number nor mail address tell."
    )
    verify: bool = setting(flag(), True, "Whether the certificate of the PBX has to be good.")
