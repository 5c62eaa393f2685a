"""What a company's calls share, and what is known of one when it comes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from routing import dialplan
from routing.feature_codes import FeatureActions
from routing.forwarding import NoWishes, WishBook
from routing.greetings import Greetings, GreetingStudio, NoGreetings
from routing.hours import ALWAYS_OPEN, ChangesOf, Situation, unchanged
from routing.hours_now import HoursNow
from routing.last_members import LastMembers, NobodyRemembered
from routing.lookups import Inquiry, NobodyAsked
from routing.menu.names import HasSound, no_sounds
from routing.model import Company, Destination, MainNumber
from routing.parking_lot import ParkingLot
from routing.ports import Clock, EventSink
from routing.queue.runner import QueueRunner
from routing.voicemail.service import Voicemail


class Arrival(msgspec.Struct, frozen=True):
    """What is known of a call when it comes."""

    origin: Literal["trunk", "phone"]
    dialled: str
    """User part of the Request-URI, or the whole URI."""
    caller_person: str | None = None
    """Id of the person, when one of our phones calls."""
    forwarded: int = 0
    """How often others have forwarded the call before it came."""


class Onward(msgspec.Struct, frozen=True):
    """The call goes on to another destination."""

    destination: Destination
    why: str
    chosen: bool = False
    """The caller chose it with a key, so it is no loop."""


@dataclass(frozen=True, slots=True)
class House:
    """What all calls of a company share."""

    company: Company
    queues: Mapping[str, QueueRunner]
    emit: EventSink
    clock: Clock
    features: FeatureActions = field(default_factory=dict)
    """What each feature code does; one that is missing is not in use."""
    changes: ChangesOf = unchanged
    """What the switch and the feed of closing days make of opening hours now."""
    hours_now: HoursNow = field(default_factory=HoursNow)
    inquiry: Inquiry = field(default_factory=NobodyAsked)
    has_sound: HasSound = no_sounds
    voicemail: Voicemail | None = None
    greetings: Greetings = field(default_factory=NoGreetings)
    studio: GreetingStudio | None = None
    """Where greetings are recorded by phone."""
    last_members: LastMembers = field(default_factory=NobodyRemembered)
    wishes: WishBook = field(default_factory=NoWishes)
    """Who is not to be disturbed, and where calls are forwarded."""
    park: ParkingLot = field(default_factory=ParkingLot)

    def situation(self, number: MainNumber, at: float) -> Situation:
        """Whether a main number is open at an instant, UTC epoch seconds, by what changes its hours now."""
        hours = self.company.hours[number.hours] if number.hours is not None else ALWAYS_OPEN
        return self.hours_now.situation(hours, at, self.changes(hours))

    def is_open(self, main_number: str) -> bool:
        """Fulfils `routing.queue.call_back.IsOpen`; what is no main number, or is none any more, is not closed."""
        number = self.company.main_numbers.get(main_number)
        return number is None or self.situation(number, self.clock()).open

    def open_number(self, arrival: Arrival, at: float) -> str:
        """The main number by which a call came at an instant when that was open; empty for none."""
        found = dialplan.find(self.company, arrival.dialled, arrival.origin)
        return found.number if isinstance(found, MainNumber) and self.situation(found, at).open else ""
