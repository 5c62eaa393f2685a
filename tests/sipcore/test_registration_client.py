"""Our own registration at a provider, against our own registrar where that shows more."""

import itertools

import pytest

from sipcore.answering import response_to
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.registrar import Registrar, RegistrarConfig
from sipcore.registration_client import RegistrationAccount, RegistrationClient

NOW = 1_700_000_000.0
US = ("10.0.0.1", 5060)
ONE, TWO = Flow("udp", US, ("192.0.2.1", 5060)), Flow("tcp", US, ("192.0.2.2", 5060))
ACCOUNT = RegistrationAccount("sip:lamp@provider.example", "sip:provider.example", 600)
CONTACT = "sip:t1@10.0.0.1:5060"


def make_client(*targets: Flow) -> RegistrationClient:
    numbers = itertools.count()
    client = RegistrationClient(ACCOUNT, lambda: f"token{next(numbers)}", NOW)
    client.locate(targets or (ONE,))
    return client


def answer(client: RegistrationClient, status: int, now: float, *fields: tuple[str, str]) -> Request:
    request = client.request(CONTACT)
    client.answered(response_to(request, status, fields=fields), now)
    return request


def test_it_registers_at_once_and_refreshes_before_the_interval_ends() -> None:
    client = make_client()
    assert client.due_at == NOW
    assert client.state(NOW) == "trying"
    request = answer(client, 200, NOW, ("Contact", "<sip:t1@10.0.0.1:5060>;expires=300"))
    assert (request.method, request.uri, request.expires) == ("REGISTER", "sip:provider.example", 600)
    assert client.state(NOW) == "registered"
    assert 0.75 * 300 <= client.due_at - NOW <= 0.9 * 300
    assert client.state(NOW + 300) != "registered"


def test_call_id_and_tag_stay_and_cseq_rises() -> None:
    client = make_client()
    one, two = answer(client, 200, NOW), answer(client, 200, NOW)
    assert (one.call_id, one.from_.tag) == (two.call_id, two.from_.tag)
    assert two.cseq.number > one.cseq.number


def test_cseq_rises_above_those_that_challenges_took() -> None:
    client = make_client()
    request = client.request(CONTACT)
    request.set("CSeq", "500 REGISTER")
    client.answered(response_to(request, 200), NOW)
    assert client.request(CONTACT).cseq.number > 500


@pytest.mark.parametrize(
    "contact",
    [
        # A registrar that writes where it has heard us, or nothing but what it needs.
        "<sip:t1@203.0.113.7:40123;transport=udp>;expires=120, <sip:t2@203.0.113.8>;expires=900",
        "<sip:t2@203.0.113.8>;expires=900, <sip:t1@203.0.113.7:40123>;expires=120",
        "<sips:t1@10.0.0.1>;expires=120",
    ],
)
def test_a_contact_that_the_registrar_has_rewritten_is_known_by_its_user(contact: str) -> None:
    client = make_client()
    answer(client, 200, NOW, ("Contact", contact))
    assert 0.75 * 120 <= client.due_at - NOW <= 0.9 * 120


def test_the_very_contact_counts_before_one_of_the_same_user() -> None:
    client = make_client()
    contacts = (
        "<sip:t1@203.0.113.7:40123>;expires=900, <sip:t1@10.0.0.1:5060>;expires=120, <sip:t1@10.0.0.9>;expires=50"
    )
    answer(client, 200, NOW, ("Contact", contacts))
    assert 0.75 * 120 <= client.due_at - NOW <= 0.9 * 120


def test_only_our_own_contacts_interval_counts() -> None:
    client = make_client()
    answer(client, 200, NOW, ("Contact", "<sip:else@10.0.0.9>;expires=20, <sip:t1@10.0.0.1:5060>;expires=400"))
    assert client.state(NOW + 399) == "registered"
    assert client.state(NOW + 400) != "registered"


@pytest.mark.parametrize("fields", [[("Contact", "<nonsense")], [("Expires", "soon")], []])
def test_an_answer_without_an_interval_is_what_was_asked_for(fields: list[tuple[str, str]]) -> None:
    client = make_client()
    answer(client, 200, NOW, *fields)
    assert client.state(NOW + 599) == "registered"


def test_the_service_route_is_what_the_last_answer_says() -> None:
    client = make_client()
    assert list(client.service_route) == []
    routes = ("<sip:edge.provider.example;transport=tcp;lr>", "<sip:core.provider.example;lr>;x=1")
    answer(client, 200, NOW, ("Service-Route", ", ".join(routes)))
    assert client.service_route == routes
    answer(client, 503, NOW)
    assert client.service_route == routes
    answer(client, 200, NOW, ("Service-Route", routes[1]), ("Service-Route", routes[0]))
    assert client.service_route == (routes[1], routes[0])
    answer(client, 200, NOW)
    assert list(client.service_route) == []


