"""The company itself: what holds for all its parts."""

from provisioning.company_kinds import (
    DESTINATION,
    DOMAIN,
    EXTENSION,
    FEATURE_CODE,
    LAMP,
    LANGUAGES,
    MUSIC,
    NAME,
    OUTSIDE_NUMBER,
    PERSON_NAME,
    PRIORITY,
    READER,
    country,
    time_zone,
)
from provisioning.kinds import choice, flag, list_of, optional, perhaps, seconds, text, whole
from provisioning.sections.forms import Field, Record, TableOf
from provisioning.sections.statuses import STATUSES
from routing.model import DETAILS, Calls, FeatureCodes, Limits, Park, Privacy, Role, StatusRules, WatchedList

_CODE = perhaps(FEATURE_CODE, empty="no such code")

FEATURE_CODES = (
    Field("active", _CODE, "Be offered callers again in all queues; with a queue's extension behind it in that one."),
    Field("passive", _CODE, "Be offered no callers; with a queue's extension behind it in that queue."),
    Field("pause", _CODE, "Pause; with the number of a reason behind it."),
    Field("resume", _CODE, "End the pause."),
    Field("toggle", _CODE, "Passive who is active, else active: for keys, whose lamps are lit while passive."),
    Field("mailbox", _CODE, "Listen to one's messages."),
    Field("recording", _CODE, "Record a greeting, after the PIN."),
    Field("do_not_disturb", _CODE, "Do not disturb, on and off in turn; with 1 behind it on, with 0 off."),
    Field(
        "forward_always",
        _CODE,
        "With a number behind it all calls are forwarded there, with the mailbox code to one's voicemail; "
        "alone on and off in turn, with 1 behind it on again, with 0 off.",
    ),
    Field("forward_busy", _CODE, "As `forward_always`, for calls that find one busy."),
    Field(
        "forward_no_answer",
        _CODE,
        "As `forward_always`, for calls that nobody answers; behind the number a star and after how many seconds.",
    ),
    Field("forward_unreachable", _CODE, "As `forward_always`, for calls while no phone is registered."),
    Field(
        "status",
        _CODE,
        "With 1 behind it lunch, 2 meeting, 3 away, 4 vacation, 5 busy, 0 none of them; then hour and minute until "
        "when, as in *2011230.",
    ),
    Field(
        "tell_when_free",
        _CODE,
        "With an extension behind it, called back when that person is free; with 0 behind it no more.",
    ),
    Field("pickup", _CODE, "With an extension behind it, takes the call that rings there; a queue's takes its oldest."),
    Field("group_pickup", _CODE, "Takes the call that rings longest at the phone of a colleague."),
)
CALLS = (
    Field(
        "forward_after_seconds",
        seconds(5, 180),
        "How long phones ring before a forwarding on no answer, where who forwards does not say.",
    ),
    Field("most_forwardings", whole(1, 10), "How often one call is forwarded at most."),
    Field("disturb_members", flag(), "Queues offer callers also to members who do not want to be disturbed."),
    Field(
        "recall_seconds",
        seconds(5, 180, or_zero="they do not ring"),
        "How long phones ring of who transferred a call and hung up, where nobody has answered it.",
    ),
    Field("take_over", flag(), "Who may pick up a colleague's call may also take it over once it is answered."),
    Field("tell_when_free_seconds", seconds(60, 86400), "How long somebody busy is waited for with `tell_when_free`."),
)
PARK = (
    Field(
        "slots", list_of(EXTENSION), "Numbers in which a call can be parked, and taken by who dials them; [] is none."
    ),
    Field("code", _CODE, "Parks a call in any slot that is free."),
    Field("return_seconds", seconds(10, 3600), "After how long a parked call goes back to who parked it."),
    Field(
        "otherwise",
        optional(DESTINATION, empty="as any call to who parked it"),
        "Where callers go whom who parked the call does not answer then either, nor says where they go.",
    ),
    Field("music", MUSIC, "What parked callers hear."),
)
_SEEN = list_of(choice(*DETAILS))
ROLE = (
    Field("people", list_of(READER, min_length=1), "Ids of who has the role."),
    Field("group", optional(_SEEN, empty="as the company's"), "What they see of their group."),
    Field("company", optional(_SEEN, empty="as the company's"), "What they see of everybody else."),
)
PRIVACY = (
    Field("group", _SEEN, "What people see on lamps of those with whom they share a queue or a pickup group."),
    Field("company", _SEEN, "What they see of everybody else; [] lets them watch nobody."),
    Field("roles", TableOf(NAME, Record(Role, ROLE), "ROLE"), "Who sees other things than their colleagues."),
)
LIST = (
    Field("keys", list_of(LAMP, min_length=1), "What is watched, in the order of the phone's keys."),
    Field("name", perhaps(PERSON_NAME, empty="the list's own name"), "As phones show it."),
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
        "text_senders",
        list_of(OUTSIDE_NUMBER),
        "Numbers whose texts by the API change members, each only the one it belongs to; [] is those of all members.",
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
    Field(
        "pickup_groups",
        TableOf(NAME, list_of(READER, min_length=1), "NAME"),
        "Ids of people who may pick up each other's calls; without any group everybody may everybody's.",
    ),
    Field(
        "lists",
        TableOf(NAME, Record(WatchedList, LIST), "NAME"),
        "What a phone with many keys watches all at once, under `list-NAME`.",
    ),
    Field("feature_codes", Record(FeatureCodes, FEATURE_CODES), "What phones dial to do something."),
    Field("limits", Record(Limits, LIMITS), "How much the company may have of what costs."),
    Field("statuses", Record(StatusRules, STATUSES), "Which source of a person's state wins for what."),
    Field("calls", Record(Calls, CALLS), "How calls are treated that people do not want, or want elsewhere."),
    Field("park", Record(Park, PARK), "Slots in which a call waits for anybody of the company."),
    Field("privacy", Record(Privacy, PRIVACY), "Who sees what of whom on lamps."),
)
