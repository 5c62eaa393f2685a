"""Digest as a server: challenges, nonces that age, replays, attempts."""

import itertools
from dataclasses import dataclass, field

import pytest

from sipcore.attempt_limit import AttemptConfig
from sipcore.authenticator import Authenticated, Authenticator, Challenge, Refused
from sipcore.digest import Credentials, Ha1, authorize, choose_challenge, is_stale, parse_params
from sipcore.message import Request
from sipcore.nonce import NonceBook

REALM = "nordlys.example"
URI = f"sip:{REALM}"
ANNA = Credentials("anna", "hemmelig")
NOW = 1_700_000_000.0


def secrets(username: str, realm: str) -> Ha1 | None:
    return Ha1.of("anna", REALM, "hemmelig") if (username, realm) == ("anna", REALM) else None


def make_authenticator(attempts: AttemptConfig | None = None, capacity: int = 100) -> Authenticator:
    book = NonceBook(b"key", NOW, lifetime=300.0, capacity=capacity)
    return Authenticator(secrets, book, attempts=attempts)


def request(
    authorization: str | None = None, *, uri: str = URI, body: bytes = b"", method: str = "REGISTER"
) -> Request:
    fields = [
        ("Via", "SIP/2.0/UDP 10.0.0.5:5060;branch=z9hG4bK1;rport"),
        ("From", "<sip:anna@nordlys.example>;tag=1"),
        ("To", "<sip:anna@nordlys.example>"),
        ("Call-ID", "1"),
        ("CSeq", f"1 {method}"),
    ]
    if authorization is not None:
        fields.append(("Authorization", authorization))
    return Request(method, uri, fields, body)


@dataclass
class Phone:
    """Answers the newest challenge, counting up."""

    authenticator: Authenticator
    credentials: Credentials = ANNA
    only: str = ""
    source: str = "10.0.0.5"
    challenge: str = ""
    counts: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def register(
        self, now: float, *, count: int | None = None, body: bytes = b""
    ) -> Authenticated | Challenge | Refused:
        authorization = None
        if self.challenge:
            number = next(self.counts) if count is None else count
            authorization = authorize(self.challenge, self.credentials, "REGISTER", URI, number, "cnonce", body)
        outcome = self.authenticator.check(request(authorization, body=body), REALM, now, source=self.source)
        if isinstance(outcome, Challenge):
            offered = [value for _, value in outcome.fields if self.only in value]
            self.challenge = choose_challenge(offered, self.credentials) or ""
            self.counts = itertools.count(1)
        return outcome


def test_both_algorithms_are_offered_the_stronger_first() -> None:
    outcome = make_authenticator().check(request(), REALM, NOW)
    assert isinstance(outcome, Challenge)
    assert (outcome.status, outcome.stale) == (401, False)
    response = outcome.response(request())
    challenges = [parse_params(value) for value in response.headers("WWW-Authenticate")]
    assert [params["algorithm"] for params in challenges] == ["SHA-256", "MD5"]
    assert {params["realm"] for params in challenges} == {REALM}
    assert {params["qop"] for params in challenges} == {"auth,auth-int"}


@pytest.mark.parametrize("algorithm", ["SHA-256", "algorithm=MD5"])
def test_the_right_password_is_let_in_with_either_algorithm(algorithm: str) -> None:
    phone = Phone(make_authenticator(), only=algorithm)
    assert isinstance(phone.register(NOW), Challenge)
    assert phone.register(NOW) == Authenticated("anna", REALM)
    assert phone.register(NOW + 60) == Authenticated("anna", REALM)


def test_the_vectors_of_rfc_7616_are_right_passwords() -> None:
    """The responses of §3.9.1, whose nonce is not ours: the password is right, so the challenge says stale."""
    realm = "http-auth@example.org"
    book = NonceBook(b"key", NOW)
    authenticator = Authenticator(lambda name, of: Ha1.of("Mufasa", realm, "Circle of Life"), book)
    for algorithm, response in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        value = (
            f'Digest username="Mufasa", realm="{realm}", uri="/dir/index.html", algorithm={algorithm}, '
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, '
            f'cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="{response}", '
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
        )
        outcome = authenticator.check(request(value, uri="/dir/index.html", method="GET"), realm, NOW)
        assert isinstance(outcome, Challenge)
        assert outcome.stale


@pytest.mark.parametrize("credentials", [Credentials("anna", "wrong"), Credentials("nobody", "hemmelig")])
def test_a_wrong_password_and_an_unknown_name_look_the_same(credentials: Credentials) -> None:
    phone = Phone(make_authenticator(), credentials)
    phone.register(NOW)
    outcome = phone.register(NOW)
    assert isinstance(outcome, Challenge)
    assert not outcome.stale


def test_a_request_sent_again_is_refused() -> None:
    authenticator = make_authenticator()
    phone = Phone(authenticator)
    phone.register(NOW)
    seen = request(authorize(phone.challenge, ANNA, "REGISTER", URI, 1, "c"))
    assert isinstance(authenticator.check(seen, REALM, NOW), Authenticated)
    replay = authenticator.check(seen, REALM, NOW + 1)
    assert isinstance(replay, Challenge)
    assert replay.stale


