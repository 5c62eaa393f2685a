"""What holds for a queue's machine in every history."""

from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.model import Queue
from tests.routing.nordlys import queue
from tests.routing.queue.histories import HISTORIES, delays
from tests.routing.queue.play import Play
from tests.routing.queue.steps import SETTINGS, WHATS, Step, random_history, random_queue

steps = st.tuples(st.sampled_from(WHATS), st.integers(0, 5), delays)

queues = st.builds(queue, **{name: st.sampled_from(values) for name, values in SETTINGS.items()})


@settings(max_examples=HISTORIES // 5, deadline=None, suppress_health_check=list(HealthCheck))
@given(queues, st.lists(steps, max_size=60))
def test_claims_are_exclusive_callers_are_served_in_order_and_end_once(queue: Queue, history: list[Step]) -> None:
    Play(queue).play(history)


@pytest.mark.parametrize("seed", range(10))
def test_the_same_holds_for_many_more_histories(seed: int) -> None:
    """Hypothesis finds the smallest history that breaks a rule; this one plays more of them in the same time."""
    for number in range(max(HISTORIES // 2, 1)):
        random = Random(f"{seed} {number}")
        Play(random_queue(random)).play(random_history(random, 80))
