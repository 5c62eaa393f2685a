"""What is to be dialled, as sentences with numbers that stand out and, on a telephone, dial themselves."""

import phonenumbers
from markupsafe import Markup

from routing.model import Company
from web.pages.pin_owners import PinOwner
from web.pages.rendering import filled
from web.pages.words import Words


def where_to_record(words: Words, company: Company) -> Markup:
    """Where greetings are recorded: by the code of the company's phones, by the outside number, by both, or nowhere."""
    inside, outside = company.feature_codes.recording, company.recording_number
    match bool(inside), bool(outside):
        case True, True:
            sentence = words.dial_both
        case True, False:
            sentence = words.dial_inside
        case False, True:
            sentence = words.dial_outside
        case _:
            sentence = words.dial_nowhere
    return filled(sentence, inside=code(inside), outside=_outside_number(outside))


def where_to_listen(words: Words, company: Company, owner: PinOwner) -> Markup:
    """Where the messages of somebody's mailbox are heard; empty where there is none, or no code for it."""
    mailbox = company.feature_codes.mailbox
    if not (owner.has_box and mailbox and owner.extension):
        return Markup()
    return filled(words.dial_inside, inside=code(mailbox + owner.extension))


def code(digits: str) -> Markup:
    """What the company's own phones dial."""
    return Markup('<strong class="number">{}</strong>').format(digits)


def _outside_number(number: str) -> Markup:
    return Markup('<a class="number" href="tel:{}">{}</a>').format(number, _readable(number))


def _readable(number: str) -> str:
    """An E.164 number in groups, as people write it."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