def test_requests_that_overtake_each_other_are_let_in_once_each() -> None:
    phone = Phone(make_authenticator())
    phone.register(NOW)
    challenge = phone.challenge
    for count in (3, 1, 2, 70, 10):
        assert isinstance(phone.register(NOW, count=count), Authenticated), count
    for count in (3, 2, 70, 5, 0):  # 5 is below the window
        phone.challenge = challenge
        assert isinstance(phone.register(NOW, count=count), Challenge), count


def test_a_client_that_does_not_count_uses_a_nonce_once() -> None:
    authenticator = make_authenticator()
    outcome = authenticator.check(request(), REALM, NOW)
    assert isinstance(outcome, Challenge)
    nonce = parse_params(outcome.fields[1][1])["nonce"]
    value = authorize(f'Digest realm="{REALM}", nonce="{nonce}"', ANNA, "REGISTER", URI, 1, "c")
    assert isinstance(authenticator.check(request(value), REALM, NOW), Authenticated)
    assert isinstance(authenticator.check(request(value), REALM, NOW), Challenge)


def test_an_old_nonce_is_stale_and_the_new_one_lets_in() -> None:
    phone = Phone(make_authenticator())
    phone.register(NOW)
    assert isinstance(phone.register(NOW + 299), Authenticated)
    outcome = phone.register(NOW + 300)
    assert isinstance(outcome, Challenge)
    assert outcome.stale
    assert all(is_stale(value) for _, value in outcome.fields)
    assert isinstance(phone.register(NOW + 300), Authenticated)


def test_an_old_nonce_with_a_wrong_password_is_not_called_stale() -> None:
    phone = Phone(make_authenticator(), Credentials("anna", "wrong"))
    phone.register(NOW)
    outcome = phone.register(NOW + 400)
    assert isinstance(outcome, Challenge)
    assert not outcome.stale


def test_a_forged_nonce_is_stale() -> None:
    book = NonceBook(b"key", NOW)
    nonce = book.issue(NOW)
    for forged in (nonce[:-1] + "x", "0" * 60, "", "é" * 60, NonceBook(b"other", NOW).issue(NOW)):
        assert not book.spend(forged, 1, NOW)
    assert book.spend(nonce, 1, NOW)


def test_nonces_of_an_earlier_process_are_stale_for_their_counts_are_not_known() -> None:
    nonce = NonceBook(b"key", NOW).issue(NOW + 1)
    assert not NonceBook(b"key", NOW + 2).spend(nonce, 1, NOW + 3)


def test_a_full_book_forgets_nonces_without_letting_replays_in() -> None:
    book = NonceBook(b"key", NOW, capacity=10)
    nonces = [book.issue(NOW) for _ in range(50)]
    for nonce in nonces:
        assert book.spend(nonce, 1, NOW)
    assert [nonce for nonce in nonces if book.spend(nonce, 1, NOW)] == []
    assert not book.spend(nonces[0], 2, NOW)
    assert book.spend(nonces[-1], 2, NOW)


def test_auth_int_guards_the_body() -> None:
    authenticator = make_authenticator()
    phone = Phone(authenticator)
    phone.register(NOW)
    challenge = phone.challenge.replace('qop="auth,auth-int"', 'qop="auth-int"')
    value = authorize(challenge, ANNA, "REGISTER", URI, 1, "c", b"body")
    assert isinstance(authenticator.check(request(value, body=b"other"), REALM, NOW), Challenge)
    assert isinstance(authenticator.check(request(value, body=b"body"), REALM, NOW), Authenticated)


def test_credentials_for_another_realm_are_passed_over() -> None:
    authenticator = make_authenticator()
    phone = Phone(authenticator)
    phone.register(NOW)
    ours = authorize(phone.challenge, ANNA, "REGISTER", URI, 1, "c")
    both = request('Digest username="x", realm="other", nonce="n", uri="sip:other", response="r"')
    both.add("Authorization", ours)
    assert isinstance(authenticator.check(both, REALM, NOW), Authenticated)


@pytest.mark.parametrize("uri", ["sip:other.example", "sip:anna@nordlys.example", "tel:112"])
def test_a_digest_for_another_request_uri_is_refused(uri: str) -> None:
    authenticator = make_authenticator()
    phone = Phone(authenticator)
    phone.register(NOW)
    value = authorize(phone.challenge, ANNA, "REGISTER", uri, 1, "c")
    assert isinstance(authenticator.check(request(value), REALM, NOW), Refused)


def test_port_and_parameters_of_the_uri_may_differ() -> None:
    authenticator = make_authenticator()
    phone = Phone(authenticator)
    phone.register(NOW)
    value = authorize(phone.challenge, ANNA, "REGISTER", "sip:NORDLYS.example:5060;transport=udp", 1, "c")
    assert isinstance(authenticator.check(request(value), REALM, NOW), Authenticated)


