"""How stays in a queue and offers end, in the words of `QueueLeft` and `OfferEnded`."""

from typing import Literal

NoRoom = Literal["no-members", "busy", "full"]
Refusal = Literal["shutdown"] | NoRoom
Superfluous = Literal["already-ordered", "answered-meanwhile"]
"""Of places to call back: another place of the same number counts."""
LeftUnanswered = (
    Refusal | Superfluous | Literal["abandoned", "elsewhere", "timeout", "unanswered", "lost", "not-reached"]
)
Missed = Literal["no-answer", "busy", "rejected", "unreachable"]
OfferOutcome = Literal["answered", "withdrawn", "elsewhere"] | Missed

NOT_MISSED = frozenset({"answered", "called-back", "already-ordered", "answered-meanwhile"})
"""Ways to leave a queue that leave nobody anything to do."""
