"""How stays in a queue and offers end, in the words of `QueueLeft` and `OfferEnded`."""

from typing import Literal

NoRoom = Literal["no-members", "busy", "full"]
Refusal = Literal["shutdown"] | NoRoom
LeftUnanswered = Refusal | Literal["abandoned", "elsewhere", "timeout", "unanswered", "lost", "not-reached"]
Missed = Literal["no-answer", "busy", "rejected", "unreachable"]
OfferOutcome = Literal["answered", "withdrawn", "elsewhere"] | Missed
