"""The numbers that the outside dials."""

from provisioning.company_kinds import DESTINATION, HOURS_NAME, OUTSIDE_NUMBER, PRIORITY, PROMPT
from provisioning.kinds import optional
from provisioning.sections.forms import Field
from provisioning.sections.section import Section
from routing.model import MainNumber

_GREETING = optional(PROMPT, empty="none")

MAIN_NUMBERS = Section(
    "main_numbers",
    MainNumber,
    (
        Field("hours", optional(HOURS_NAME, empty="always open"), "The opening hours."),
        Field("greeting", _GREETING, "Played first when open."),
        Field("closed_greeting", _GREETING, "Played first when closed."),
        Field("special_greeting", _GREETING, "Played first when open on a special day; none: `greeting`."),
        Field(
            "special_closed_greeting", _GREETING, "Played first when closed on a special day; none: `closed_greeting`."
        ),
        Field("open", DESTINATION, "Where callers go when open."),
        Field("closed", DESTINATION, "Where callers go when closed."),
        Field("priority", PRIORITY, "Priority in queues of who dialled this number; a higher one is served before."),
    ),
    "A number that the outside dials.",
    called="NUMBER",
    example='main_numbers."+4533221100"',
    kind="number",
    names=OUTSIDE_NUMBER,
    name_field="number",
)
