"""What people write to say what they do: `lunch until 12:30`, `møde til kl. 15`, `urlaub bis 3.1.`. Pure.

Words of all five languages, whatever the company's own is; capitals make no difference. Times are meant on the
company's clock, and are the next such time.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from presence_pidf.status_report import Activity, StatusReport

WORDS: Mapping[Activity, tuple[str, ...]] = {
    "away": (
        *("lunch", "away", "out", "sick", "gone"),
        *("frokost", "borte", "ude", "syg", "gået"),
        *("lunsj", "ute", "syk", "gått"),
        *("borta", "rast", "sjuk", "gått"),
        *("mittag", "mittagspause", "weg", "abwesend", "krank"),
    ),
    "meeting": ("meeting", "møde", "møte", "möte", "besprechung", "meet", "termin", "kursus", "kurs", "course"),
    "vacation": ("vacation", "holiday", "ferie", "semester", "urlaub", "ferien"),
    "busy": ("busy", "optaget", "opptatt", "upptagen", "beschäftigt", "besetzt"),
    "do-not-disturb": ("dnd", "quiet", "forstyr", "ikke-forstyr", "stör", "nicht-stören"),
    "unknown": (
        *("available", "free", "clear", "here", "in"),
        *("ledig", "fri", "her", "inde", "inne"),
        *("tillgänglig", "här", "frei", "verfügbar", "da"),
    ),
}
"""By what they mean; `unknown` takes back what was said before."""
_UNTIL = "until|till|til|to|bis|tom|kl|klokken|klockan|um|uhr"
_TIME = re.compile(r"([01]?[0-9]|2[0-3])(?:[:.h]([0-5][0-9]))?")
_DAY = re.compile(r"([0-3]?[0-9])[./]([01]?[0-9])(?:[./]((?:20)?[0-9]{2})?)?")
_ISO_DAY = re.compile(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]")
_LENGTH = re.compile(r"([0-9]{1,3}) ?(m|min|minutes?|minutter|minuter|minuten|h|hours?|t|timer?|timmar|stunden?|std)")
_HOURS = frozenset(["h", "hour", "hours", "t", "time", "timer", "timmar", "stunde", "stunden", "std"])
_TOMORROW = frozenset(("tomorrow", "morgen", "imorgen", "imorgon", "i morgen", "i morgon"))
_FILLERS = frozenset((*_UNTIL.split("|"), "-", "–", "for", "in", "i", "kl.", "den", "d.", "at", "back", "the"))
MOST_TEXT = 160
SOURCE = "manual"
"""Of the reports: whichever way it was said, the last word counts."""


class NotUnderstood(Exception):
    """The text means nothing; the message, to be sent back, says what may be written."""


class StatusWish(msgspec.Struct, frozen=True):
    """What somebody wrote."""

    activity: Activity
    until: float | None = None
    """UTC epoch seconds."""
    note: str = ""

    def report(self, presentity: str, source: str, at: float) -> StatusReport:
        """What is reported of who wrote it at that time."""
        return StatusReport(
            presentity=presentity,
            source=source,
            activity=self.activity,
            at=at,
            received=at,
            expires_at=self.until,
            back_at=self.until,
            note=self.note,
        )


def meant(word: str) -> Activity | None:
    """What the first word of a text says, None for a word that says nothing of a person."""
    folded = word.casefold().strip(".,!:")
    return next((activity for activity, words in WORDS.items() if folded in words), None)


def understood(text: str, time_zone: str, now: float) -> StatusWish:
    """What a text means that is written at `now`, UTC epoch seconds. Raises NotUnderstood."""
    first, _, rest = " ".join(text.split()).partition(" ")
    activity = meant(first)
    if activity is None:
        words = ", ".join(words[0] for words in WORDS.values())
        known = f"Write one of: {words}; and until when, such as lunch until 12:30"
        raise NotUnderstood(f"{first[:40] or 'Nothing'}? {known}")
    if activity == "unknown":
        return StatusWish("unknown")
    note = f"{first} {rest}".strip()[:MOST_TEXT]
    here = datetime.fromtimestamp(now, ZoneInfo(time_zone))
    # `12.10` is a time, but of who is on vacation a day.
    until = _until(rest.casefold(), here, day_first=activity == "vacation")
    if until is not None and until <= here:
        raise NotUnderstood(f"{rest[:40]}? That is over")
    return StatusWish(activity, None if until is None else until.astimezone(UTC).timestamp(), note)


def confirmed(wish: StatusWish) -> str:
    """What is written back to who set a status."""
    return "You are shown as your phones have it" if wish.activity == "unknown" else f"You are shown as: {wish.note}"


def _until(rest: str, here: datetime, *, day_first: bool) -> datetime | None:
    """When it ends by what is written behind the word; None for no end. Raises NotUnderstood."""
    length = _LENGTH.fullmatch(_without_fillers(rest))
    if length is not None:
        hours = length[2] in _HOURS
        return here + (timedelta(hours=int(length[1])) if hours else timedelta(minutes=int(length[1])))
    day: date | None = None
    moment: time | None = None
    for word in _without_fillers(rest).split():
        if word in _TOMORROW:
            day = here.date() + timedelta(days=1)
        elif found := _day(word, here, day_first=day_first):
            day = found
        elif match := _TIME.fullmatch(word.rstrip(".,!")):
            moment = time(int(match[1]), int(match[2] or 0))
    if day is None and moment is None:
        return None
    if day is None and moment is not None:
        end = here.replace(hour=moment.hour, minute=moment.minute, second=0, microsecond=0)
        return end if end > here else end + timedelta(days=1)
    assert day is not None
    # A day alone is over at its end: who is away until the third is back on the fourth.
    return datetime.combine(day, moment or time(23, 59, 59), here.tzinfo)


def _without_fillers(rest: str) -> str:
    return " ".join(word for word in rest.split() if word.strip(".") not in _FILLERS and word not in _FILLERS)


def _day(word: str, here: datetime, *, day_first: bool) -> date | None:
    """A day as `24.12.`, `24/12` or `2026-12-24`; without a year the next such day. Raises NotUnderstood."""
    try:
        if _ISO_DAY.fullmatch(word):
            return date.fromisoformat(word)
        match = _DAY.fullmatch(word)
        if match is None or (_TIME.fullmatch(word) and not day_first):
            return None
        year = here.year if match[3] is None else int(match[3]) % 100 + 2000
        day = date(year, int(match[2]), int(match[1]))
    except ValueError:
        raise NotUnderstood(f"{word}? There is no such day") from None
    return day.replace(year=day.year + 1) if match[3] is None and day < here.date() else day
