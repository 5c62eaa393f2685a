"""What the API takes and answers. Times are UTC epoch seconds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class Member(BaseModel):
    """A member of a queue. `state` is what shows: free, talking, claimed (rings), wrap-up, passive, paused, gone...

    `until` is when the state ends by itself, such as wrap-up.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "member": "anna",
                    "name": "Anna Holm",
                    "state": "paused",
                    "since": 1795327200.0,
                    "until": None,
                    "active": True,
                    "pause_reason": "lunch",
                    "paused_since": 1795327200.0,
                    "idle_since": 1795326000.0,
                    "call": None,
                }
            ]
        }
    )

    member: str
    name: str
    state: str
    since: float | None
    until: float | None
    active: bool
    pause_reason: str
    paused_since: float | None
    idle_since: float
    call: str | None


class Waiting(BaseModel):
    """A place in the line."""

    call: str
    position: int
    since: float
    offered_to: list[str]
    priority: int
    standing: Literal["waiting", "held", "callback"]
    expected_wait: float | None
    number: str
    attempts: int
    earliest: float | None


class Queue(BaseModel):
    """A queue as it is now."""

    queue: str
    extension: str
    waiting: list[Waiting]
    members: list[Member]


class Pause(BaseModel):
    """Why a member pauses; one of the company's reasons, or none."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "lunch"}]})

    reason: Annotated[str, Field(max_length=255)] = ""


class Text(BaseModel):
    """A text message that a member wrote; `from` is the number in E.164."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"from": "+4540404040", "text": "passive sales"}]}
    )

    sender: Annotated[str, Field(alias="from", pattern=r"^\+[1-9][0-9]{3,14}$")]
    text: Annotated[str, Field(max_length=1000)]


class TextAnswer(BaseModel):
    """What to send back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"member": "anna", "understood": True, "text": "sales: passive"}]}
    )

    member: str
    understood: bool
    text: str


class Hours(BaseModel):
    """Opening hours now: `until` is when that changes by itself, None for never."""

    hours: str
    open: bool
    why: str
    position: Literal["calendar", "open", "closed"]
    until: float | None


class Switch(BaseModel):
    """Where the switch of opening hours is to stand."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"position": "closed"}]})

    position: Literal["calendar", "open", "closed"]


class PinOwner(BaseModel):
    """Who has a PIN: a person, by id, or a group's box; `set_at` is UTC epoch seconds."""

    owner: str
    set_at: float


class MadePin(BaseModel):
    """A PIN that was made up, told this once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"owner": "ingrid", "pin": "853202"}]})

    owner: str
    pin: str


class ChosenPin(BaseModel):
    """A PIN that somebody has chosen: 4 to 12 digits, no row, more than two different ones."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"pin": "471108"}]})

    pin: str


class Box(BaseModel):
    """A voicemail box: how many messages are new and heard, and the most it takes."""

    box: str
    new: int
    heard: int
    most: int


class Message(BaseModel):
    """A voicemail message."""

    id: str
    box: str
    call: str
    at: float
    caller_number: str
    caller_name: str
    seconds: float
    heard_at: float | None
    saved: bool
    text: str


class Sound(BaseModel):
    """A sound of the company's own."""

    name: str
    kind: Literal["greeting", "prompt", "music"]
    seconds: float
    made_at: float
    made_by: str
    original_name: str
    original_format: str
    number: int | None
    music_list: str | None
    in_use: list[str]
    """Where it greets: `+4533221100 open`."""


class Missed(BaseModel):
    """A caller whom a queue has missed: `new`, `tried` to be reached since, or `handled`."""

    number: str
    name: str
    count: int
    first_at: float
    last_at: float
    waited: float
    outcome: str
    call: str
    state: Literal["new", "tried", "handled"]
    by: str
    changed_at: float | None


class Handled(BaseModel):
    """Which member has seen to it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"by": "anna"}]})

    by: str


When = Literal["always", "busy", "no-answer", "unreachable"]


class Forwarding(BaseModel):
    """Where calls of one kind go; one that is off keeps its target. `seconds` of ringing before, for `no-answer`."""

    when: When
    on: bool
    to: str
    destination: str
    seconds: float | None


class Person(BaseModel):
    """Somebody, with what their lamp shows and what they want of calls."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "person": "anna",
                    "name": "Anna Holm",
                    "extension": "201",
                    "state": "forwarded",
                    "do_not_disturb": False,
                    "forwardings": [
                        {
                            "when": "always",
                            "on": True,
                            "to": "+4520304050",
                            "destination": "number:+4520304050",
                            "seconds": None,
                        }
                    ],
                }
            ]
        }
    )

    person: str
    name: str
    extension: str
    state: str
    do_not_disturb: bool
    forwardings: list[Forwarding]


class DoNotDisturb(BaseModel):
    """Whether phones shall not ring."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": True}]})

    on: bool


class Forward(BaseModel):
    """Where calls shall go: an extension, an outside number as phones dial it, or the code for the mailbox."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"to": "202", "seconds": 25}, {"on": False}]}
    )

    on: bool = True
    to: Annotated[str, Field(max_length=50)] = ""
    seconds: float | None = None


class Adapter(BaseModel):
    """How a status adapter is; times are UTC epoch seconds."""

    name: str
    kind: str
    standing: Literal["starting", "logged-in", "failed"]
    since: float
    last_event: float | None
    last_error: str
    last_error_at: float | None
    runs: int
    """How often it was begun."""
    events: int
    events_a_second: float
    lag: float | None
    """Seconds by which the source is behind."""
    clock_difference: float | None
    """Least age of reports that come, seconds; less than nothing: the source's clock is ahead."""
    counts: dict[str, int]
    """What came of its events."""
    waiting: int
    monitored: dict[str, int]
    """Different people monitored, by month; of links that are billed by them."""


class Adapters(BaseModel):
    """All status adapters of the server."""

    connected: bool
    """The process of the adapters is there."""
    adapters: list[Adapter]
    became: dict[str, int]
    """What became of reports that were merged."""


class Health(BaseModel):
    """`ok`, or what is not."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok", "signalling away", "database away"]


class ProblemModel(BaseModel):
    """Every error (RFC 9457): `where` it was, the `value` that stood there, and what was `expected`."""

    model_config = ConfigDict(
        title="Problem",
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "queue = 'sals': expected one of sales, support",
                    "where": "queue",
                    "value": "sals",
                    "expected": "one of sales, support",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    where: str
    value: str
    expected: str
