"""An administrator gets a PIN at the page, in a real browser, and records by phone with that very PIN."""

import re
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from lampfield.database import open_database
from provisioning.accesses import load_accesses
from provisioning.pins import new_pin, set_pin
from provisioning.tokens import Client, add_token, new_token
from tests.support.browser import chromium
from tests.support.event_log import told
from tests.support.plain_phone import PlainPhone
from tests.support.ports import LOOPBACK, free_port
from tests.support.server import OUTSIDE, Server
from tests.support.until import until

RECORDING_NUMBER = "+4533221199"
CALLER = "+4540123456"
SILENCE = 0xD5
"""The quietest code of A-law."""


class Desk:
    """A server with its pages, and a token for them."""

    def __init__(self, server: Server, port: int) -> None:
        self.server = server
        self.address = f"http://{LOOPBACK}:{port}/self-service"
        self.token = new_token()
        self._engine = open_database(f"sqlite:///{server.state / 'lampfield.sqlite3'}")
        with self._engine.begin() as connection:
            add_token(connection, Client("nordlys", "front-desk", ("pins",), time.time()), self.token)

    def give_pin(self, owner: str) -> None:
        with self._engine.begin() as connection:
            set_pin(connection, "nordlys", owner, new_pin(), time.time())

    def asked(self) -> set[str]:
        """What is on record of the token."""
        with self._engine.connect() as connection:
            return {f"{each.method} {each.path}" for each in load_accesses(connection, "nordlys", 0.0, "front-desk")}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    port = free_port()
    settings = {"sip": {"authentication": False}, "web": {"listen": f"tcp:{LOOPBACK}:{port}"}}
    company = {"company": {"recording_number": RECORDING_NUMBER}, "people": {"ingrid": {"administrator": True}}}
    with Server(tmp_path_factory.mktemp("page"), settings=settings, company=company) as server:
        yield Desk(server, port)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def test_the_pin_that_the_page_shows_lets_the_administrator_record_by_phone(desk: Desk, browser: Browser) -> None:
    # Without scripts, on a telephone, in the dark, and by keyboard alone.
    with browser.new_context(
        java_script_enabled=False, locale="da-DK", color_scheme="dark", viewport={"width": 360, "height": 740}
    ) as context:
        page = context.new_page()
        page.goto(desk.address)
        expect(page.get_by_label("Adgangsnøgle")).to_be_focused()
        page.keyboard.type(desk.token)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Pinkoder til telefonen")).to_be_visible()
        assert fits(page)
        page.get_by_role("button", name="Lav en pinkode: Ingrid Solberg").press("Enter")
        expect(page.get_by_role("heading", name="Den nye pinkode for Ingrid Solberg")).to_be_visible()
        pin = page.locator("#pin").inner_text()
        number = page.get_by_role("link", name="+45 33 22 11 99").get_attribute("href")
        assert fits(page)
        page.get_by_role("link", name="Tilbage til oversigten").press("Enter")
        expect(page.get_by_text("pinkode siden")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("alert")).to_contain_text("allerede vist")
        assert pin not in page.content()
    assert re.fullmatch(r"[0-9]{6}", pin)
    assert number == f"tel:{RECORDING_NUMBER}"
    with PlainPhone(desk.server.socket_address, CALLER, host=OUTSIDE) as phone:
        call = phone.call(number.removeprefix("tel:"))
        phone.rtp.say(call.answered().audio, SILENCE)
        for key in f"208#{pin}#7#":
            phone.rtp.press(key)
        until(lambda: told(desk.server, "beep"), "the tone is announced")
        call.hang_up()
    until(lambda: "POST /self-service/pins/ingrid/new" in desk.asked(), "the change on record")
    for secret in (pin, desk.token):
        assert secret not in desk.server.log() + "".join(desk.asked())


def test_whoever_has_withdrawn_a_pin_is_told_so_and_sees_it_gone(desk: Desk, browser: Browser) -> None:
    desk.give_pin("ingrid")
    with browser.new_context(java_script_enabled=False, locale="en") as context:
        page = context.new_page()
        page.goto(desk.address)
        page.get_by_label("Token").fill("lf_guess")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("is not valid")
        page.get_by_label("Token").fill(desk.token)
        page.get_by_role("button", name="Sign in").click()
        withdraw = page.get_by_role("button", name="Withdraw: Ingrid Solberg")
        expect(withdraw).to_be_hidden()
        page.locator("summary").and_(page.get_by_label("Withdraw: Ingrid Solberg")).click()
        withdraw.click()
        expect(page.get_by_role("status")).to_have_text("Ingrid Solberg has no PIN any more.")
        page.get_by_role("button", name="Sign out").click()
        page.goto(f"{desk.address}/pins")
        expect(page.get_by_label("Token")).to_be_visible()


def test_behind_a_proxy_of_this_machine_that_speaks_tls_the_cookie_is_for_tls_alone(desk: Desk) -> None:
    headers = {"X-Forwarded-Proto": "https"}
    cookie = httpx.get(f"{desk.address}/sign-in", headers=headers, trust_env=False).headers["set-cookie"]
    assert cookie.startswith("__Host-lampfield-visitor=")
    assert "; Secure" in cookie


def fits(page: Page) -> bool:
    """Whether nothing has to be pushed sideways."""
    return page.locator("html").evaluate("html => html.scrollWidth <= html.clientWidth") is True
