"""Who has answered callers lately, for the strategy `fewest_calls`."""

import heapq

CALLS_COUNT_SECONDS = 86_400.0
"""For how long a caller counts whom a member has answered."""


class Answers:
    """By all members of a queue, in the order in which they count no more. Times are UTC epoch seconds."""

    def __init__(self) -> None:
        self._answers: list[tuple[float, str]] = []

    def add(self, at: float, person: str) -> None:
        """Also one from before those that are known."""
        heapq.heappush(self._answers, (at, person))

    def outdated(self, now: float) -> list[str]:
        """Forget the answers that count no more: by whom, one entry for each."""
        people: list[str] = []
        while self._answers and self._answers[0][0] <= now - CALLS_COUNT_SECONDS:
            people.append(heapq.heappop(self._answers)[1])
        return people
