"""Keys by which people set what is theirs, with lamps that show each person their own."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampfield.presence.own_keys import OwnKeys
from lampfield.presence.things import own_key
from routing.forwarding import CONTENT, WHEN, Forwarding, When, Wishes
from routing.model import Company, Destination, VoicemailBox
from tests.routing.nordlys import company
from tests.support.watched_house import WatchedHouse

BO = Destination("person", "bo")
NORDLYS = company(boxes={"anna": VoicemailBox("anna"), "sales": VoicemailBox("sales")})
CODES: dict[str, When | None] = {
    "*78": None,
    "*21": "always",
    "*67": "busy",
    "*61": "no-answer",
    "*62": "unreachable",
}
LIT, OFF = [("confirmed", "recipient")], list[tuple[str, str]]()


class House(WatchedHouse):
    """With what people want, and boxes with new messages."""

    def __init__(self, of: Company = NORDLYS) -> None:
        super().__init__(of)
        self.wishes: dict[str, Wishes] = {}
        self.new: set[str] = set()
        self.keys = OwnKeys(
            lambda company, person: self.wishes.get(person, CONTENT),
            lambda company, box: box in self.new,
            lambda aor, lit: self.lamps.light(aor, lit, self.now),
        )
        self.keys.configure([of])
        self.lamps.things.add(self.keys.is_on)

    def wants(self, person: str, wishes: Wishes) -> None:
        self.wishes[person] = wishes
        self.keys.wishes_changed(self.company, person, wishes)
        self.deliver()

    def message(self, box: str, new: bool, *readers: str) -> None:
        (self.new.add if new else self.new.discard)(box)
        for reader in readers:
            self.keys.messages_changed(self.company.domain, reader)
        self.deliver()


@pytest.mark.parametrize(("code", "when"), CODES.items())
def test_the_key_of_a_code_is_lit_while_what_it_turns_on_is_on(code: str, when: When | None) -> None:
    house = House()
    key = house.watch("anna", code)
    on = Wishes(do_not_disturb=True) if when is None else Wishes(forwardings={when: Forwarding(BO)})
    house.wants("anna", on)
    house.wants("anna", CONTENT if when is None else on.turned(when, False))
    assert [notification.dialogs for notification in key.received] == [OFF, LIT, OFF]


def test_each_person_sees_their_own_under_the_same_code() -> None:
    house = House()
    anna, bo = house.watch("anna", "*78"), house.watch("bo", "*78")
    house.wants("anna", Wishes(do_not_disturb=True))
    assert (anna.received[-1].dialogs, bo.received[-1].dialogs) == (LIT, OFF)
    assert anna.received[-1].document.get("entity") == "sip:*78@nordlys.example"


def test_a_key_that_is_watched_later_shows_what_is_so() -> None:
    house = House()
    house.wants("anna", Wishes(do_not_disturb=True))
    assert house.watch("anna", "*78").received[-1].dialogs == LIT
    assert house.watch("anna", "*78").received[-1].dialogs == LIT, "and so does a second one"


def test_the_mailbox_key_is_lit_while_new_messages_wait() -> None:
    house = House()
    key, of_queue, of_other = house.watch("anna", "*98"), house.watch("bo", "*98300"), house.watch("bo", "*98")
    house.message("anna", True, "anna")
    assert (key.received[-1].dialogs, of_other.received[-1].dialogs) == (LIT, OFF)
    house.message("sales", True, "anna", "bo", "carl")
    house.message("anna", False, "anna")
    assert key.received[-1].dialogs == LIT, "the queue's message waits still, which anna may hear too"
    assert (of_queue.received[-1].dialogs, of_other.received[-1].dialogs) == (LIT, LIT)
    house.message("sales", False, "anna", "bo", "carl")
    assert (key.received[-1].dialogs, of_queue.received[-1].dialogs) == (OFF, OFF)


@pytest.mark.parametrize("key", ["*98201", "*98299", "*9", "*789", "*21203", "*97"])
def test_what_is_no_key_of_the_person_cannot_be_watched(key: str) -> None:
    assert House().try_to_watch("bo", key)[1].status == 404


def test_a_key_goes_with_its_code() -> None:
    house = House()
    key = house.watch("anna", "*78")
    codes = msgspec.structs.replace(NORDLYS.feature_codes, do_not_disturb="*99")
    other = msgspec.structs.replace(NORDLYS, feature_codes=codes)
    house.keys.configure([other])
    house.configure(other)
    assert key.received[-1].subscription_state == "terminated;reason=noresource"
    assert house.watch("anna", "*99").received[-1].dialogs == OFF


def test_a_key_that_nobody_watches_any_more_costs_nothing_and_comes_back() -> None:
    house = House()
    key = house.watch("anna", "*78")
    request = key.subscribe(0)
    house.lamps.subscribe(request, key.flow, house.now, watcher_domain=NORDLYS.domain, watcher="anna")
    house.deliver()
    house.lamps.settle(house.now)
    assert key.received[-1].terminated
    assert house.lamps.lamp("sip:*78@nordlys.example;member=anna") is None
    house.wants("anna", Wishes(do_not_disturb=True))
    assert house.watch("anna", "*78").received[-1].dialogs == LIT


def test_keys_go_on_after_a_restart() -> None:
    before = House()
    key = before.watch("anna", "*78")
    after = House()
    after.watchers = before.watchers
    after.wants("anna", Wishes(do_not_disturb=True))
    after.lamps.restore(before.records.values(), after.now)
    after.lamps.notifier.advance(after.now)
    after.deliver()
    assert key.received[-1].dialogs == LIT


def test_an_own_key_is_known_with_its_person() -> None:
    assert own_key("sip:*78@nordlys.example;member=anna") == ("*78", "nordlys.example", "anna")
    assert own_key("sip:*78@nordlys.example") is None


wishes = st.builds(
    Wishes, st.booleans(), st.dictionaries(st.sampled_from(WHEN), st.builds(Forwarding, st.just(BO), st.booleans()))
)


@given(st.lists(st.tuples(st.sampled_from(["anna", "bo"]), wishes), max_size=8))
def test_after_any_history_every_key_shows_what_holds(history: list[tuple[str, Wishes]]) -> None:
    house = House()
    keys = {(person, code): house.watch(person, code) for person in ("anna", "bo") for code in CODES}
    for person, wanted in history:
        house.wants(person, wanted)
    for (person, code), key in keys.items():
        held = house.wishes.get(person, CONTENT)
        when = CODES[code]
        on = held.do_not_disturb if when is None else held.forwarding(when) is not None
        assert key.received[-1].dialogs == (LIT if on else OFF)
