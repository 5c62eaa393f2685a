"""Serves a caller where the server itself answers: menus, messages, opening hours, names, look-ups, voicemail."""

from routing import dialplan, menu
from routing.caller_leg import answer, tell
from routing.course import Course
from routing.greetings import GreetingStudio
from routing.greetings_by_phone import GreetingsByPhone
from routing.house import House, Onward
from routing.lookups import Question, look_up
from routing.menu.names import dial
from routing.menu.told import told
from routing.model import Destination
from routing.ports import Caller, Ended
from routing.voicemail.entrance import Entrance
from routing.voicemail.leaving import Leaving
from routing.voicemail.mailbox import Mailbox
from routing.voicemail.service import Voicemail


class Attendant:
    """Of one call. Each destination tells where the call goes from there, or how it ended; all raise CallerGone."""

    def __init__(self, house: House, course: Course) -> None:
        self._house = house
        self._company = house.company
        self._emit = house.emit
        self._clock = house.clock
        self._course = course

    async def menu(self, name: str, caller: Caller) -> Onward:
        """Let the caller choose."""
        await answer(caller, self._emit, self._clock)
        course, place, found = self._course, Destination("menu", name), self._company.menus[name]
        course.places.came_to(place)
        greeting, course.greeting = course.greeting, ()
        extensions = dialplan.extensions(self._company) if found.extensions else {}
        choice = await menu.choose(found, caller, self._emit, self._clock, greeting=greeting, extensions=extensions)
        course.customer_number = choice.customer_number or course.customer_number
        course.give_priority(choice.priority)
        onward = course.places.before(place) if choice.destination.kind == "back" else choice.destination
        if choice.key is None:
            return Onward(onward, f"{name}: no choice")
        return Onward(onward, f"{name}: key {choice.key}", chosen=True)

    async def lookup(self, name: str, caller: Caller) -> Onward:
        """Ask the company's own server."""
        lookup, course = self._company.lookups[name], self._course
        question = Question(caller.call, caller.number, course.arrival.dialled, course.customer_number)
        said = await look_up(lookup, question, self._house.inquiry, caller, self._emit, self._clock)
        if said is None:
            return Onward(lookup.otherwise, f"{name}: no answer")
        course.give_priority(said.priority)
        if said.name:
            caller.show_name(said.name)
        return Onward(lookup.destinations[said.destination], f"{name}: {said.destination}")

    async def hours(self, name: str, caller: Caller) -> Onward:
        """Tell the opening hours."""
        hours = self._company.hours[name]
        await answer(caller, self._emit, self._clock)
        clips = told(hours, self._clock(), self._house.changes(hours), caller.language)
        await tell(caller, clips, self._emit, self._clock, until_key=True)
        return self.back(f"hours {name} told")

    async def names(self, caller: Caller) -> Onward:
        """Let the caller dial a person by name."""
        await answer(caller, self._emit, self._clock)
        people = self._company.people.values()
        person = await dial(people, self._house.has_sound, caller, self._emit, self._clock)
        if person is None:
            return self.back("nobody chosen by name")
        return Onward(Destination("person", person.id), "dialled by name", chosen=True)

    async def leave_message(self, box: str, caller: Caller, voicemail: Voicemail, *, stays: bool) -> Ended:
        """Take a message for a voicemail box; who `stays` goes on in the call, and is told no goodbye."""
        postbox, found = voicemail.postbox, self._company.boxes[box]
        return await Leaving(self._company, found, postbox, caller, self._emit, self._clock).run(stays=stays)

    async def mailbox(self, extension: str, caller: Caller, voicemail: Voicemail) -> Onward | Ended:
        """Let a person listen to messages."""
        company, person = self._company, self._course.arrival.caller_person
        entrance = Entrance(company, voicemail.pins, caller, person, self._emit, self._clock)
        mailbox = Mailbox(company, voicemail.postbox, entrance, caller, person, self._emit, self._clock)
        chosen = await mailbox.run(extension)
        return chosen if isinstance(chosen, Ended) else Onward(chosen, "calling back", chosen=True)

    async def record_greeting(self, caller: Caller, studio: GreetingStudio) -> Ended:
        """Let an administrator record greetings."""
        person = self._course.arrival.caller_person
        return await GreetingsByPhone(self._company, studio, caller, person, self._emit, self._clock).run()

    async def message(self, prompt: str, caller: Caller) -> Ended:
        """Play a message, after which the call is over."""
        await answer(caller, self._emit, self._clock)
        await tell(caller, [prompt], self._emit, self._clock)
        return Ended("completed-message", "system")

    def back(self, why: str) -> Onward:
        """To where the caller came from; goodbye to who came from nowhere."""
        return Onward(self._course.places.back() or Destination("message", "goodbye"), why)
