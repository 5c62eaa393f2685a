"""What may happen in a random history of a queue, and under which settings."""

from random import Random
from typing import Literal

from routing.model import MemberDetails, Queue
from tests.routing.nordlys import queue

What = Literal[
    "join",
    "leave",
    "answer",
    "miss",
    "late-answer",
    "pick-up",
    "hang-up",
    "block",
    "clear",
    "passive",
    "active",
    "pause",
    "resume",
    "step-out",
    "return",
    "call-back",
    "callback-answered",
    "callback-missed",
    "speak",
    "restart",
    "close",
]

# Closing and restarting end a history's interesting part, so they are rare.
WHATS: tuple[What, ...] = (
    *("join",) * 8,
    *("leave", "answer", "answer", "answer", "miss", "miss", "late-answer", "hang-up", "hang-up") * 2,
    *("block", "clear", "clear", "clear", "call-back", "callback-answered", "callback-missed", "pick-up") * 2,
    "speak",
    *("passive", "active", "active", "pause", "resume", "resume", "step-out", "return", "return"),
    *("restart", "close"),
)
"""What may happen, as often as it shall."""

DELAYS = (0.0, 0.0, 0.0, 1.0, 3.0, 5.0, 10.0, 30.0)
"""Seconds before something happens: often none, so that things cross."""

Step = tuple[What, int, float]

SETTINGS: dict[str, tuple[object, ...]] = {
    "strategy": ("longest_idle", "priority", "all", "all", "round_robin", "fewest_calls", "skills"),
    "at_once": (1, 2, 10),
    "wrap_up_seconds": (0.0, 5.0),
    "max_waiting": (2, 10),
    "max_wait_seconds": (0.0, 10.0, 60.0),
    "rounds": (0, 0, 1, 2),
    "auto_pause_misses": (0, 2, 3),
    "waiting": (True, True, True, False),
    "details": (
        {},
        {},
        {"bo": MemberDetails(skills={"danish": 5}), "carl": MemberDetails(skills={"danish": 3})},
        {"anna": MemberDetails(penalty_seconds=5.0), "carl": MemberDetails(penalty_seconds=12.0)},
    ),
    "skills": ({"danish": 5},),
    "skill_relax_seconds": (0.0, 4.0),
    "callback_attempts": (1, 2),
    "callback_retry_seconds": (7.0,),
    "members": (("anna", "bo", "carl"), ("anna", "+4540404040", "carl", "dora")),
}
"""The settings of a queue, each with the values that it may have."""


def random_queue(random: Random) -> Queue:
    return queue(**{name: random.choice(values) for name, values in SETTINGS.items()})


def random_history(random: Random, most: int) -> list[Step]:
    steps = random.randrange(most + 1)
    return [
        (what, random.randrange(6), delay)
        for what, delay in zip(random.choices(WHATS, k=steps), random.choices(DELAYS, k=steps), strict=True)
    ]
