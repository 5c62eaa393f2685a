"""A message as mail, in the company's language."""

import re
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import NamedTuple
from zoneinfo import ZoneInfo

from routing.model import Company
from routing.voicemail.postbox import Message


class _Words(NamedTuple):
    subject: str
    body: str
    unknown: str
    said: str


_WORDS = {
    "en": _Words(
        "Message from {caller}",
        "{caller} left a message of {length} for {box} on {when}. It is attached.",
        "an unknown number",
        "What was said, as far as the computer understood it:",
    ),
    "da": _Words(
        "Besked fra {caller}",
        "{caller} har lagt en besked på {length} til {box} den {when}. Den er vedhæftet.",
        "et ukendt nummer",
        "Det, der blev sagt, så godt computeren forstod det:",
    ),
    "nb": _Words(
        "Beskjed fra {caller}",
        "{caller} la igjen en beskjed på {length} til {box} den {when}. Den er vedlagt.",
        "et ukjent nummer",
        "Det som ble sagt, så godt datamaskinen forsto det:",
    ),
    "sv": _Words(
        "Meddelande från {caller}",
        "{caller} lämnade ett meddelande på {length} till {box} den {when}. Det är bifogat.",
        "ett okänt nummer",
        "Det som sades, så gott datorn förstod det:",
    ),
    "de": _Words(
        "Nachricht von {caller}",
        "{caller} hat am {when} eine Nachricht von {length} für {box} hinterlassen. Sie ist angehängt.",
        "Unbekannt",
        "Was gesagt wurde, soweit der Computer es verstanden hat:",
    ),
}


def mail_of(message: Message, company: Company, sound: bytes, *, to: str, sender: str) -> EmailMessage:
    """The mail with the message attached as a WAV file.

    It has the same Message-ID each time it is made, so that a mail sent again, as its acceptance was lost on the way,
    is known for the same.
    """
    words = _WORDS.get(company.language, _WORDS["en"])
    at = datetime.fromtimestamp(message.at, ZoneInfo(company.time_zone))
    known = company.people.get(message.box)
    caller = _one_line(" ".join(filter(None, (message.caller_name, message.caller_number))))
    named = {
        "length": _length(message.seconds),
        "box": known.name if known is not None else message.box,
        "when": at.strftime("%Y-%m-%d %H:%M"),
    }
    mail = EmailMessage()
    mail["From"] = formataddr((_one_line(company.name), sender))
    mail["To"] = to
    mail["Subject"] = words.subject.format(caller=caller or words.unknown)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{message.id}@{company.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: no holiday notice shall answer it
    body = words.body.format(caller=caller or words.unknown.capitalize(), **named)
    mail.set_content(f"{body}\n\n{words.said}\n\n{message.text}\n" if message.text else f"{body}\n")
    name = f"{at:%Y-%m-%d-%H%M}-{re.sub(r'[^0-9A-Za-z]', '', message.caller_number) or 'unknown'}.wav"
    mail.add_attachment(sound, maintype="audio", subtype="wav", filename=name)
    return mail


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"


def _one_line(text: str) -> str:
    # A caller's name comes from outside and must not begin a header line of its own.
    return " ".join(text.split())
