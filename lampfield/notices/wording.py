"""What notices say, in the language of the company."""

from typing import NamedTuple

from routing.model import NoticeKind

FALLBACK = "en"

Sentences = dict[str, str]
"""By language; the names in braces are those of the notice's facts."""

SENTENCES: dict[NoticeKind, Sentences] = {
    "last-passive": {
        "en": "Nobody is active in {queue} any more: {member} was the last",
        "da": "Ingen er længere aktiv i {queue}: {member} var den sidste",
        "nb": "Ingen er lenger aktiv i {queue}: {member} var den siste",
        "sv": "Ingen är längre aktiv i {queue}: {member} var den sista",
        "de": "Niemand ist mehr aktiv in {queue}: zuletzt war es {member}",
    },
    "auto-pause": {
        "en": "{member} is paused in {queue}, for having missed too many calls in a row",
        "da": "{member} er sat på pause i {queue} efter for mange ubesvarede opkald i træk",
        "nb": "{member} er satt på pause i {queue} etter for mange ubesvarte anrop på rad",
        "sv": "{member} är pausad i {queue} efter för många missade samtal i rad",
        "de": "{member} pausiert in {queue} nach zu vielen verpassten Anrufen in Folge",
    },
    "missed-call": {
        "en": "{queue} has missed a call of {caller}",
        "da": "{queue} har et ubesvaret opkald fra {caller}",
        "nb": "{queue} har et ubesvart anrop fra {caller}",
        "sv": "{queue} har missat ett samtal från {caller}",
        "de": "{queue} hat einen Anruf von {caller} verpasst",
    },
    "box-full": {
        "en": "The voicemail box {box} is full: {caller} could leave no message",
        "da": "Telefonsvareren {box} er fuld: {caller} kunne ikke lægge en besked",
        "nb": "Talepostkassen {box} er full: {caller} kunne ikke legge igjen en beskjed",
        "sv": "Röstbrevlådan {box} är full: {caller} kunde inte lämna något meddelande",
        "de": "Die Mailbox {box} ist voll: {caller} konnte keine Nachricht hinterlassen",
    },
    "message-lost": {
        "en": "A message of {caller} for the box {box} could not be kept: {fault}",
        "da": "En besked fra {caller} til {box} kunne ikke gemmes: {fault}",
        "nb": "En beskjed fra {caller} til {box} kunne ikke lagres: {fault}",
        "sv": "Ett meddelande från {caller} till {box} kunde inte sparas: {fault}",
        "de": "Eine Nachricht von {caller} für {box} konnte nicht gespeichert werden: {fault}",
    },
    "trunk-down": {
        "en": "The trunk {what} is down: {fault}",
        "da": "Forbindelsen {what} er nede: {fault}",
        "nb": "Forbindelsen {what} er nede: {fault}",
        "sv": "Förbindelsen {what} är nere: {fault}",
        "de": "Die Verbindung {what} ist gestört: {fault}",
    },
    "database-away": {
        "en": "The database is down: {fault}",
        "da": "Databasen er nede: {fault}",
        "nb": "Databasen er nede: {fault}",
        "sv": "Databasen är nere: {fault}",
        "de": "Die Datenbank ist nicht erreichbar: {fault}",
    },
}

OVER: dict[NoticeKind, Sentences] = {
    "trunk-down": {
        "en": "The trunk {what} is up again",
        "da": "Forbindelsen {what} virker igen",
        "nb": "Forbindelsen {what} virker igjen",
        "sv": "Förbindelsen {what} fungerar igen",
        "de": "Die Verbindung {what} steht wieder",
    },
    "database-away": {
        "en": "The database is up again",
        "da": "Databasen virker igen",
        "nb": "Databasen virker igjen",
        "sv": "Databasen fungerar igen",
        "de": "Die Datenbank ist wieder erreichbar",
    },
}


class Labels(NamedTuple):
    """What stands before the facts in a mail."""

    at: str
    call: str
    queue: str
    member: str
    box: str


LABELS: dict[str, Labels] = {
    "en": Labels("at", "call", "queue", "member", "box"),
    "da": Labels("tidspunkt", "opkald", "kø", "medlem", "telefonsvarer"),
    "nb": Labels("tidspunkt", "anrop", "kø", "medlem", "talepostkasse"),
    "sv": Labels("tid", "samtal", "kö", "medlem", "röstbrevlåda"),
    "de": Labels("Zeit", "Anruf", "Warteschlange", "Mitglied", "Mailbox"),
}


def sentence(kind: NoticeKind, language: str, *, over: bool, **facts: str) -> str:
    """One sentence for people; in English for a language that is not among the five."""
    said = OVER[kind] if over else SENTENCES[kind]
    return said.get(language, said[FALLBACK]).format(**facts)


def labels(language: str) -> Labels:
    """As `sentence`."""
    return LABELS.get(language, LABELS[FALLBACK])
