"""Whatever the network does to subscriptions, each watcher shows the truth soon after it has healed."""

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sipcore.events import Event
from tests.support.lamp_office import EXPIRES, PHONES, TRY_AGAIN, Phone, PresenceServer, Shelf
from tests.support.link import Link
from tests.support.watching_phone import SERVER

PEOPLE, KEYS = 3, 8
LOOK = 2.0
"""Seconds between two looks whether a phone is to subscribe, at the most."""
HEALED = EXPIRES + TRY_AGAIN
"""Seconds after which every phone has refreshed or subscribed anew over the good link, and was told."""


@dataclass
class Story:
    """A bad link for some time, and what happens to people meanwhile: when, to whom, and their call's new phase."""

    seed: int
    loss: float
    duplication: float
    slowest: float
    changes: list[tuple[float, int, str]]


stories = st.builds(
    Story,
    seed=st.integers(0, 2**32),
    loss=st.sampled_from((0.0, 0.1, 0.3, 0.6)),
    duplication=st.sampled_from((0.0, 0.2, 0.5)),
    slowest=st.sampled_from((0.02, 0.7, 3.0)),
    changes=st.lists(
        st.tuples(
            st.floats(0.0, 90.0),
            st.integers(0, PEOPLE - 1),
            st.sampled_from(("trying", "early", "confirmed", "terminated")),
        ),
        max_size=30,
    ),
)


class Play:
    """Plays a story, phone by phone and datagram by datagram."""

    def __init__(self, story: Story) -> None:
        self.link = Link(
            seed=story.seed, loss=story.loss, duplication=story.duplication, latency=(0.005, story.slowest)
        )
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

    def play(self, story: Story) -> None:
        begin = self.link.now
        for at, person, phase in sorted(story.changes):
            self.run(max(0.0, begin + at - self.link.now))
            self.server.show(person, phase, self.link.now)
        self.run(max(0.0, begin + 90.0 - self.link.now))

    def heal(self) -> None:
        self.link.loss = self.link.duplication = 0.0
        self.link.latency = (0.01, 0.02)
        self.run(HEALED)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(stories)
def test_every_watcher_shows_the_truth_once_the_link_has_healed(story: Story) -> None:
    play = Play(story)
    play.play(story)
    play.heal()
    assert play.server.lamps.notifier.count == KEYS, "a phone has one subscription for a key, whatever was lost"
    last = {person: phase for _, person, phase in sorted(story.changes, key=lambda change: change[:2])}
    for index, phone in enumerate(play.phones.values()):
        person = index % PEOPLE
        phase = last.get(person, "terminated")
        assert phone.shown == play.server.truth(person, phone.event, play.link.now)
        if phone.event == "dialog":
            assert phone.shown == ([] if phase == "terminated" else [(phase, "recipient")])


def test_the_same_seed_makes_the_same_story() -> None:
    story = Story(7, 0.3, 0.2, 0.7, [(5.0, 0, "early"), (9.0, 0, "confirmed"), (20.0, 1, "early")])
    wires = []
    for _ in range(2):
        play = Play(story)
        play.play(story)
        wires.append([(at, datagram.data) for at, datagram in play.link.wire])
    assert wires[0] == wires[1]
    assert len(wires[0]) > 2 * KEYS
