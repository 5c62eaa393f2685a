"""Whatever the network does to a call, both ends agree in the end on whether it is up, and nothing is left behind."""

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sipcore.events import (
    Event,
    InviteReceived,
    OfferReceived,
    SessionAccepted,
    SessionCancelled,
    SessionEnded,
    SessionRejected,
)
from sipcore.stack import Stack, StackConfig
from tests.support.link import Link, Pair

OFFER, ANSWER = b"v=0 offer", b"v=0 answer"

seconds = st.floats(min_value=0.0, max_value=20.0)
sometimes = st.none() | seconds


@dataclass
class Story:
    """A call with what each end does when; None is never."""

    seed: int
    loss: float
    duplication: float
    slowest: float
    reliable: bool
    bob_rings: float | None
    bob_answers: float | None
    bob_rejects: float | None
    alice_cancels: float | None
    alice_leaves: float | None
    bob_leaves: float | None
    alice_offers: list[float]
    bob_offers: list[float]
    up: set[int] = field(default_factory=set)


stories = st.builds(
    Story,
    seed=st.integers(0, 2**32),
    loss=st.sampled_from((0.0, 0.1, 0.3, 0.5)),
    duplication=st.sampled_from((0.0, 0.2)),
    slowest=st.sampled_from((0.01, 0.3, 3.0)),
    reliable=st.booleans(),
    bob_rings=sometimes,
    bob_answers=sometimes,
    bob_rejects=sometimes,
    alice_cancels=sometimes,
    alice_leaves=sometimes,
    bob_leaves=sometimes,
    alice_offers=st.lists(seconds, max_size=3),
    bob_offers=st.lists(seconds, max_size=3),
)


class Play:
    """Plays a story and follows what the two users believe."""

    def __init__(self, story: Story) -> None:
        self.story = story
        link = Link(seed=story.seed, loss=story.loss, duplication=story.duplication, latency=(0.005, story.slowest))
        config = StackConfig(session_expires=90)
        self.pair = Pair(link, config, config)
        link.on_event = self.event
        self.alice_up = self.bob_up = False
        self.alice_done = self.bob_done = False
        self.theirs: str | None = None
        self.ours = self.pair.alice.invite(self.pair.invitation(offer=OFFER, timeout=60.0), self.pair.now)

    def event(self, stack: Stack, event: Event, now: float) -> None:
        match event:
            case InviteReceived():
                assert self.theirs is None, "one INVITE makes one session"
                self.theirs = event.session
            case OfferReceived():
                stack.answer(event.session, ANSWER, now)
            case SessionAccepted():
                assert not self.alice_done
                self.alice_up = True
            case SessionRejected():
                assert not self.alice_up
                assert not self.alice_done
                self.alice_done = True
            case SessionCancelled():
                assert not self.bob_done
                self.bob_done, self.bob_up = True, False
            case SessionEnded() if stack is self.pair.alice:
                assert self.alice_up
                self.alice_done, self.alice_up = True, False
            case SessionEnded():
                self.bob_done, self.bob_up = True, False

    def run(self) -> None:
        story = self.story
        plan: list[tuple[float, Callable[[], None]]] = []
        for at, act in (
            (story.bob_rings, self.ring),
            (story.bob_answers, self.answer),
            (story.bob_rejects, self.reject),
            (story.alice_cancels, self.cancel),
            (story.alice_leaves, self.alice_leaves),
            (story.bob_leaves, self.bob_leaves),
        ):
            if at is not None:
                plan.append((at, act))
        plan += [(at, self.alice_offers) for at in story.alice_offers]
        plan += [(at, self.bob_offers) for at in story.bob_offers]
        past = 0.0
        for at, act in sorted(plan, key=lambda step: step[0]):
            self.pair.run(at - past)
            past = at
            act()
        self.pair.run(100)
        # Nobody lets a phone ring for ever, even if the caller's CANCEL got lost.
        self.reject()
        # The network is well again: now they must come to agree, at the latest by the session timer.
        self.pair.link.loss = 0.0
        self.pair.run(250)

    def ring(self) -> None:
        if self.theirs and not self.bob_up and not self.bob_done:
            self.pair.bob.progress(self.theirs, 180, self.pair.now, sdp=ANSWER if self.story.reliable else None)

    def answer(self) -> None:
        if self.theirs and not self.bob_up and not self.bob_done:
            self.bob_up = True
            self.pair.bob.accept(self.theirs, ANSWER, self.pair.now)

    def reject(self) -> None:
        if self.theirs and not self.bob_up and not self.bob_done:
            self.bob_done = True
            self.pair.bob.reject(self.theirs, 486, self.pair.now)

    def cancel(self) -> None:
        if not self.alice_up and not self.alice_done:
            self.pair.alice.cancel(self.ours, self.pair.now)

    def alice_leaves(self) -> None:
        if self.alice_up:
            self.alice_up, self.alice_done = False, True
            self.pair.alice.bye(self.ours, self.pair.now)

    def bob_leaves(self) -> None:
        if self.theirs and self.bob_up:
            self.bob_up, self.bob_done = False, True
            self.pair.bob.bye(self.theirs, self.pair.now)

    def alice_offers(self) -> None:
        self.pair.alice.offer(self.ours, OFFER + b" again", self.pair.now)

    def bob_offers(self) -> None:
        if self.theirs:
            self.pair.bob.offer(self.theirs, ANSWER + b" again", self.pair.now)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories)
def test_both_ends_agree_in_the_end_and_nothing_is_left(story: Story) -> None:
    play = Play(story)
    play.run()
    pair = play.pair
    assert play.alice_up == play.bob_up
    assert pair.alice.counts()["sessions"] == pair.bob.counts()["sessions"] == (1 if play.alice_up else 0)
    if play.alice_up:
        play.alice_leaves()
        pair.run(40)
        assert not play.bob_up
    pair.run(100)
    for stack in (pair.alice, pair.bob):
        assert {name: count for name, count in stack.counts().items() if count} == {}
    assert pair.link.quiet()
