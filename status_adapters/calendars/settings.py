"""What an administrator sets of an adapter for calendars."""

from dataclasses import dataclass

from provisioning.kinds import choice, flag, list_of, perhaps, seconds, text
from provisioning.settings import setting
from status_adapters.registry import NO_SECRET, URL

PERSON = text("a person, such as anna@nordlys.example", r"[^\s=@]+@[^\s=@]+")
_OWN_URL = text("PERSON=URL, such as anna@nordlys.example=https://c.example/a.ics", r"[^\s=@]+@[^\s=@]+=https?://\S+")


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """People's calendars, as iCalendar feeds or on a CalDAV server."""

    protocol: str = setting(
        choice("ics", "caldav"), "ics", "`ics`: a feed for each person; `caldav`: a server of them."
    )
    url: str = setting(
        perhaps(URL, empty="only those in people"),
        "",
        "Where a person's calendar is. {user}, {domain}, {mail} stand for the person's.",
    )
    people: tuple[str, ...] = setting(list_of(_OWN_URL), [], "Calendars that are elsewhere than url says.")
    user: str = setting(perhaps(text("a user name"), empty="no log-in"), "", "With this name the adapter logs in.")
    password: str = setting(NO_SECRET, "", "The password's secret.")
    refresh_seconds: float = setting(seconds(30, 86_400), 300, "How often each calendar is looked at.")
    at_once: int = setting(_few := _whole_few(), 8, "How many are looked at at the same time.")
    tentative: bool = setting(flag(), False, "Whether a tentative time counts as busy.")
    titles_of: tuple[str, ...] = setting(
        list_of(PERSON),
        [],
        "People who have agreed that the titles of their meetings are shown; of others none is kept.",
    )
    vacation_words: tuple[str, ...] = setting(
        list_of(text("a word")),
        ["vacation", "holiday", "ferie", "urlaub", "semester", "loma", "congé"],
        "A whole day with one of these words in its title or categories is a vacation.",
    )
