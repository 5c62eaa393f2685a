"""People's states as the API describes them. Times are UTC epoch seconds."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

EXAMPLE: dict[str, Any] = {
    "sequence": 1795330512400017,
    "person": "anna",
    "name": "Anna Holm",
    "extension": "201",
    "phone": "busy",
    "condition": "talking",
    "since": 1795330512.4,
    "back_at": None,
    "reason": "talks with +4520304050",
    "note": "",
    "sources": [{"name": "calls", "says": "talking", "at": 1795330512.4, "stale": False}],
    "forwarding": {"kind": "no-answer", "target": "+4533221100"},
    "private_number": False,
    "roaming": {"abroad": True, "country": "SE", "plmn": "24007"},
    "data_attached": True,
}


class Source(BaseModel):
    """One of the facts a state was made of; `stale` where the source has been silent for too long to count."""

    name: str
    says: str
    at: float
    stale: bool


class NetworkForwarding(BaseModel):
    """Where calls go by the network or PBX that forwards them; `none` says that they are not forwarded."""

    kind: Literal["none", "unconditional", "busy", "no-answer", "not-reachable"]
    target: str


class Roaming(BaseModel):
    """Whether the mobile is in a foreign network; `country` is ISO 3166, `plmn` MCC and MNC."""

    abroad: bool
    country: str
    plmn: str


class State(BaseModel):
    """A person's state. Null is not known; what the token's scopes do not let it see is left out.

    `reason`, `note` and `sources` need the scope `reasons`; `forwarding` the scope of that name; `private_number`,
    `roaming` and `data_attached` the scope `mobile`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    sequence: int
    person: str
    name: str
    extension: str
    phone: Literal["available", "busy", "unreachable"]
    condition: str
    since: float
    back_at: float | None
    reason: str = ""
    note: str = ""
    sources: list[Source] = []
    forwarding: NetworkForwarding | None = None
    private_number: bool | None = None
    roaming: Roaming | None = None
    data_attached: bool | None = None


class StateList(BaseModel):
    """States in the order in which they changed; ask again with `since` = `sequence`, at once where there is `more`.

    `live` is false while signalling is away and the last known is told; `gone` are people who are not there any more.
    """

    sequence: int
    more: bool
    live: bool
    states: list[State]
    gone: list[str]
