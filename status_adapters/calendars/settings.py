"""What an administrator sets of an adapter for calendars."""

from dataclasses import dataclass

from provisioning.kinds import choice, flag, list_of, perhaps, seconds, text, whole
from provisioning.problems import Problems
from provisioning.settings import setting
from status_adapters.people import PERSON, person_is
from status_adapters.registry import NO_SECRET, URL


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """People's calendars, as iCalendar feeds or on a CalDAV server."""

    protocol: str = setting(
        choice("ics", "caldav"), "ics", "`ics`: a feed for each person; `caldav`: a server of them."
    )
    url: str = setting(
        perhaps(URL, empty="only those in people"),
        "",
        "Where a person's calendar is; {user}, {domain} and {mail} stand for the person's.",
    )
    people: tuple[str, ...] = setting(list_of(person_is("URL")), [], "Calendars that are elsewhere than url says.")
    username: str = setting(
        perhaps(text("a user name"), empty="no log-in"), "", "The name with which the adapter logs in."
    )
    secret_name: str = setting(NO_SECRET, "", "The secret that is its password.")
    refresh_seconds: float = setting(seconds(30, 86_400), 300, "How often each calendar is looked at.")
    at_once: int = setting(whole(1, 100), 8, "How many are looked at at the same time.")
    tentative: bool = setting(flag(), False, "Whether a tentative time counts as busy.")
    titles_of: tuple[str, ...] = setting(
        list_of(PERSON), [], "People who have agreed that titles are shown; of others none is kept."
    )
    vacation_words: tuple[str, ...] = setting(
        list_of(text("a word")),
        ["vacation", "holiday", "ferie", "urlaub", "semester", "loma"],
        "A whole day with one of these in its title or categories is a vacation.",
    )


def check(settings: CalendarSettings, key: str, problems: Problems) -> None:
    """What is wrong between the settings."""
    if not settings.url and not settings.people:
        problems.add(f"{key}.url", settings.url, f"a URL, where {key}.people is empty")
    if bool(settings.username) != bool(settings.secret_name):
        problems.add(f"{key}.secret_name", settings.secret_name, f"set where {key}.username is, and only there")
