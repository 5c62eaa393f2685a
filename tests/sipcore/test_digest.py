"""Digest: the vectors of RFC 7616 §3.9 and the client's rules."""

import hashlib

import pytest

from sipcore.digest import (
    Credentials,
    Ha1,
    authorize,
    choose_challenge,
    compute_ha2,
    compute_response,
    is_stale,
    parse_params,
)
from sipcore.errors import ProtocolViolation

REALM = "http-auth@example.org"
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
MUFASA = Credentials("Mufasa", "Circle of Life")


def rfc7616_challenge(algorithm: str) -> str:
    return f'Digest realm="{REALM}", qop="auth, auth-int", algorithm={algorithm}, nonce="{NONCE}", opaque="{OPAQUE}"'


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_answers_the_challenges_of_rfc7616_section_3_9_1(algorithm: str, response: str) -> None:
    value = authorize(rfc7616_challenge(algorithm), MUFASA, "GET", "/dir/index.html", 1, CNONCE)
    params = parse_params(value)
    assert params == {
        "username": "Mufasa",
        "realm": REALM,
        "nonce": NONCE,
        "uri": "/dir/index.html",
        "response": response,
        "algorithm": algorithm,
        "cnonce": CNONCE,
        "qop": "auth",
        "nc": "00000001",
        "opaque": OPAQUE,
    }


def test_stored_digests_answer_as_the_password_does() -> None:
    stored = Credentials("Mufasa", ha1=Ha1.of("Mufasa", REALM, "Circle of Life"))
    for algorithm in ("MD5", "SHA-256"):
        challenge = rfc7616_challenge(algorithm)
        assert authorize(challenge, stored, "GET", "/", 1, "c") == authorize(challenge, MUFASA, "GET", "/", 1, "c")


def test_a_challenge_without_qop_is_answered_as_in_rfc_2069() -> None:
    value = authorize('Digest realm="r", nonce="n"', MUFASA, "REGISTER", "sip:r", 1, "c")
    params = parse_params(value)
    assert not {"qop", "nc", "cnonce", "algorithm"} & set(params)
    ha1 = Ha1.of("Mufasa", "r", "Circle of Life").md5
    assert params["response"] == compute_response("MD5", ha1, "n", compute_ha2("MD5", "REGISTER", "sip:r", None))


def test_auth_int_counts_the_body() -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth-int"'
    one = parse_params(authorize(challenge, MUFASA, "INVITE", "sip:b@r", 1, "c", b"v=0"))
    two = parse_params(authorize(challenge, MUFASA, "INVITE", "sip:b@r", 1, "c", b"v=1"))
    assert one["qop"] == "auth-int"
    assert one["response"] != two["response"]


def test_sess_form_mixes_nonce_and_cnonce_into_the_secret() -> None:
    value = authorize('Digest realm="r", nonce="n", algorithm=MD5-sess, qop="auth"', MUFASA, "GET", "/", 2, "c")
    params = parse_params(value)
    assert params["algorithm"] == "MD5-sess"
    ha1 = hashlib.md5(f"{Ha1.of('Mufasa', 'r', 'Circle of Life').md5}:n:c".encode()).hexdigest()
    expected = compute_response("MD5", ha1, "n", compute_ha2("MD5", "GET", "/", "auth"), "auth", "00000002", "c")
    assert params["response"] == expected


def test_the_servers_first_challenge_that_is_understood_is_chosen() -> None:
    challenges = [
        'Digest realm="r", nonce="1", algorithm=SHA-512-256, qop="auth"',
        "Basic realm=r",
        'Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth"',
        'Digest realm="r", nonce="3", algorithm=MD5, qop="auth"',
    ]
    assert choose_challenge(challenges, MUFASA) == challenges[2]
    assert choose_challenge(challenges[:2], MUFASA) is None


def test_credentials_of_a_realm_are_kept_from_other_realms() -> None:
    bound = Credentials("Mufasa", "Circle of Life", realm="home")
    challenges = ['Digest realm="evil", nonce="1"', 'Digest realm="home", nonce="2"']
    assert choose_challenge(challenges, bound) == challenges[1]


def test_stale_is_read_in_any_case() -> None:
    assert is_stale('Digest realm="r", nonce="n", stale=TRUE')
    assert not is_stale('Digest realm="r", nonce="n", stale=false')
    assert not is_stale('Digest realm="r", nonce="n"')


def test_quotes_in_a_user_name_survive() -> None:
    value = authorize('Digest realm="r", nonce="n"', Credentials('a"b\\c', "x"), "GET", "/", 1, "c")
    assert parse_params(value)["username"] == 'a"b\\c'


@pytest.mark.parametrize(
    "value",
    ["", "Basic abc", 'Digest realm="unterminated', "Digest =x", 'Digest realm="a" nonce="b"', "Digest a=1, A=2"],
)
def test_malformed_parameters_are_a_violation(value: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse_params(value)


def test_the_repr_hides_the_password() -> None:
    assert "Circle" not in repr(MUFASA)
