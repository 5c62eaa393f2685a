"""Whatever happens to a person, in whatever order, no lamp is stuck: it ends with what is true."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from presence_pidf.dialog_state import DialogPhase
from presence_pidf.person_state import compose
from presence_pidf.status_report import Activity, StatusReport
from sipcore.message import Response
from sipcore.subscription import SubscriptionRecord
from tests.lampfield.presence.test_lamps import ANNA, ringing
from tests.lampfield.presence.test_publications import House, match
from tests.presence_pidf.test_readers import KAMAILIO
from tests.support.watching_phone import DIALOG_INFO

SOURCES = ("calendar", "mobile:op", "phone-key", "computer:graph")
ACTIVITIES: tuple[Activity, ...] = ("available", "on-the-phone", "meeting", "do-not-disturb")
PHASES: tuple[DialogPhase, ...] = ("trying", "early", "confirmed", "terminated")
SUBSCRIBED = 600.0
"""Seconds that the phone's subscriptions last."""
LEGS = st.sampled_from(["leg-a", "leg-b", "leg-c"])


class Presence(RuleBasedStateMachine):
    """A person with calls, phones, sources and publications; a phone watches, and the server is killed now and then."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.house = House(Path(self.folder.name), ask=False)
        self.watcher = self.house.watch("dialog", ANNA)
        self.buddy = self.house.watch("presence", ANNA)
        self.subscriptions: dict[str, SubscriptionRecord] = {}
        self.calls: dict[str, DialogPhase] = {}
        self.registered = 0
        self.reports: dict[str, StatusReport] = {}
        self.published: dict[str, tuple[Response, str, float]] = {}
        self.sequence = 0
        # The phone refreshes nothing: what happens, happens while it is subscribed.
        self.subscribed_until = self.house.now + SUBSCRIBED

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.journal.close()
            self.folder.cleanup()

    @rule(leg=LEGS, phase=st.sampled_from(PHASES), held=st.booleans())
    def call(self, leg: str, phase: DialogPhase, held: bool) -> None:
        self.house.lamps.dialog_changed(ANNA, ringing(phase, leg, held=held), self.house.now)
        self.calls[leg] = phase
        if phase == "terminated":
            del self.calls[leg]

    @rule(count=st.integers(0, 2))
    def register(self, count: int) -> None:
        self.house.lamps.bindings_changed(ANNA, count, self.house.now)
        self.registered = count

    @rule(
        source=st.sampled_from(SOURCES),
        activity=st.sampled_from(ACTIVITIES),
        late=st.sampled_from([0.0, 0.0, 30.0]),
        lasts=st.sampled_from([None, 50.0]),
    )
    def report(self, source: str, activity: Activity, late: float, lasts: float | None) -> None:
        self.sequence += 1
        at = self.house.now - late
        report = StatusReport(
            presentity=ANNA,
            source=source,
            activity=activity,
            at=at,
            sequence=self.sequence,
            expires_at=None if lasts is None else self.house.now + lasts,
        )
        self.house.lamps.reported(report, self.house.now)
        known = self.reports.get(source)
        if known is None or not report.is_older_than(known):
            self.reports[source] = report

    @rule(call=st.sampled_from(["pub-a", "pub-b"]), phase=st.sampled_from(PHASES))
    def publish(self, call: str, phase: str) -> None:
        body = KAMAILIO.replace(b"ZjMyNGE", call.encode()).replace(b"early", phase.encode())
        known = self.published.get(call)
        fields = [match(known[0])] if known is not None else []
        response = self.house.publish(body, *fields, ("Expires", "120"), event="dialog")
        assert response.status == 200
        self.published[call] = (response, phase, self.house.now + 120.0)

    @rule(call=st.sampled_from(["pub-a", "pub-b"]))
    def unpublish(self, call: str) -> None:
        known = self.published.pop(call, None)
        if known is not None:
            assert self.house.publish(b"", match(known[0]), ("Expires", "0"), event="dialog").status == 200

    @rule(seconds=st.sampled_from([1.0, 40.0, 100.0]))
    def wait(self, seconds: float) -> None:
        house = self.house
        if house.now + seconds >= self.subscribed_until:
            return
        house.now += seconds
        house.publications.advance()
        house.lamps.advance(house.now)
        house.lamps.notifier.advance(house.now)
        self.published = {call: known for call, known in self.published.items() if known[2] > house.now}

    @rule()
    def lose_a_step_and_sweep(self) -> None:
        """A fault of ours loses the end of a call; the sweep mends it."""
        for leg in list(self.calls)[:1]:
            del self.calls[leg]
        self.house.lamps.sweep(dict.fromkeys(self.calls, ANNA), self.house.now)

    @rule()
    def kill_and_restart(self) -> None:
        """Calls are cut off, phones stay registered, sources tell anew; what was published and who watches is kept."""
        house = self.house
        self._note_subscriptions()
        house.restart()
        self.calls.clear()
        self.reports.clear()
        house.lamps.bindings_changed(ANNA, self.registered, house.now)
        house.lamps.restore(self.subscriptions.values(), house.now)
        house.lamps.notifier.advance(house.now)

    @invariant()
    def the_lamp_shows_what_is_true(self) -> None:
        if not hasattr(self, "house"):
            return
        house = self.house
        house.deliver()
        self._note_subscriptions()
        published = {call: phase for call, (_, phase, _) in self.published.items() if phase != "terminated"}
        expected = {**self.calls, **published}
        elements = self.watcher.received[-1].document.findall(f"{DIALOG_INFO}dialog")
        # What a report alone says is shown as a dialog of no call.
        shown = [each for each in elements if (each.get("id") or "").startswith(("leg-", "pub-"))]
        assert {each.get("id"): each.findtext(f"{DIALOG_INFO}state") for each in shown} == expected
        truth = compose(self.reports.values(), house.anna.dialogs, self.registered, house.now)
        assert house.anna.condition == truth.condition
        assert self.buddy.received[-1].basic == ("open" if truth.reachable or expected else "closed")
        for phone in (self.watcher, self.buddy):
            numbers = [notification.cseq for notification in phone.received]
            assert numbers == sorted(set(numbers))

    def _note_subscriptions(self) -> None:
        for change in self.house.lamps.notifier.take_changes():
            if isinstance(change, SubscriptionRecord):
                self.subscriptions[change.id] = change
            else:
                self.subscriptions.pop(change.id, None)


Presence.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestPresence = Presence.TestCase
