"""Who sees what of whom."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampfield.presence.privacy import CompanyPrivacy
from lampfield.presence.privacy import Privacy as PrivacyOfAll
from presence_pidf.seen import EVERYTHING, HIDDEN
from routing.model import DETAILS, Detail, Privacy, Role
from tests.routing.nordlys import company


def visible(watcher: str, presentity: str, privacy: Privacy | None = None, **of_presentity: Any) -> str | None:
    """In Nordlys, whose queue has anna, bo and carl but not dora."""
    nordlys = company(privacy=privacy or Privacy())
    people = nordlys.people | {presentity: msgspec.structs.replace(nordlys.people[presentity], **of_presentity)}
    return CompanyPrivacy(msgspec.structs.replace(nordlys, people=people)).visible(watcher, presentity)


def test_everybody_sees_the_state_and_the_own_group_with_whom_one_talks() -> None:
    assert visible("anna", "bo") == "state+callers+notes"
    assert visible("dora", "bo") == "state"


def test_one_sees_oneself_with_everything() -> None:
    assert visible("anna", "anna", Privacy((), ()), shows=(), hidden_from=("anna",)) == EVERYTHING


def test_a_role_sees_what_it_says_instead_of_what_the_company_says() -> None:
    reception = Role(("dora",), company=("state", "callers", "notes", "location"))
    assert visible("dora", "bo", Privacy(roles={"reception": reception})) == EVERYTHING
    assert visible("anna", "dora", Privacy(roles={"reception": reception})) == "state"
    guest = Role(("anna",), group=("busy",))
    assert visible("anna", "bo", Privacy(roles={"guest": guest})) == "busy"
    assert visible("anna", "dora", Privacy(roles={"guest": guest})) == "state", "the role says nothing of others"


def test_with_several_roles_one_sees_what_each_of_them_does() -> None:
    roles = {"a": Role(("dora",), company=("state", "notes")), "b": Role(("dora",), company=("state", "callers"))}
    assert visible("dora", "bo", Privacy(roles=roles)) == "state+callers+notes"


def test_whoever_is_hidden_from_somebody_is_gone_for_them_in_whatever_role() -> None:
    reception = Role(("dora",), company=DETAILS)
    assert visible("dora", "bo", Privacy(roles={"reception": reception}), hidden_from=("dora",)) == HIDDEN
    assert visible("anna", "bo", hidden_from=("dora",)) == "state+callers+notes"


@pytest.mark.parametrize(
    ("shows", "sees"),
    [
        (("busy",), "busy"),
        (("state",), "state"),
        (("state", "notes"), "state+notes"),
        (("state", "location"), "state"),
        ((), None),
        (("callers",), None),
    ],
)
def test_nobody_sees_more_than_the_person_shows(shows: tuple[Detail, ...], sees: str | None) -> None:
    assert visible("anna", "bo", shows=shows) == sees


def test_who_may_see_nothing_may_not_watch() -> None:
    assert visible("dora", "bo", Privacy(company=())) is None


def test_of_a_queue_its_members_see_the_callers() -> None:
    nordlys = CompanyPrivacy(company())
    assert nordlys.visible_of_queue("anna", "sales") == "state+callers+notes"
    assert nordlys.visible_of_queue("dora", "sales") == "state"


def test_who_shares_a_pickup_group_is_of_the_same_group() -> None:
    nordlys = CompanyPrivacy(company(pickup_groups={"desk": ("anna", "dora")}))
    assert nordlys.visible("dora", "anna") == "state+callers+notes"
    assert nordlys.visible("dora", "bo") == "state"


@pytest.mark.parametrize(
    ("resource", "sees"),
    [
        ("sip:bo@nordlys.example", "state"),
        ("sip:202@nordlys.example", "state"),
        ("sip:300@nordlys.example", "state"),
        ("sip:*60@nordlys.example", EVERYTHING),
        ("sip:*54@nordlys.example;member=dora", EVERYTHING),
        ("sip:dora@nordlys.example", EVERYTHING),
        ("sip:bo@other.example", EVERYTHING),
    ],
)
def test_people_and_queues_are_known_by_every_address_they_have(resource: str, sees: str) -> None:
    privacy = PrivacyOfAll()
    privacy.configure([company()])
    assert privacy.detail("sip:dora@nordlys.example", resource) == sees
    assert privacy.detail("", resource) == EVERYTHING


details = st.lists(st.sampled_from(DETAILS), unique=True).map(tuple)


@given(details, details, st.none() | details, st.sampled_from(["anna", "dora"]))
def test_what_is_seen_was_given_and_is_shown(
    group: tuple[Detail, ...], others: tuple[Detail, ...], shows: tuple[Detail, ...] | None, watcher: str
) -> None:
    sees = visible(watcher, "bo", Privacy(group, others), shows=shows)
    words = DETAILS if sees == EVERYTHING else (sees or "").split("+") if sees else ()
    given = group if watcher == "anna" else others
    for word in words:
        assert word in given or (word == "busy" and "state" in given)
        assert shows is None or word in shows or (word == "busy" and "state" in shows)
    assert not set(words) - {"busy"} or "state" in words
