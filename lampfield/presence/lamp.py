"""A lamp: what is known of one person, or of a thing that is on or off."""

from typing import Final

from presence_pidf.dialog_state import DialogState
from presence_pidf.merge_rules import DEFAULT_RULES, MergeRules
from presence_pidf.message_summary import MessageCounts
from presence_pidf.person_state import compose
from presence_pidf.publication import PublishedPresence
from presence_pidf.status_report import StatusReport
from sipcore.structs import Value

LIT: Final = "lit"
"""Id of the dialog that the lamp of a thing shows while it is on."""

NOTHING_PUBLISHED: Final = PublishedPresence()


class Published:
    """What one publication says of a person, or one subscription of ours at another server."""

    __slots__ = ("at", "dialogs", "presence", "report", "rewords")

    def __init__(
        self,
        at: float,
        report: StatusReport | None,
        presence: PublishedPresence = NOTHING_PUBLISHED,
        dialogs: tuple[DialogState, ...] = (),
    ) -> None:
        self.at = at
        """When it came, UTC epoch seconds; of two with the same id the newer counts."""
        self.report = report
        """Its place among the sources."""
        self.presence = presence
        self.dialogs = dialogs
        self.rewords: Published | None = None
        """What it takes the place of, where it says the same but for notes and tuples; let go of once it does so."""


class Mended(Value, frozen=True):
    """A lamp that showed a call which did not exist; `dialog` is what was taken away."""

    person: str
    dialog: DialogState


class Rules:
    """How a company's sources are merged, and which of them have fallen silent; shared by all who have the same."""

    __slots__ = ("merge", "silent")

    def __init__(self, merge: MergeRules) -> None:
        self.merge = merge
        self.silent: set[str] = set()
        """Sources that have said nothing for longer than the rules allow."""


class Lamp:
    """The facts of one person or thing, and the state composed from them."""

    __slots__ = (
        "aors",
        "counts",
        "dialogs",
        "domain",
        "expiry_tick",
        "person",
        "published",
        "registered",
        "registered_since",
        "reports",
        "rules",
        "state",
    )

    def __init__(self, person: str | None, domain: str, aors: tuple[str, ...], rules: Rules) -> None:
        self.person = person
        """Id; None for a thing."""
        self.domain = domain
        self.aors = aors
        """The AORs under which it can be watched: a person by id and by extension, a thing by its codes."""
        self.rules = rules
        self.registered = 0
        self.registered_since = 0.0
        self.dialogs: dict[str, DialogState] = {}
        """Of our own calls."""
        self.reports: dict[str, StatusReport] = {}
        """The latest of each source."""
        self.published: dict[str, Published] | None = None
        """By publication or subscription; None without any, as with most."""
        self.counts = NO_MESSAGES
        self.expiry_tick = 0
        """When the first report expires, as a tick; 0 for never."""
        self.state = UNREGISTERED


NO_MESSAGES: Final = MessageCounts()
UNREGISTERED: Final = compose((), (), 0, 0.0)
"""The state of somebody of whom nothing is known yet."""

PLAIN_RULES: Final = Rules(DEFAULT_RULES)
"""For what has no company's rules: things."""


def lamp_of_thing(domain: str, now: float) -> Lamp:
    """The lamp of a thing that is off."""
    lamp = Lamp(None, domain, (), PLAIN_RULES)
    lamp.registered = 1
    lamp.state = compose((), (), 1, now)
    return lamp
