"""The companies at work: their queues, and what their people are doing as far as queues must know."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from weakref import WeakValueDictionary

from lampfield.company_hours import CompanyHours
from lampfield.completions import Completions
from lampfield.control_socket import Outbox
from lampfield.last_members import LastMembers
from lampfield.membership import Membership
from lampfield.places import Places
from lampfield.presence.own_statuses import OwnStatuses
from lampfield.presence.person_features import PersonFeatures
from lampfield.sound_library.shelves import Shelves
from lampfield.standings import Standings
from routing import dialplan
from routing.activity import Activity
from routing.completion_codes import AskWhenFree
from routing.dialplan import Refusal
from routing.events import CallEvent
from routing.feature_codes import FeatureActions
from routing.forwarding import Wishes
from routing.greetings import GreetingStudio
from routing.house import House
from routing.lookups import Inquiry
from routing.member_codes import ChangeMembership
from routing.model import Company, Queue
from routing.park import Stay
from routing.park_codes import ParkHeld, ParkHeldCall
from routing.parking_lot import ParkingLot
from routing.ports import Clock, EventSink
from routing.queue.call_back import CallBack
from routing.queue.confirming import introduction
from routing.queue.events import PlaceEvent, Recollection
from routing.queue.runner import QueueRunner
from routing.queue.state import QueueState
from routing.status_codes import SayStatus
from routing.switches import TurnSwitch
from routing.voicemail.service import Voicemail
from routing.wish_codes import ChangeDoNotDisturb, ChangeForwarding


class Houses:
    """One house for each company, by domain. Renewed when the companies change; calls in progress keep the old one."""

    def __init__(
        self,
        emit: EventSink,
        clock: Clock,
        hours: CompanyHours,
        inquiry: Inquiry,
        shelves: Shelves,
        membership: Membership,
        standings: Standings,
        places: Places,
        person_features: PersonFeatures,
        own_statuses: OwnStatuses,
        completions: Completions,
        voicemail: Callable[[Company], Voicemail],
        studio: Callable[[Company], GreetingStudio],
        last_members: LastMembers,
        queue_changed: Callable[[str, str], None],
        park_changed: Callable[[str, str], None],
        park_held: Callable[[str], ParkHeld],
        call_back: Callable[[str], CallBack],
    ) -> None:
        """`call_back` gives the queues of a company, by domain, what calls callers back.

        `queue_changed` is told of each change of a queue, with the company's id and the queue's name;
        `park_changed` of each slot that a call enters or leaves; `park_held` gives a company, by domain, what parks
        calls that phones hold.
        """
        self._emit = emit
        self._clock = clock
        self._hours = hours
        self._inquiry = inquiry
        self._shelves = shelves
        self._membership = membership
        self._standings = standings
        self._places = places
        self._person_features = person_features
        self._own_statuses = own_statuses
        self._completions = completions
        person_features.follow(self._wishes_changed)
        self._voicemail = voicemail
        self._studio = studio
        self._last_members = last_members
        self._queue_changed = queue_changed
        self._park_changed = park_changed
        self._park_held = park_held
        self._call_back = call_back
        self._houses: dict[str, House] = {}
        self._removed: dict[tuple[str, str], House] = {}
        """By domain and name of a queue that the company has no more: the last house with it, while it has callers."""
        self._runners: WeakValueDictionary[tuple[str, str], QueueRunner] = WeakValueDictionary()
        """By domain and name; those of queues that a company has no more for as long as calls still use them."""
        self._activities: dict[str, Activity] = {}
        self._lots: dict[str, ParkingLot] = {}
        self._calls_back = True

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now."""
        before, self._houses = self._houses, {company.domain: self._house(company) for company in companies}
        removed = self._removed | {(domain, name): house for domain, house in before.items() for name in house.queues}
        self._removed = {key: house for key, house in removed.items() if self._goes_on(*key, house)}

    def _goes_on(self, domain: str, queue: str, house: House) -> bool:
        """Whether a queue that its company has no more has callers still; `house` is the company's when it had."""
        now = self._houses.get(domain)
        return now is not None and queue not in now.queues and bool(house.queues[queue].state.callers)

    def _house(self, company: Company) -> House:
        known = self._houses.get(company.domain)
        if known is not None and known.company == company:
            return known
        self._activities.setdefault(company.domain, Activity(self._clock))
        lot = self._lots.setdefault(company.domain, ParkingLot(partial(self._park_changed, company.id)))
        queues = {name: self._runner(company, queue) for name, queue in company.queues.items()}
        return House(
            company,
            queues,
            self._emit,
            self._clock,
            features=self._features(company, queues),
            changes=self._hours.changes(company),
            inquiry=self._inquiry,
            has_sound=self._shelves.of(company.domain).has,
            greetings=self._shelves.of(company.domain),
            voicemail=self._voicemail(company),
            studio=self._studio(company),
            last_members=self._last_members.of(company),
            wishes=self._person_features.of(company),
            park=lot,
        )

    def _runner(self, company: Company, queue: Queue) -> QueueRunner:
        """The one that runs, with its callers, under the settings as they are now; else a new one."""
        running = self._runners.get((company.domain, queue.name))
        if running is None:
            running = self._runners[company.domain, queue.name] = QueueRunner(
                queue,
                self._activities[company.domain],
                self._place_sink(company),
                self._clock,
                self._membership.sink(company),
                remembrance=self._standings.of(company, queue.name),
                call_back=self._call_back(company.domain),
                is_open=partial(self._is_open, company.domain),
                introduction=partial(self._introduction, company, queue.name),
                history=self._history(company, queue.name),
                talks=self._places.talks(),
            )
        elif running.queue != queue:
            running.reconfigure(queue)
        return running

    def _introduction(self, company: Company, queue: str) -> Sequence[str]:
        """Tells a member which queue calls, by the company as it is now."""
        house = self._houses.get(company.domain)
        known = company if house is None else house.company
        return introduction(known, queue, self._shelves.of(company.domain).has)

    def _is_open(self, domain: str, main_number: str) -> bool:
        """Fulfils `IsOpen`, by the company as it is now; no number is open before its hours are known."""
        house = self._houses.get(domain)
        return self._calls_back and (not main_number if house is None else house.is_open(main_number))

    def _place_sink(self, company: Company) -> EventSink:
        """Takes what happens to callers in queues."""
        keep = self._places.sink(company, self._emit)

        def take(event: CallEvent) -> None:
            keep(event)
            if isinstance(event, PlaceEvent):
                self._queue_changed(company.id, event.queue)

        return take

    def _history(self, company: Company, queue: str) -> list[Recollection]:
        """What another run of the process left of a queue; how members stood counts beyond what happened to places."""
        keepers = (self._membership, self._places, self._standings)
        return [event for keeper in keepers for event in keeper.history(company, queue)]

    def _features(self, company: Company, queues: Mapping[str, QueueRunner]) -> FeatureActions:
        """What each feature code of a company does, one line each."""
        membership = ChangeMembership(company, queues)
        wishes = self._person_features.of(company)
        lines = self._completions.of(company, self._activities[company.domain])
        return {
            "active": membership,
            "passive": membership,
            "pause": membership,
            "resume": membership,
            "toggle": membership,
            "switch": TurnSwitch(company, self._hours.switches(company)),
            "do-not-disturb": ChangeDoNotDisturb(wishes),
            "forward": ChangeForwarding(company, wishes),
            "status": SayStatus(company, self._own_statuses.of(company)),
            "park": ParkHeldCall(self._park_held(company.domain)),
            "tell-when-free": AskWhenFree(company, lines, self._clock),
        }

    def _wishes_changed(self, company: Company, person: str, wishes: Wishes) -> None:
        """Queues offer nobody callers who does not want to be disturbed, unless the company has them do so."""
        activity = self._activities.get(company.domain)
        if activity is not None:
            activity.member_undisturbed(person, wishes.do_not_disturb and not company.calls.disturb_members)

    def of_domain(self, domain: str) -> House | None:
        return self._houses.get(domain)

    def of_queue(self, domain: str, runner: QueueRunner) -> House | None:
        """The house in which a queue of a company is served, the last one where it was taken out; None for none."""
        name = runner.queue.name
        houses = (self._houses.get(domain), self._removed.get((domain, name)))
        return next((house for house in houses if house is not None and house.queues.get(name) is runner), None)

    def of_company(self, company: str) -> House | None:
        """The house of the company of this id."""
        return next((house for house in self._houses.values() if house.company.id == company), None)

    async def tell_hours(self, arguments: dict[str, str], outbox: Outbox) -> None:
        """The control verb `hours`: what changes the hours of a company (by domain) now, by their name."""
        house = self._houses.get(arguments.get("company", ""))
        if house is None:
            outbox.put({})
        else:
            outbox.put({name: house.changes(hours) for name, hours in house.company.hours.items()})

    def of_number(self, dialled: str) -> House | None:
        """The house that a trunk's call to this number is for, in whatever form the trunk writes it."""
        for house in self._houses.values():
            if not isinstance(dialplan.find(house.company, dialled, "trunk"), Refusal):
                return house
        return None

    def queue_state(self, company: Company, queue: str) -> QueueState | None:
        """Who waits in a queue and who is served: fulfils `presence.queue_lamps.StateOf`."""
        house = self._houses.get(company.domain)
        runner = house.queues.get(queue) if house is not None else None
        return runner.state if runner is not None else None

    def parked(self, company: Company, slot: str) -> Stay | None:
        """What is parked in a slot: fulfils `presence.park_lamps.StayIn`."""
        lot = self._lots.get(company.domain)
        return lot.stay(slot) if lot is not None else None

    def activity(self, domain: str) -> Activity | None:
        return self._activities.get(domain)

    def let_go(self, taken_up: Collection[str]) -> None:
        """End the places and conversations of before a restart that nobody has taken up."""
        queues = {(house.company.id, name) for house in self._houses.values() for name in house.queues}
        self._places.end_others(queues, self._clock(), self._emit)
        for house in self._houses.values():
            for runner in house.queues.values():
                for call in runner.without_caller():
                    if call not in taken_up:
                        runner.lose(call)
                for call in runner.talking():
                    if call not in taken_up:
                        runner.talk_ended(call)

    def stop_calling_back(self) -> None:
        """Call nobody back from now on, for the server is about to stop: a call that begins now would be cut off."""
        self._calls_back = False
        self._completions.close()

    def close(self) -> None:
        """Let everybody who waits in a queue go, for the server stops."""
        for house in (*self._houses.values(), *self._removed.values()):
            for runner in house.queues.values():
                runner.close()
