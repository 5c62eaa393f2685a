"""A company's routing as data: what the dialplan, the hours, the menus and the queues are."""

from routing.model.company import Calls, Company, FeatureCodes, Limits, MainNumber, Park, WatchedList
from routing.model.destination import Destination, DestinationKind, read_destination
from routing.model.hours import CalendarPeriod, OpeningHours, OpenPeriod, Week, WeekCalendar
from routing.model.menu import Lookup, Menu
from routing.model.notices import NOTICE_KINDS, NoticeKind, NoticeTarget
from routing.model.people import Person, VoicemailBox
from routing.model.privacy import DETAILS, Detail, Privacy, Role
from routing.model.queue import MemberDetails, Queue, QueueLamp, Strategy, is_outside
from routing.model.statuses import StatusRules

__all__ = [
    "DETAILS",
    "NOTICE_KINDS",
    "CalendarPeriod",
    "Calls",
    "Company",
    "Destination",
    "DestinationKind",
    "Detail",
    "FeatureCodes",
    "Limits",
    "Lookup",
    "MainNumber",
    "MemberDetails",
    "Menu",
    "NoticeKind",
    "NoticeTarget",
    "OpenPeriod",
    "OpeningHours",
    "Park",
    "Person",
    "Privacy",
    "Queue",
    "QueueLamp",
    "Role",
    "StatusRules",
    "Strategy",
    "VoicemailBox",
    "WatchedList",
    "Week",
    "WeekCalendar",
    "is_outside",
    "read_destination",
]
