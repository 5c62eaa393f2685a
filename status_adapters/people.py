"""How settings name people: `anna@nordlys.example` is `sip:anna@nordlys.example`."""

from collections.abc import Iterable
from urllib.parse import quote

from provisioning.kinds import Kind, text
from status_adapters.adapter import Watched

PERSON: Kind[str] = text("a person, such as anna@nordlys.example", r"[^\s=@]+@[^\s=@]+")


def person_is(word: str) -> Kind[str]:
    """The kind of a setting that says something of one person: `PERSON=WORD`."""
    return text(
        f"PERSON={word}, such as anna@nordlys.example={word.lower()}", r"[^\s=@]+@[^\s=@]+=\S+", max_length=2000
    )


def by_presentity(entries: Iterable[str]) -> dict[str, str]:
    """What settings of `person_is` say, by presentity."""
    return {f"sip:{person}": said for person, _, said in (entry.partition("=") for entry in entries)}


def filled(template: str, person: Watched) -> str:
    """A URL with a person's `{user}`, `{domain}` and `{mail}` in it; empty where the person has no mail and it asks."""
    if "{mail}" in template and not person.mail:
        return ""
    user, _, domain = person.presentity.removeprefix("sip:").partition("@")
    for word, value in (("{user}", user), ("{domain}", domain), ("{mail}", person.mail)):
        template = template.replace(word, quote(value, safe="@"))
    return template
