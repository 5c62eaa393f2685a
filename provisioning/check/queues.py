"""What must hold within queues, and the limits that hold for them."""

from collections.abc import Iterator

from provisioning.check.surroundings import one_of
from provisioning.problems import Problems, joined, nearest
from routing.model import Company, Limits, Queue


def check_queues(company: Company, problems: Problems) -> None:
    """Note what is beyond the company's limits, skills that nobody has, and keys that mean two things."""
    limits = company.limits
    if limits.shortest_ring_seconds > limits.longest_ring_seconds:
        problems.add(
            "company.limits.longest_ring_seconds",
            limits.longest_ring_seconds,
            f"at least shortest_ring_seconds, which is {limits.shortest_ring_seconds:g}",
        )
    for queue in company.queues.values():
        key = joined("queues", queue.name)
        _check_limits(key, queue, limits, problems)
        _check_members(key, queue, problems)
        if queue.callback_key is not None and queue.callback_key in queue.keys:
            chosen = joined(f"{key}.keys", queue.callback_key)
            problems.add(f"{key}.callback_key", queue.callback_key, f"a key of its own, {chosen} leads elsewhere")
    _check_greetings(company, problems)


def _check_limits(key: str, queue: Queue, limits: Limits, problems: Problems) -> None:
    shortest, longest = limits.shortest_ring_seconds, limits.longest_ring_seconds
    if not shortest <= queue.ring_seconds <= longest:
        bound = "shortest" if queue.ring_seconds < shortest else "longest"
        problems.add(
            f"{key}.ring_seconds",
            queue.ring_seconds,
            f"between {shortest:g} and {longest:g} seconds, or company.limits.{bound}_ring_seconds another",
        )
    for name, value, limit in (
        ("members", len(queue.members), "members_per_queue"),
        ("max_waiting", queue.max_waiting, "waiting_per_queue"),
        ("at_once", queue.at_once, "members_at_once"),
    ):
        most: int = getattr(limits, limit)
        if value > most:
            counted = (
                f"{key}.{name}: has {value}, must have" if name == "members" else f"{key}.{name} = {value}: must be"
            )
            problems.sentences.append(f"{counted} at most {most}, or company.limits.{limit} more")


def _check_members(key: str, queue: Queue, problems: Problems) -> None:
    for member in queue.details if queue.members else ():  # else they could not be read, which is told already
        if member not in queue.members:
            full = joined(f"{key}.details", member)
            problems.sentences.append(f"{full}: must be {one_of('the members of the queue', member, queue.members)}")
    highest: dict[str, int] = {}
    for details in queue.details.values():
        for skill, level in details.skills.items():
            highest[skill] = max(level, highest.get(skill, 0))
    for skill, level in queue.skills.items():
        full = joined(f"{key}.skills", skill)
        if skill not in highest:
            problems.sentences.append(f"{full}: must be {one_of('the skills of the members', skill, highest)}")
        elif level > highest[skill] and not queue.skill_relax_seconds:
            best = f"at most {highest[skill]}, the best that a member has, or skill_relax_seconds above 0"
            problems.add(full, level, best)
    for full, skill in _useless_skills(key, queue):
        near = nearest(skill, queue.skills)
        hint = f", did you mean {near}?" if near is not None else ""
        problems.warn(f"{full}: {key}.skills does not ask for it{hint}")
    if queue.skills and queue.strategy != "skills":
        problems.warn(f'{key}.skills: counts only with strategy = "skills", which is "{queue.strategy}"')


def _useless_skills(key: str, queue: Queue) -> Iterator[tuple[str, str]]:
    for member, details in queue.details.items():
        for skill in details.skills:
            if skill not in queue.skills:
                yield joined(f"{joined(f'{key}.details', member)}.skills", skill), skill


def _check_greetings(company: Company, problems: Problems) -> None:
    used = {
        prompt
        for number in company.main_numbers.values()
        for prompt in (
            number.greeting,
            number.closed_greeting,
            number.special_greeting,
            number.special_closed_greeting,
        )
        if prompt is not None
    }
    most = company.limits.active_greetings
    if len(used) > most:
        allowed = f"at most {most}, or company.limits.active_greetings more"
        problems.sentences.append(f"main_numbers: have {len(used)} greetings, must have {allowed}")
