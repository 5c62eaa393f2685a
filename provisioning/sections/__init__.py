"""The company file, section by section: what may stand in it, and what each setting means."""

from provisioning.sections.company import COMPANY
from provisioning.sections.hours import CALENDARS, HOURS
from provisioning.sections.menus import LOOKUPS, MENUS
from provisioning.sections.notices import NOTICES
from provisioning.sections.numbers import MAIN_NUMBERS
from provisioning.sections.people import BOXES, PEOPLE
from provisioning.sections.queues import QUEUES
from provisioning.sections.section import Section

SECTIONS = (MAIN_NUMBERS, HOURS, CALENDARS, MENUS, LOOKUPS, QUEUES, PEOPLE, BOXES, NOTICES)
"""In the order in which an export writes them."""

__all__ = ["COMPANY", "SECTIONS", "Section"]
