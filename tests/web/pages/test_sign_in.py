"""Who gets in at the pages, for how long, and what a browser is given."""

import logging
from http.cookies import SimpleCookie

import pytest

from lampfield.pin_attempts import FIRST_WAIT, FREE_ATTEMPTS
from provisioning.tokens import revoke_token
from tests.web.pages.conftest import Build
from tests.web.pages.visitor import DOMAIN, OTHER_TOKEN, TOKEN, House, Visitor
from web.app import PAGES
from web.pages.sessions import IDLE_SECONDS, LONGEST_SECONDS, MOST_OF_ONE


def test_who_is_not_signed_in_sees_nothing_but_the_form(house: House) -> None:
    visitor = Visitor(house)
    for path in ("", "/", "/pins", "/pins/dora"):
        visitor.visit(path)
        assert visitor.path == "/sign-in"
        assert "Dora" not in visitor.answer.text


def test_a_token_with_the_scope_lets_in_until_one_signs_out(house: House) -> None:
    visitor = Visitor(house)
    visitor.sign_in()
    assert visitor.path == "/pins"
    assert "Nordlys A/S" in visitor.text
    kept = dict(visitor.http.cookies)
    visitor.press("Sign out")
    assert visitor.path == "/sign-in"
    assert "lampfield" not in visitor.http.cookies
    visitor.http.cookies.update(kept)
    visitor.visit("/pins")
    assert visitor.path == "/sign-in", "what the browser had opens nothing any more"
    assert "You are signed out" in visitor.text


@pytest.mark.parametrize(("scheme", "name"), [("http", "lampfield"), ("https", "__Host-lampfield")])
def test_the_cookie_is_for_this_server_alone_and_for_no_script(house: House, scheme: str, name: str) -> None:
    visitor = Visitor(house, scheme=scheme)
    visitor.sign_in()
    (set_at_sign_in,) = visitor.answer.history
    cookie = SimpleCookie(set_at_sign_in.headers["set-cookie"])[name]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "strict", "/", "")
    assert cookie["max-age"] == cookie["expires"] == "", "until the browser is closed"
    assert bool(cookie["secure"]) is (scheme == "https")
    visitor.visit("/pins")
    assert visitor.path == "/pins"


def test_a_session_never_has_a_name_that_the_browser_brought(house: House) -> None:
    visitor = Visitor(house)
    visitor.http.cookies.set("lampfield", "planted", domain=DOMAIN, path="/")
    visitor.sign_in()
    brought = Visitor(house)
    for name in ("planted", visitor.http.cookies["lampfield-visitor"]):
        brought.http.cookies.set("lampfield", name, domain=DOMAIN, path="/")
        brought.visit("/pins")
        assert brought.path == "/sign-in"


def test_who_follows_a_link_of_another_site_stays_signed_in(house: House) -> None:
    visitor = Visitor(house)
    visitor.sign_in()
    session = visitor.http.cookies["lampfield"]
    # Then the browser brings none of what it keeps, but keeps what it is given.
    visitor.http.cookies.clear()
    visitor.visit("/pins")
    assert visitor.path == "/sign-in"
    assert "You are signed out" not in visitor.text
    assert "lampfield" not in visitor.http.cookies
    visitor.http.cookies.set("lampfield", session, domain=DOMAIN, path="/")
    visitor.visit("/sign-in")
    assert visitor.path == "/pins"


def test_who_was_never_signed_in_is_not_told_to_be_signed_out(house: House) -> None:
    visitor = Visitor(house)
    visitor.visit("/pins")
    assert "You are signed out" not in visitor.text


