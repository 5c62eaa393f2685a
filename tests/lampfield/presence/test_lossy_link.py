"""Whatever the network does to subscriptions, each watcher shows the truth soon after it has healed."""

import random
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sipcore.events import Event
from tests.support.lamp_office import EXPIRES, PHONES, TRY_AGAIN, Phone, PresenceServer, Shelf
from tests.support.link import Link
from tests.support.watching_phone import SERVER

PEOPLE, KEYS = 3, 8
PHASES = ("trying", "early", "confirmed", "terminated")
LOOK = 2.0
"""Seconds between two looks whether a phone is to subscribe, at the most."""
BAD = 90.0
"""Seconds for which the link is bad."""
TOLD = 70.0
"""Seconds over the good link after which who stayed subscribed was told: last try, Timer F, back-off."""
SUBSCRIBED = EXPIRES + TRY_AGAIN
"""Seconds over the good link after which everybody has refreshed or subscribed anew, and was told."""


@dataclass
class Story:
    """A bad link for some time, and how often people's calls change meanwhile; the seed says when and which."""

    seed: int
    loss: float
    duplication: float
    slowest: float
    changes: int

    def history(self) -> list[tuple[float, int, str]]:
        """When, whose call, and its new phase."""
        dice = random.Random(self.seed)
        times = sorted(dice.uniform(0.0, BAD) for _ in range(self.changes))
        return [(at, dice.randrange(PEOPLE), dice.choice(PHASES)) for at in times]


stories = st.builds(
    Story,
    seed=st.integers(0, 2**32),
    loss=st.sampled_from((0.0, 0.1, 0.3, 0.6)),
    duplication=st.sampled_from((0.0, 0.2, 0.5)),
    slowest=st.sampled_from((0.02, 0.7, 3.0)),
    changes=st.integers(0, 200),
)


class Play:
    """Plays a story, phone by phone and datagram by datagram."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._history = story.history()
        self.link = Link(seed=story.seed)
        self.server = PresenceServer(PEOPLE)
        self.phones = {f"key{i}": Phone(f"key{i}", i % PEOPLE, "dialog" if i % 2 else "presence") for i in range(KEYS)}
        self.shelf = Shelf(self.phones)
        self.link.join(SERVER, self.server)
        self.link.join(PHONES, self.shelf.stack)
        self.link.on_event = self.on_event

    def on_event(self, node: object, event: Event, now: float) -> None:
        (self.server if node is self.server else self.shelf).on_event(event, now)

    def run(self, seconds: float) -> None:
        end = self.link.now + seconds
        while self.link.now < end:
            self.shelf.subscribe_where_due(self.link.now)
            due = min(self.shelf.next_subscribe(), self.link.now + LOOK, end)
            self.link.run(due - self.link.now)

    def play(self) -> None:
        """What happens while the link is bad."""
        story, link, begin = self._story, self.link, self.link.now
        link.loss, link.duplication, link.latency = story.loss, story.duplication, (0.005, story.slowest)
        for at, person, phase in self._history:
            self.run(max(0.0, begin + at - link.now))
            self.server.show(person, phase, link.now)
        self.run(max(0.0, begin + BAD - link.now))
        link.loss, link.duplication, link.latency = 0.0, 0.0, (0.01, 0.02)

    def check(self) -> None:
        """Every key shows what is true."""
        count = self.server.lamps.notifier.count
        assert count == KEYS, "a phone has one subscription for a key, whatever was lost"
        last = {person: phase for _, person, phase in self._history}
        for index, phone in enumerate(self.phones.values()):
            person = index % PEOPLE
            phase = last.get(person, "terminated")
            assert phone.shown == self.server.truth(person, phone.event, self.link.now)
            if phone.event == "dialog":
                assert phone.shown == ([] if phase == "terminated" else [(phase, "recipient")])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories)
def test_who_subscribes_over_a_bad_link_shows_the_truth_once_it_has_healed(story: Story) -> None:
    play = Play(story)
    play.play()
    play.run(SUBSCRIBED)
    play.check()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories)
def test_who_was_subscribed_before_needs_no_refresh_to_show_the_truth(story: Story) -> None:
    play = Play(story)
    play.run(1.0)
    play.play()
    asked = len(play.link.wire)
    play.run(TOLD)
    play.check()
    assert not [sent for _, sent in play.link.wire[asked:] if sent.data.startswith(b"SUBSCRIBE")]


def test_the_same_seed_makes_the_same_story() -> None:
    story = Story(7, 0.3, 0.2, 0.7, 10)
    wires = []
    for _ in range(2):
        play = Play(story)
        play.play()
        wires.append([(at, datagram.data) for at, datagram in play.link.wire])
    assert wires[0] == wires[1]
    assert len(wires[0]) > 2 * KEYS
