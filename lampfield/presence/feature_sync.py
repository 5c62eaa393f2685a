"""Keeps the keys of phones for do not disturb and forwarding in step with what their person has set, both ways."""

import logging
from collections.abc import Iterable
from typing import Final

import msgspec

from lampfield.presence.addresses import parts_of
from lampfield.presence.lamps import Lamps
from lampfield.presence.packages.feature_events import NAME, nothing_set
from lampfield.presence.person_features import PersonFeatures
from presence_pidf.feature_events import (
    CONTENT_TYPE,
    ForwardingType,
    ForwardState,
    PhoneFeatures,
    SetDoNotDisturb,
    read_wish,
)
from presence_pidf.safe_xml import MalformedDocument
from routing.forwarding import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    Forwarding,
    Refused,
    When,
    Wishes,
    dialled_form,
    target,
)
from routing.model import Company, Person
from routing.ports import Clock
from sipcore.errors import ProtocolViolation
from sipcore.message import Request
from sipcore.notify_admission import Refused as RefusedSubscription

logger = logging.getLogger(__name__)

RING_SECONDS: Final = 5.0
"""How long one ring takes, by which phones count: a second of tone and four of silence."""

_WHEN: Final[dict[ForwardingType, When]] = {
    "forwardImmediate": "always",
    "forwardBusy": "busy",
    "forwardNoAns": "no-answer",
}
"""What phones know; of forwardings while they are not registered they do not."""


class FeatureSync:
    """Takes what phones set, and tells the person's other phones."""

    def __init__(self, features: PersonFeatures, lamps: Lamps, clock: Clock) -> None:
        self._features = features
        self._lamps = lamps
        self._clock = clock
        self._companies: dict[str, Company] = {}
        self._by = ""
        """Our tag in the dialog of the phone that is changing something now."""
        features.follow(self._changed)

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now."""
        self._companies = {company.domain.lower(): company for company in companies}

    def states(self, aor: str) -> PhoneFeatures:
        """What phones of the person with this AOR show: fulfils `packages.feature_events.Features`."""
        lamp = self._lamps.lamp(aor)
        company = self._companies.get(parts_of(aor)[1])
        if lamp is None or lamp.person is None or company is None or lamp.person not in company.people:
            return nothing_set(aor)
        return phone_features(company, company.people[lamp.person], self._features.wishes(company, lamp.person))

    def take(self, request: Request, company: Company, person: Person) -> None:
        """Set what a SUBSCRIBE of this person's phone wants set, before it is answered by what is so then.

        A forwarding that may not be changes nothing, which the phone learns by the same answer. Raises
        ProtocolViolation: 400 for what cannot be read, 415 for a document of another kind.
        """
        event = request.event
        if not request.body or event is None or event.package != NAME:
            return
        if (request.content_type or "").partition(";")[0].strip().lower() != CONTENT_TYPE:
            raise RefusedSubscription(415, "Unsupported Media Type", ("Accept", CONTENT_TYPE))
        tag = request.to.tag
        if tag is not None and not self._lamps.notifier.is_open(tag):
            return
        try:
            wanted = read_wish(request.body)
        except MalformedDocument as malformed:
            raise ProtocolViolation(f"Malformed: {malformed}", 400) from None
        wishes = self._features.wishes(company, person.id)
        self._by = tag or ""
        try:
            if isinstance(wanted, SetDoNotDisturb):
                changed = msgspec.structs.replace(wishes, do_not_disturb=wanted.on)
            else:
                changed = forwarded(company, person, wishes, wanted.state)
            self._features.change(company, person.id, changed)
        except Refused as refused:
            logger.info("%s: a phone of %s may not forward calls: expected %s", company.id, person.id, refused.expected)
        finally:
            self._by = ""

    def _changed(self, company: Company, person: str, wishes: Wishes) -> None:
        lamp = self._lamps.lamp(f"sip:{person}@{company.domain.lower()}")
        for aor in lamp.aors if lamp is not None else ():
            self._lamps.notifier.changed(aor, NAME, self._clock(), but=self._by)


def phone_features(company: Company, person: Person, wishes: Wishes) -> PhoneFeatures:
    """What phones of the person show. Pure."""
    return PhoneFeatures(
        person.extension or person.id,
        wishes.do_not_disturb,
        tuple([_state(company, kind, wishes.forwardings.get(when)) for kind, when in _WHEN.items()]),
    )


def _state(company: Company, kind: ForwardingType, forwarding: Forwarding | None) -> ForwardState:
    if forwarding is None:
        return ForwardState(kind)
    seconds = forwarding.seconds or company.calls.forward_after_seconds
    rings = max(1, round(seconds / RING_SECONDS)) if kind == "forwardNoAns" else 0
    return ForwardState(kind, forwarding.on, dialled_form(company, forwarding.to), rings)


def forwarded(company: Company, person: Person, wishes: Wishes, wanted: ForwardState) -> Wishes:
    """What holds when a phone has set a forwarding; without a number the one that is known. Pure. Raises Refused."""
    when = _WHEN[wanted.type]
    known = wishes.forwardings.get(when)
    if not wanted.to:
        if known is None and wanted.on:
            raise Refused("a number to forward to")
        return wishes.turned(when, wanted.on)
    seconds = min(max(wanted.rings * RING_SECONDS, SHORTEST_SECONDS), LONGEST_SECONDS) if wanted.rings else 0.0
    if known is not None and _state(company, wanted.type, known).rings == wanted.rings:
        seconds = known.seconds
    to = target(company, person, wanted.to)
    return wishes.with_forwarding(when, Forwarding(to, wanted.on, seconds if when == "no-answer" else 0.0))