def test_the_token_is_in_no_address_no_page_no_cookie_and_no_log(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = Visitor(house)
    for token in ("lf_nearly-right", TOKEN):
        visitor.sign_in(token)
        for answer in (*visitor.answer.history, visitor.answer):
            assert token not in f"{answer.url}{answer.text}{answer.headers}"
        assert token not in caplog.text
    assert "signed in" in caplog.text


@pytest.mark.parametrize(
    ("token", "status", "told"),
    [("", 422, "Please enter the token"), ("lf_unknown", 403, "is not valid"), ("æ", 403, "is not valid")],
)
def test_a_wrong_token_is_refused_with_what_to_do(house: House, token: str, status: int, told: str) -> None:
    visitor = Visitor(house)
    visitor.sign_in(token)
    assert visitor.answer.status_code == status
    assert told in visitor.text
    (alert,) = visitor.page.xpath("//*[@role='alert']")
    (field,) = visitor.page.xpath("//input[@name='token']")
    assert alert.get("id") in field.get("aria-describedby").split()
    assert field.get("value") is None


def test_a_token_without_the_scope_is_refused_and_told_which_it_needs(house: House) -> None:
    house.client("nordlys", "texts", "lf_texts", "texts", "voicemail")
    visitor = Visitor(house)
    visitor.sign_in("lf_texts")
    assert visitor.answer.status_code == 403
    assert "--scope pins" in visitor.text
    visitor.visit("/pins")
    assert visitor.path == "/sign-in"


def test_after_too_many_wrong_tokens_not_even_the_right_one_is_looked_at_for_a_while(house: House) -> None:
    visitor = Visitor(house)
    for _ in range(FREE_ATTEMPTS):
        visitor.sign_in("lf_guess")
    visitor.sign_in(TOKEN)
    assert visitor.answer.status_code == 429
    assert visitor.answer.headers["retry-after"] == "30"
    assert "in 30 seconds" in visitor.text
    other = Visitor(house, address="192.0.2.8")
    other.sign_in(TOKEN)
    assert other.path == "/pins", "nobody else has to wait"
    house.now += FIRST_WAIT
    visitor.sign_in(TOKEN)
    assert visitor.path == "/pins"


def test_wrong_tokens_from_one_ipv6_network_count_together(house: House) -> None:
    for number in range(FREE_ATTEMPTS):
        Visitor(house, address=f"2001:db8:1:2::{number}").sign_in("lf_guess")
    for address, status in (("2001:db8:1:2:ffff::1", 429), ("2001:db8:1:3::1", 200)):
        visitor = Visitor(house, address=address)
        visitor.sign_in(TOKEN)
        assert visitor.answer.status_code == status


def test_a_session_ends_when_it_was_idle_and_after_a_day_of_work(house: House) -> None:
    visitor = Visitor(house)
    visitor.sign_in()
    begun = house.now
    while house.now + IDLE_SECONDS - 1 < begun + LONGEST_SECONDS:
        house.now += IDLE_SECONDS - 1
        visitor.visit("/pins")
        assert visitor.path == "/pins"
    house.now = begun + LONGEST_SECONDS
    visitor.visit("/pins")
    assert visitor.path == "/sign-in"
    visitor.sign_in()
    house.now += IDLE_SECONDS
    visitor.press("Make a PIN: Dora Dam")
    assert visitor.path == "/sign-in"
    assert house.with_pin() == set()


@pytest.mark.parametrize("change", ["revoked", "replaced", "without the scope"])
def test_a_session_ends_with_its_token(house: House, change: str) -> None:
    visitor = Visitor(house)
    visitor.sign_in()
    if change == "revoked":
        with house.engine.begin() as connection:
            revoke_token(connection, "nordlys", "desk")
    elif change == "replaced":
        house.client("nordlys", "desk", "lf_another")
    else:
        house.client("nordlys", "desk", TOKEN, "queues")
    visitor.press("Make a PIN: Dora Dam")
    assert visitor.path == "/sign-in"
    assert house.with_pin() == set()


def test_of_many_sessions_with_one_token_the_one_idle_longest_ends(house: House) -> None:
    visitors = [Visitor(house) for _ in range(MOST_OF_ONE + 1)]
    other = Visitor(house)
    other.sign_in(OTHER_TOKEN)
    for visitor in visitors:
        house.now += 1
        visitor.sign_in()
    for visitor in (*visitors, other):
        visitor.visit("/pins")
    assert [visitor.path for visitor in visitors] == ["/sign-in"] + ["/pins"] * MOST_OF_ONE
    assert other.path == "/pins"


def test_a_client_that_asks_too_much_has_to_wait(build: Build) -> None:
    visitor = Visitor(build(requests_per_minute=5))
    visitor.sign_in()
    for _ in range(4):
        visitor.visit("/pins")
    assert visitor.answer.status_code == 429
    assert int(visitor.answer.headers["retry-after"]) > 0
    assert "Please wait" in visitor.text


def test_pages_that_are_not_there_say_so_in_html(house: House) -> None:
    visitor = Visitor(house)
    for method, path, status in (("GET", "/nothing", 404), ("POST", "/pins", 405), ("GET", "/static/x.css", 404)):
        visitor.answer = visitor.http.request(method, f"{PAGES}{path}")
        assert visitor.answer.status_code == status
        assert visitor.text == "That did not work There is no such page. Back to the overview"