@pytest.mark.parametrize(
    "change",
    [
        ("response=", "answer="),
        ("nc=00000001", "nc=1"),
        ("qop=auth", "qop=auth-conf"),
        ('username="anna"', 'username="anna'),
    ],
)
def test_malformed_credentials_are_a_bad_request(change: tuple[str, str]) -> None:
    authenticator = make_authenticator()
    phone = Phone(authenticator)
    phone.register(NOW)
    value = authorize(phone.challenge, ANNA, "REGISTER", URI, 1, "c").replace(*change)
    outcome = authenticator.check(request(value), REALM, NOW)
    assert isinstance(outcome, Refused)
    assert outcome.status == 400
    assert outcome.response(request()).status == 400


@pytest.mark.parametrize("algorithm", ["SHA-512-256", "MD5-sess"])
def test_an_algorithm_that_was_not_offered_is_challenged_anew(algorithm: str) -> None:
    """As of a phone that remembers a challenge from before the algorithms were changed."""
    authenticator = make_authenticator()
    phone = Phone(authenticator)
    phone.register(NOW)
    value = authorize(phone.challenge, ANNA, "REGISTER", URI, 1, "c").replace(
        "algorithm=SHA-256", f"algorithm={algorithm}"
    )
    outcome = authenticator.check(request(value), REALM, NOW)
    assert isinstance(outcome, Challenge)
    assert not outcome.stale


def test_bytes_that_are_no_text_are_only_a_wrong_password() -> None:
    authenticator = make_authenticator()
    phone = Phone(authenticator)
    phone.register(NOW)
    value = authorize(phone.challenge, ANNA, "REGISTER", URI, 1, "c").replace('response="', 'response="\udcff')
    assert isinstance(authenticator.check(request(value), REALM, NOW), Challenge)


def test_as_a_proxy_it_asks_407() -> None:
    authenticator = make_authenticator()
    outcome = authenticator.check(request(method="INVITE"), REALM, NOW, proxy=True)
    assert isinstance(outcome, Challenge)
    assert outcome.status == 407
    value = authorize(outcome.fields[0][1], ANNA, "INVITE", URI, 1, "c")
    answer = request(method="INVITE")
    answer.add("Proxy-Authorization", value)
    assert isinstance(authenticator.check(answer, REALM, NOW, proxy=True), Authenticated)


def test_after_many_wrong_passwords_none_is_tried_until_time_has_passed() -> None:
    authenticator = make_authenticator(AttemptConfig(per_name=3, window=60.0))
    guesser = Phone(authenticator, Credentials("anna", "wrong"))
    guesser.register(NOW)
    for _ in range(3):
        assert isinstance(guesser.register(NOW), Challenge)
    guesser.credentials = ANNA
    refused = guesser.register(NOW)
    assert isinstance(refused, Refused)
    assert refused.status == 403
    assert isinstance(guesser.register(NOW + 21), Authenticated)


def test_guessing_by_one_host_does_not_lock_out_others_nor_phones_that_know_their_password() -> None:
    authenticator = make_authenticator(AttemptConfig(per_name=3, per_host=5))
    good = Phone(authenticator)
    good.register(NOW)
    assert isinstance(good.register(NOW), Authenticated)
    for number in range(6):
        guesser = Phone(authenticator, Credentials(f"guess{number}", "x"))
        guesser.register(NOW)
        outcome = guesser.register(NOW)
    assert isinstance(outcome, Refused)
    assert isinstance(good.register(NOW), Authenticated)
    elsewhere = Phone(authenticator, source="10.9.9.9")
    elsewhere.register(NOW)
    assert isinstance(elsewhere.register(NOW), Authenticated)


def test_a_guesser_gains_nothing_by_the_many_addresses_of_an_ipv6_network() -> None:
    authenticator = make_authenticator(AttemptConfig(per_name=3, per_host=5))
    good = Phone(authenticator, source="2001:db8::1")
    good.register(NOW)
    assert isinstance(good.register(NOW), Authenticated)
    outcomes = []
    for number in range(6):
        guesser = Phone(authenticator, Credentials("anna", f"guess{number}"), source=f"2001:db8::{number}:2")
        guesser.register(NOW)
        outcomes.append(type(guesser.register(NOW)))
    assert outcomes == [Challenge] * 5 + [Refused]
    assert isinstance(good.register(NOW), Authenticated)
    elsewhere = Phone(authenticator, source="2001:db8:0:1::1")
    elsewhere.register(NOW)
    assert isinstance(elsewhere.register(NOW), Authenticated)


def test_phones_that_stumble_over_sha_256_are_offered_md5_alone() -> None:
    authenticator = Authenticator(lambda username, realm: None, NonceBook(b"key", 0.0))
    offered = {}
    for user_agent in ("baresip v1.0.0 (x86_64/linux)", "SIPp", "baresip v3.1.0", "Yealink SIP-T46U 108.86.0.45"):
        request = Request("REGISTER", "sip:nordlys.example", [("User-Agent", user_agent)])
        challenge = authenticator.check(request, "nordlys.example", 1.0)
        assert isinstance(challenge, Challenge)
        offered[user_agent] = [value.rpartition("=")[2] for _, value in challenge.fields]
    assert list(offered.values()) == [["MD5"], ["MD5"], ["SHA-256", "MD5"], ["SHA-256", "MD5"]]
