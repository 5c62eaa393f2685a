"""Everything routing needs to know of one company."""

import msgspec

from routing.model.destination import Destination
from routing.model.hours import OpeningHours, WeekCalendar
from routing.model.menu import Lookup, Menu
from routing.model.notices import NoticeTarget
from routing.model.people import Person, VoicemailBox
from routing.model.privacy import Privacy
from routing.model.queue import Queue
from routing.model.statuses import StatusRules


class MainNumber(msgspec.Struct, frozen=True):
    """A number that the outside dials, with where it leads when open and when closed."""

    number: str
    open: Destination
    closed: Destination
    hours: str | None = None
    """Name of the opening hours; None is always open."""
    greeting: str | None = None
    """Prompt played first when open, None for none; what the administrator put in use is stronger."""
    closed_greeting: str | None = None
    special_greeting: str | None = None
    """When open on a special day."""
    special_closed_greeting: str | None = None
    """When closed on a special day."""
    priority: int = 0
    """In queues; a higher one is served before."""


class WatchedList(msgspec.Struct, frozen=True):
    """Keys of a phone that it watches all at once."""

    keys: tuple[str, ...]
    """Ids of people, internal numbers and codes, in the order of the keys."""
    name: str = ""
    """As phones show it; empty: the list's own name."""


class FeatureCodes(msgspec.Struct, frozen=True):
    """What phones of the company dial to do something; empty where there is no such code."""

    active: str = "*50"
    """Be offered callers again in all queues; with the extension of a queue behind it in that one."""
    passive: str = "*51"
    pause: str = "*52"
    """With the number of a reason behind it."""
    resume: str = "*53"
    toggle: str = "*54"
    """Passive who is active, else active; for keys with a lamp, which shows it."""
    mailbox: str = "*98"
    recording: str = "*97"
    do_not_disturb: str = "*78"
    """Turned on and off in turn; for keys with a lamp, as each of the following is."""
    forward_always: str = "*21"
    """With a number behind it calls go there; alone it is turned on and off in turn."""
    forward_busy: str = "*67"
    forward_no_answer: str = "*61"
    """Behind the number a star and after how many seconds."""
    forward_unreachable: str = "*62"
    status: str = "*20"
    """With the number of a status behind it, and until when: `*2011230`."""
    tell_when_free: str = "*37"
    """With an extension behind it, called back when that person is free."""
    pickup: str = "**"
    """With an extension behind it, takes the call that rings there."""
    group_pickup: str = "*8"
    """Takes the call that rings longest at a colleague's phone."""


class Calls(msgspec.Struct, frozen=True):
    """How calls to people are treated who do not want them, or want them elsewhere."""

    forward_after_seconds: float = 20.0
    """How long a person's phones ring before a forwarding on no answer, where the person does not say."""
    most_forwardings: int = 5
    """After so many a call is forwarded no more."""
    disturb_members: bool = False
    """Queues offer callers also to members who do not want to be disturbed."""
    tell_when_free_seconds: float = 2700.0
    """How long somebody busy is waited for."""
    recall_seconds: float = 30.0
    """How long phones ring of who transferred a call and hung up, where nobody has answered it; 0: they do not."""
    take_over: bool = False
    """Who may pick up a colleague's call may also take it over once it is answered."""


class Park(msgspec.Struct, frozen=True):
    """Slots in which a call waits for anybody of the company."""

    slots: tuple[str, ...] = ()
    """Numbers that phones dial; without any the company has no call park."""
    code: str = "*68"
    """Parks a call in any slot that is free; empty for no such code."""
    return_seconds: float = 120.0
    """After so long a call goes back to who parked it."""
    otherwise: Destination | None = None
    """Where callers go then whom nobody answers; None: where the unanswered calls of who parked them go."""
    music: str = "default"


class Limits(msgspec.Struct, frozen=True):
    """How much a company may have of what costs; each can be raised."""

    members_per_queue: int = 25
    waiting_per_queue: int = 10
    members_at_once: int = 10
    """Members that ring together with strategy `all`."""
    shortest_ring_seconds: float = 15.0
    """Of queues; people may say for themselves how long their phones ring."""
    longest_ring_seconds: float = 40.0
    active_greetings: int = 4


class Company(msgspec.Struct, frozen=True):
    """Everything routing needs to know of one company."""

    id: str
    name: str
    domain: str
    """SIP domain and digest realm, e.g. `nordlys.example`."""
    country: str
    """ISO 3166 alpha-2; how national numbers are read."""
    time_zone: str
    language: str
    """Prompts: en, da, nb, sv or de."""
    people: dict[str, Person]
    main_numbers: dict[str, MainNumber]
    """By E.164 number."""
    hours: dict[str, OpeningHours]
    menus: dict[str, Menu]
    queues: dict[str, Queue]
    calendars: dict[str, WeekCalendar] = {}
    lookups: dict[str, Lookup] = {}
    boxes: dict[str, VoicemailBox] = {}
    notices: dict[str, NoticeTarget] = {}
    vip: dict[str, int] = {}
    """Priority in queues by caller's number, E.164."""
    feature_codes: FeatureCodes = FeatureCodes()
    text_senders: tuple[str, ...] = ()
    """Numbers, E.164, whose texts are taken; empty: those of all members."""
    pause_reasons: tuple[str, ...] = ("break", "lunch", "meeting", "training")
    """Numbered from 1."""
    pickup_groups: dict[str, tuple[str, ...]] = {}
    """Ids of people who may take each other's calls, by the group's name; without any everybody may everybody's."""
    lists: dict[str, WatchedList] = {}
    """By the name under which phones watch them."""
    queue_extensions: dict[str, str] = {}
    """Internal number -> queue name."""
    menu_extensions: dict[str, str] = {}
    outside_prefix: str = ""
    """Digits dialled before an outside number, often empty or `0`."""
    recording_number: str = ""
    """Outside number behind which greetings are recorded after the PIN; empty for none."""
    limits: Limits = Limits()
    statuses: StatusRules = StatusRules()
    calls: Calls = Calls()
    park: Park = Park()
    privacy: Privacy = Privacy()
