"""Hunt groups and queues, with their members."""

from typing import get_args

from provisioning.company_kinds import CHOICE, DESTINATION, MEMBER, MUSIC, PROMPT
from provisioning.kinds import choice, days, flag, list_of, optional, seconds, text, whole
from provisioning.sections.forms import Field, Record, TableOf
from provisioning.sections.section import Section
from routing.model import MemberDetails, Queue, QueueLamp, Strategy

_SKILL = text("a skill's name of small letters, digits, - and _", r"[a-z0-9][a-z0-9_-]*", max_length=63)
_LEVEL = whole(1, 10)
_KEY = text("one of the keys 0-9, * and #", r"[0-9*#]")

DETAILS = (
    Field("skills", TableOf(_SKILL, _LEVEL, "SKILL"), "How good the member is at it, 10 is best."),
    Field("penalty_seconds", seconds(0, 86400), "Offered only callers who have waited so long."),
    Field(
        "confirm",
        optional(flag(), empty="at outside numbers only"),
        "The member presses 1 to take the call, so that no voicemail swallows the caller.",
    ),
)
QUEUES = Section(
    "queues",
    Queue,
    (
        Field("members", list_of(MEMBER, min_length=1), "Who answers, in priority order."),
        Field(
            "details", TableOf(MEMBER, Record(MemberDetails, DETAILS), "MEMBER"), "What is particular about a member."
        ),
        Field("strategy", choice(*get_args(Strategy)), "Who is offered the next caller."),
        Field("at_once", whole(1, 100), "How many free members ring together with strategy `all`: the list's first."),
        Field(
            "skills", TableOf(_SKILL, _LEVEL, "SKILL"), "The least level that a member needs, with strategy `skills`."
        ),
        Field(
            "skill_relax_seconds",
            seconds(1, 86400, or_zero="never"),
            "After each so many seconds of waiting the levels asked for fall by one.",
        ),
        Field("ring_seconds", seconds(1, 600), "How long a member rings; `company.limits` says what is allowed."),
        Field(
            "rounds",
            whole(1, 1000, or_zero="without limit"),
            "How often a caller is offered to every member before `on_unanswered`.",
        ),
        Field("max_wait_seconds", seconds(1, 86400, or_zero="without limit"), "How long a caller waits at most."),
        Field("wrap_up_seconds", seconds(0, 3600), "Time for notes after a call, before the next is offered."),
        Field(
            "retry_seconds", seconds(0, 3600), "How long a member is left in peace after an offer missed or rejected."
        ),
        Field(
            "auto_pause_misses",
            whole(2, 100, or_zero="never; the first missed offer pauses nobody"),
            "Offers missed or rejected in a row after which a member is paused.",
        ),
        Field("empty_seconds", seconds(0, 3600), "How long callers wait on when the last member's phone has gone."),
        Field("waiting", flag(), "Callers may wait; else, when nobody is free, `on_busy`."),
        Field("max_waiting", whole(1, 100_000), "How many may wait; one more goes to `on_full`."),
        Field("welcome_prompt", optional(PROMPT, empty="none"), "Played before the music."),
        Field(
            "lamp",
            choice(*get_args(QueueLamp)),
            "The lamp of the extension blinks while callers wait, is lit while members talk to callers, or both.",
        ),
        Field("music", MUSIC, "The music list."),
        Field(
            "position_every_seconds", seconds(5, 3600, or_zero="never"), "How often the position is told between music."
        ),
        Field("tell_expected_wait", flag(), "With the position also the expected wait, when it has grown shorter."),
        Field(
            "last_member_days",
            days(0.01, 3650, or_zero="never"),
            "For so long a caller is offered first to the member they spoke to last.",
        ),
        Field("callback_key", optional(_KEY, empty="not offered"), "With it a waiting caller asks to be called back."),
        Field("callback_attempts", whole(1, 20), "How often a caller is called back at most."),
        Field("callback_retry_seconds", seconds(10, 86400), "How long after a callback that nobody answered."),
        Field(
            "keys",
            TableOf(_KEY, CHOICE, "KEY"),
            "Where a waiting caller's keys lead; the place is kept until the caller is `back` or hangs up.",
        ),
        Field("on_full", DESTINATION, "Where a caller goes when as many wait as may."),
        Field("on_busy", DESTINATION, "Where a caller goes who may not wait when nobody is free."),
        Field("on_no_members", DESTINATION, "Where callers go when no member is active and has a phone registered."),
        Field("on_timeout", DESTINATION, "Where a caller goes after `max_wait_seconds`."),
        Field("on_unanswered", DESTINATION, "Where a caller goes after `rounds`."),
    ),
    "A hunt group with its waiting queue.",
    called="NAME",
    example="queues.sales",
    kind="queue",
    extensions="queue_extensions",
)
