"""Phones whose keys for do not disturb and forwarding are in step: as-feature-event, both ways."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampfield.journal import Journal
from lampfield.presence.feature_sync import FeatureSync, forwarded, phone_features
from lampfield.presence.lamps import Lamps
from lampfield.presence.person_features import PersonFeatures
from presence_pidf.feature_events import CONTENT_TYPE, FORWARDING_TYPES, ForwardState
from routing.forwarding import CONTENT, Forwarding, Wishes
from routing.model import Company, Destination
from sipcore.errors import ProtocolViolation
from sipcore.message import Request, Response
from sipcore.notifier import NotifierConfig
from tests.routing.nordlys import company
from tests.support.feature_parts import parts_of
from tests.support.watched_house import WatchedHouse
from tests.support.watching_phone import Watcher, parse_request

NORDLYS = company()
ANNA = NORDLYS.people["anna"]
BO = Destination("person", "bo")


class House(WatchedHouse):
    """With what people have set."""

    def __init__(self, path: Path, of: Company = NORDLYS) -> None:
        super().__init__(of)
        journal = Journal(path)
        self.features = PersonFeatures(journal, lambda: self.now, lambda report: None)
        tokens = iter(range(10_000))
        self.lamps = Lamps(
            lambda: f"token{next(tokens):011d}",
            [of],
            NotifierConfig(),
            lambda: self.now,
            features=lambda aor: self.sync.states(aor),
        )
        self.sync = FeatureSync(self.features, self.lamps, lambda: self.now)
        self.sync.configure([of])
        self.book = self.features.of(of)

    def phone(self, person: str = "anna", user: str | None = None) -> Watcher:
        return self.watch(person, user or person, "as-feature-event")

    def ask(self, phone: Watcher, body: bytes, person: str = "anna", content_type: str = CONTENT_TYPE) -> Response:
        """The phone sends a SUBSCRIBE in its dialog with this body, as `Subscriptions` takes it."""
        request = with_body(phone.subscribe(), body, content_type)
        self.sync.take(request, self.company, self.company.people[person])
        response = self.lamps.subscribe(
            request, phone.flow, self.now, watcher_domain=self.company.domain, watcher=person
        )
        self.deliver()
        return response


def with_body(request: Request, body: bytes, content_type: str = CONTENT_TYPE) -> Request:
    head = request.to_bytes().replace(
        b"Content-Length: 0", f"Content-Type: {content_type}\r\nContent-Length: {len(body)}".encode()
    )
    return parse_request(head + body)


def do_not_disturb(on: bool) -> bytes:
    return (
        '<SetDoNotDisturb xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">'
        f"<device>1</device><doNotDisturbOn>{str(on).lower()}</doNotDisturbOn></SetDoNotDisturb>"
    ).encode()


def forward(to: str, on: bool = True, kind: str = "forwardImmediate", rings: str = "") -> bytes:
    return (
        '<SetForwarding xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3">'
        f"<device>1</device><forwardingType>{kind}</forwardingType><activateForward>{str(on).lower()}</activateForward>"
        f"<forwardDN>{to}</forwardDN><ringCount>{rings}</ringCount></SetForwarding>"
    ).encode()


def told(phone: Watcher) -> dict[str, dict[str, str]]:
    """What the phone was told last, by feature."""
    return {values.get("forwardingType", name): values for name, values in parts_of(phone.received[-1].body)}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "journal")


def test_a_phone_that_comes_is_told_all_features(house: House) -> None:
    house.book.change("anna", Wishes(True, {"busy": Forwarding(BO, on=False), "no-answer": Forwarding(BO)}))
    phone = house.phone()
    assert told(phone) == {
        "DoNotDisturbEvent": {"device": "201", "doNotDisturbOn": "true"},
        "forwardImmediate": {"device": "201", "forwardingType": "forwardImmediate", "forwardStatus": "false"},
        "forwardBusy": {
            "device": "201",
            "forwardingType": "forwardBusy",
            "forwardStatus": "false",
            "forwardTo": "202",
        },
        "forwardNoAns": {
            "device": "201",
            "forwardingType": "forwardNoAns",
            "forwardStatus": "true",
            "forwardTo": "202",
            "ringCount": "4",
        },
    }
    assert phone.received[-1].request.header("Event") == "as-feature-event"


def test_what_is_set_elsewhere_is_told_to_every_phone_of_the_person(house: House) -> None:
    desk, other, of_bo = house.phone(), house.phone(user="201"), house.phone("bo")
    before = len(of_bo.received)
    house.book.change("anna", Wishes(do_not_disturb=True))
    house.deliver()
    assert told(desk)["DoNotDisturbEvent"]["doNotDisturbOn"] == "true"
    assert told(other) == told(desk)
    assert len(of_bo.received) == before


def test_a_key_is_answered_once_and_the_other_phone_follows(house: House) -> None:
    desk, other = house.phone(), house.phone(user="201")
    before = len(desk.received), len(other.received)
    assert house.ask(desk, do_not_disturb(True)).status == 200
    assert house.book.of("anna").do_not_disturb
    assert (len(desk.received), len(other.received)) == (before[0] + 1, before[1] + 1)
    assert told(desk)["DoNotDisturbEvent"]["doNotDisturbOn"] == "true"
    assert told(other) == told(desk)


def test_an_echo_of_what_is_so_already_is_answered_and_told_to_nobody_else(house: House) -> None:
    desk, other = house.phone(), house.phone()
    house.ask(desk, do_not_disturb(True))
    before = len(other.received)
    for _ in range(3):
        house.ask(desk, do_not_disturb(True))
    assert len(other.received) == before


def test_a_forwarding_is_set_turned_off_and_on_with_its_number(house: House) -> None:
    desk = house.phone()
    house.ask(desk, forward("202"))
    assert house.book.of("anna") == Wishes(forwardings={"always": Forwarding(BO)})
    house.ask(desk, forward("", on=False))
    assert house.book.of("anna") == Wishes(forwardings={"always": Forwarding(BO, on=False)})
    assert told(desk)["forwardImmediate"]["forwardTo"] == "202"
    house.ask(desk, forward(""))
    assert house.book.of("anna").forwarding("always") == Forwarding(BO)


def test_phones_count_the_rings_before_a_forwarding(house: House) -> None:
    desk = house.phone()
    house.ask(desk, forward("202", kind="forwardNoAns", rings="3"))
    assert house.book.of("anna").forwardings["no-answer"].seconds == 15.0
    assert told(desk)["forwardNoAns"]["ringCount"] == "3"


@pytest.mark.parametrize("to", ["299", "201", "112", "90112233", "nonsense", "*98"])
def test_a_forwarding_that_may_not_be_is_answered_with_what_is_so(house: House, to: str) -> None:
    desk = house.phone()
    assert house.ask(desk, forward(to)).status == 200
    assert house.book.of("anna") == CONTENT
    assert told(desk)["forwardImmediate"]["forwardStatus"] == "false"


def test_nobody_sets_anything_for_somebody_else(house: House) -> None:
    assert house.try_to_watch("bo", "anna", "as-feature-event")[1].status == 403
    desk = house.phone("anna")
    house.ask(desk, do_not_disturb(True), person="bo")
    assert house.book.of("anna") == CONTENT, "whose password it is, that person's key it is"


def test_what_cannot_be_read_is_refused_and_changes_nothing(house: House) -> None:
    desk = house.phone()
    for body in (b"<SetDoNotDisturb>", b"<x/>"):
        with pytest.raises(ProtocolViolation) as refused:
            house.ask(desk, body)
        assert refused.value.status == 400
    with pytest.raises(ProtocolViolation) as refused:
        house.ask(desk, do_not_disturb(True), content_type="text/plain")
    assert refused.value.status == 415
    assert house.book.of("anna") == CONTENT


def test_a_key_in_a_dialog_that_is_no_more_changes_nothing_and_lets_the_phone_come_back(house: House) -> None:
    desk = house.phone()
    desk.remote_tag = "gone"
    assert house.ask(desk, do_not_disturb(True)).status == 481
    assert house.book.of("anna") == CONTENT


def test_bodies_of_other_packages_are_nobodys_wish(house: House) -> None:
    watcher = house.watch("anna", "bo")
    request = with_body(watcher.subscribe(), do_not_disturb(True))
    house.sync.take(request, NORDLYS, ANNA)
    assert house.book.of("anna") == CONTENT


wanted = st.builds(
    ForwardState,
    st.sampled_from(FORWARDING_TYPES),
    st.booleans(),
    st.sampled_from(["202", "203", "+4520304050"]),
    st.integers(1, 20),
)


@given(st.lists(wanted, max_size=6))
def test_what_a_phone_is_told_it_may_set_again_and_nothing_changes(history: list[ForwardState]) -> None:
    wishes = CONTENT
    for state in history:
        wishes = forwarded(NORDLYS, ANNA, wishes, state)
    for shown in phone_features(NORDLYS, ANNA, wishes).forwardings:
        if shown.to:
            assert forwarded(NORDLYS, ANNA, wishes, shown) == wishes


def test_a_company_whose_people_are_others_knows_them_no_more(house: House) -> None:
    phone = house.phone("carl")
    without = {name: person for name, person in NORDLYS.people.items() if name != "carl"}
    house.sync.configure([msgspec.structs.replace(NORDLYS, people=without)])
    house.configure(msgspec.structs.replace(NORDLYS, people=without, queues={}, queue_extensions={}))
    assert phone.received[-1].subscription_state == "terminated;reason=noresource"