@pytest.mark.parametrize("route", ["<sip:edge.provider.example>", "<tel:+4599>", "<sip:a@b", "<sip:a@b;lr>, no"])
def test_a_service_route_that_cannot_be_gone_by_is_none(route: str) -> None:
    client = make_client()
    answer(client, 200, NOW, ("Service-Route", route))
    assert client.state(NOW) == "registered"
    assert client.service_route == ()


def test_too_brief_an_interval_is_asked_for_again_longer_and_at_once() -> None:
    registrar = Registrar(RegistrarConfig(min_expires=1800))
    client = make_client()
    statuses = []
    for _ in range(2):
        assert client.due_at == NOW
        response = registrar.register(client.request(CONTACT), ONE, ACCOUNT.aor, NOW)
        statuses.append(response.status)
        client.answered(response, NOW)
    assert statuses == [423, 200]
    assert client.state(NOW + 1799) == "registered"
    answer(client, 423, NOW, ("Min-Expires", "1800"))
    assert client.due_at > NOW


@pytest.mark.parametrize("status", [None, 408, 503, 500])
def test_a_target_that_fails_is_left_for_the_next_at_once(status: int | None) -> None:
    client = make_client(ONE, TWO)
    request = client.request(CONTACT)
    client.answered(None if status is None else response_to(request, status), NOW)
    assert (client.flow, client.due_at) == (TWO, NOW)
    answer(client, 200, NOW)
    assert client.flow == TWO
    client.locate([ONE, TWO])
    assert client.flow == TWO


def test_new_targets_are_tried_from_the_first_when_the_one_in_use_is_not_among_them() -> None:
    client = make_client(ONE, TWO)
    three = ONE._replace(remote=("192.0.2.3", 5060))
    client.locate([three, ONE])
    assert client.flow == ONE
    client.locate([TWO, three])
    assert client.flow == TWO


def test_when_all_targets_fail_it_waits_longer_each_time() -> None:
    client = make_client(ONE, TWO)
    waits = []
    now = NOW
    for _ in range(10):
        for _ in range(2):
            client.request(CONTACT)
            client.answered(None, now)
        waits.append(client.due_at - now)
        now = client.due_at
    assert all(min(1800, 30 * 2**i) / 2 <= wait <= min(1800, 30 * 2**i) for i, wait in enumerate(waits))
    assert client.state(now) == "failed"
    assert client.reason == "no answer"


def test_waiting_differs_from_client_to_client() -> None:
    numbers = itertools.count()
    waits = set()
    for _ in range(20):
        client = RegistrationClient(ACCOUNT, lambda: f"token{next(numbers)}", NOW)
        client.locate([ONE])
        client.request(CONTACT)
        client.answered(None, NOW)
        waits.add(round(client.due_at, 2))
    assert len(waits) > 15


def test_a_refused_account_is_not_tried_again_soon() -> None:
    client = make_client(ONE, TWO)
    answer(client, 403, NOW)
    assert client.due_at - NOW >= 300
    assert client.reason == "403 Forbidden"


def test_retry_after_is_kept_to() -> None:
    client = make_client()
    answer(client, 503, NOW, ("Retry-After", "1200 (maintenance);duration=60"))
    assert client.due_at - NOW >= 1200


def test_it_stays_registered_while_a_refresh_fails() -> None:
    client = make_client()
    answer(client, 200, NOW)
    later = client.due_at
    answer(client, 503, later)
    assert client.state(later) == "registered"
    assert client.state(NOW + 600) == "failed"


def test_a_lost_connection_is_registered_again_at_once() -> None:
    client = make_client(TWO)
    answer(client, 200, NOW)
    client.failed(ONE, NOW + 10)
    assert client.due_at > NOW + 10
    client.failed(TWO, NOW + 10)
    assert client.due_at == NOW + 10
    assert client.state(NOW + 10) != "registered"


def test_leaving_removes_the_contact_and_nothing_follows() -> None:
    registrar = Registrar()
    client = make_client()
    client.answered(registrar.register(client.request(CONTACT), ONE, ACCOUNT.aor, NOW), NOW)
    assert len(registrar) == 1
    response: Response = registrar.register(client.leave(), ONE, ACCOUNT.aor, NOW)
    client.answered(response, NOW)
    assert len(registrar) == 0
    assert client.state(NOW) == "stopped"
    assert client.due_at == float("inf")


def test_without_any_address_it_waits() -> None:
    client = make_client()
    client.locate([])
    assert client.flow is None
    client.unreachable(NOW)
    assert 15 <= client.due_at - NOW <= 30
