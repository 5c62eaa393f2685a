"""The company itself: what holds for all its parts."""

from provisioning.company_kinds import (
    DOMAIN,
    FEATURE_CODE,
    LANGUAGES,
    NAME,
    OUTSIDE_NUMBER,
    PERSON_NAME,
    PRIORITY,
    country,
    time_zone,
)
from provisioning.kinds import choice, list_of, perhaps, seconds, text, whole
from provisioning.sections.forms import Field, Record, TableOf
from provisioning.sections.statuses import STATUSES
from routing.model import FeatureCodes, Limits, StatusRules

_CODE = perhaps(FEATURE_CODE, empty="no such code")

FEATURE_CODES = (
    Field("active", _CODE, "Be offered callers again in all queues; with a queue's extension behind it in that one."),
    Field("passive", _CODE, "Be offered no callers; with a queue's extension behind it in that queue."),
    Field("pause", _CODE, "Pause; with the number of a reason behind it."),
    Field("resume", _CODE, "End the pause."),
    Field("toggle", _CODE, "Passive who is active, else active: for keys, whose lamps are lit while passive."),
    Field("mailbox", _CODE, "Listen to one's messages."),
    Field("recording", _CODE, "Record a greeting, after the PIN."),
)
LIMITS = (
    Field("members_per_queue", whole(1, 10_000), "The most members that a queue may have."),
    Field("waiting_per_queue", whole(1, 100_000), "The most callers that a queue's `max_waiting` may let wait."),
    Field("members_at_once", whole(1, 100), "The most members that ring together with strategy `all`."),
    Field("shortest_ring_seconds", seconds(1, 600), "The shortest `ring_seconds` of a queue."),
    Field("longest_ring_seconds", seconds(1, 600), "The longest `ring_seconds` of a queue."),
    Field("active_greetings", whole(1, 1000), "The most welcome greetings that main numbers may name."),
)
COMPANY = (
    Field("id", NAME, "What the company is known by in commands and in the database."),
    Field("name", PERSON_NAME, "The company's name."),
    Field("domain", DOMAIN, "SIP domain that phones register at, and the realm of their passwords."),
    Field("country", country(), "How national numbers are read, and which emergency numbers there are."),
    Field("time_zone", time_zone(), "The clock that hours and calendars go by."),
    Field("language", choice(*LANGUAGES), "What callers are spoken to in, until a menu says otherwise."),
    Field("outside_prefix", text("up to 3 digits", r"[0-9]{0,3}"), "Digits dialled before an outside number."),
    Field(
        "recording_number",
        perhaps(OUTSIDE_NUMBER, empty="none"),
        "The number from outside behind which greetings are recorded after the PIN.",
    ),
    Field(
        "pause_reasons",
        list_of(text("a word of letters, digits, - and _", r"[\w-]+", max_length=63)),
        "Why members pause; they dial the number of the reason, the first is 1.",
    ),
    Field(
        "vip",
        TableOf(OUTSIDE_NUMBER, PRIORITY, "NUMBER"),
        "Priority in queues by the caller's number; a higher one is served before, 0 is everybody else.",
    ),
    Field("feature_codes", Record(FeatureCodes, FEATURE_CODES), "What phones dial to do something."),
    Field("limits", Record(Limits, LIMITS), "How much the company may have of what costs."),
    Field("statuses", Record(StatusRules, STATUSES), "Which source of a person's state wins for what."),
)
