"""People, and the boxes in which messages are left."""

from provisioning.company_kinds import (
    DESTINATION,
    EXTENSION,
    MAIL_ADDRESS,
    OUTSIDE_NUMBER,
    PERSON_ID,
    PERSON_NAME,
    PROMPT,
    READER,
)
from provisioning.kinds import choice, days, flag, list_of, optional, perhaps, seconds, whole
from provisioning.sections.forms import Field
from provisioning.sections.section import Section
from routing.model import DETAILS, Person, VoicemailBox

_ELSEWHERE = optional(DESTINATION, empty="the call ends")

PEOPLE = Section(
    "people",
    Person,
    (
        Field("name", PERSON_NAME, "As phones show it and callers spell it."),
        Field("extension", EXTENSION, "The internal number."),
        Field("ring_seconds", seconds(5, 180), "How long the person's phones ring."),
        Field("on_busy", _ELSEWHERE, "Where a caller goes when the person is busy or declines."),
        Field("on_no_answer", _ELSEWHERE, "Where a caller goes when nobody answers, or no phone is registered."),
        Field(
            "outside_number",
            optional(OUTSIDE_NUMBER, empty="the first main number"),
            "The direct number: it leads to the person, and is shown when calling out.",
        ),
        Field("administrator", flag(), "May record greetings, turn switches and change others' membership in queues."),
        Field(
            "forwards_outside",
            flag(),
            "May have calls forwarded to numbers outside, but never to emergency, short or premium numbers.",
        ),
        Field(
            "shows",
            optional(list_of(choice(*DETAILS)), empty="all that `company.privacy` lets them see"),
            "What colleagues see on lamps at most.",
        ),
        Field(
            "mobile",
            optional(OUTSIDE_NUMBER, empty="none"),
            "The mobile number, by which status adapters know the person; calls do not go there by it.",
        ),
        Field("mail", perhaps(MAIL_ADDRESS, empty="none"), "The address by which status adapters know the person."),
        Field("hidden_from", list_of(READER), "Ids of people who see this one as not there, without being told so."),
    ),
    "Somebody who can be called.",
    called="ID",
    example="people.anna",
    kind="person",
    names=PERSON_ID,
    name_field="id",
)
BOXES = Section(
    "boxes",
    VoicemailBox,
    (
        Field(
            "readers",
            list_of(READER),
            "Ids of the people who may listen; empty: the person, or the members of the queue, of the box's name.",
        ),
        Field("greeting", PROMPT, "Played before the tone."),
        Field("mail", perhaps(MAIL_ADDRESS, empty="none"), "Where messages are sent as attachments."),
        Field("max_seconds", seconds(5, 3600), "The longest message."),
        Field("max_messages", whole(1, 10_000), "How many messages the box holds."),
        Field("keep_days", days(0.01, 3650, or_zero="for ever"), "How long a message is kept once it was heard."),
    ),
    "Where callers leave messages; a destination `voicemail:NAME` leads to it.",
    called="NAME",
    example="boxes.sales",
    kind="voicemail",
)
