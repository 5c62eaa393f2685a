"""PINs at the page: made, shown once, withdrawn; by whom, and by nobody else."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Route

from lampfield.pin_table import PinTable
from provisioning.pins import opens, pin_hash
from routing.model import FeatureCodes, Person
from tests.support.virtual_time import run
from tests.web.pages.conftest import Build
from tests.web.pages.visitor import DOMAIN, OTHER_TOKEN, TOKEN, House, Visitor, nordlys
from web.app import PAGES
from web.pages.pin_owners import owners
from web.pages.pins import MOST_SHOWN


@pytest.fixture
def visitor(house: House) -> Visitor:
    """Somebody who is signed in."""
    signed_in = Visitor(house)
    signed_in.sign_in()
    return signed_in


def opened_by(house: House, owner: str, pin: str) -> bool:
    with house.engine.connect() as connection:
        return opens(pin_hash(connection, "nordlys", owner) or "", pin)


def test_a_new_pin_opens_at_once_and_is_shown_exactly_once(house: House, visitor: Visitor) -> None:
    visitor.press("Make a PIN: Dora Dam")
    assert visitor.path == "/pins/dora"
    pin = visitor.pin
    assert opened_by(house, "dora", pin)
    for path in ("/pins/dora", "/pins", "/pins/anna"):
        visitor.visit(path)
        assert pin not in visitor.answer.text
    visitor.visit("/pins/dora")
    assert "was shown already" in visitor.text
    assert opened_by(house, "dora", pin), "reading on makes no other one"


def test_another_session_never_sees_the_pin(house: House, visitor: Visitor) -> None:
    colleague = Visitor(house)
    colleague.sign_in()
    visitor.http.follow_redirects = False
    visitor.press("Make a PIN: Dora Dam")
    colleague.visit("/pins/dora")
    assert "was shown already" in colleague.text
    visitor.visit("/pins/dora")
    assert opened_by(house, "dora", visitor.pin)


def test_only_the_hash_is_on_disk(house: House, visitor: Visitor) -> None:
    visitor.press("Make a PIN: Dora Dam")
    with house.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        assert (pin_hash(connection, "nordlys", "dora") or "").startswith("$argon2id$")
    for file in house.file.parent.iterdir():
        assert visitor.pin.encode() not in file.read_bytes()


def test_the_pin_page_tells_what_to_dial_and_to_enter(house: House, visitor: Visitor) -> None:
    visitor.press("Make a PIN: Dora Dam")
    assert "dial *97; from any other phone, dial +45 33 22 11 99." in visitor.text
    assert "Enter 204 and press #" in visitor.text
    (call,) = visitor.page.xpath("//main//a[@class='number']")
    assert call.get("href") == "tel:+4533221199"
    visitor.visit("/pins")
    visitor.press("Make a PIN: sales")
    assert "From any of the company's phones, dial *98300." in visitor.text
    assert "*97" not in visitor.text


@pytest.mark.parametrize(
    ("code", "number", "told"),
    [
        ("*97", "", "From any of the company's phones, dial *97."),
        ("", "+4533221199", "From any phone, dial +45 33 22 11 99."),
        ("", "", "set recording_number in the company file"),
    ],
)
def test_where_one_records_is_told_as_the_company_has_it(build: Build, code: str, number: str, told: str) -> None:
    house = build(of=nordlys(feature_codes=FeatureCodes(recording=code), recording_number=number))
    visitor = Visitor(house)
    visitor.sign_in()
    assert told in visitor.text


def test_who_is_listed_can_use_a_pin_or_has_one(house: House, visitor: Visitor) -> None:
    def listed(section: str) -> list[str]:
        names = visitor.page.xpath(f"//section[@aria-labelledby='{section}']//p[@class='name']/text()")
        return [str(name) for name in names]

    assert listed("recording") == ["Dora Dam"]
    assert listed("voicemail") == ["Anna Holm", "sales"]
    house.pin("bo", "384615")
    visitor.visit("/pins")
    assert listed("voicemail") == ["Anna Holm", "Bo Lind", "sales"]
    assert "Bo Lind extension 202 PIN since 2023-11-14 23:13" in visitor.text, "in the company's time"


def test_administrators_are_the_first_of_many() -> None:
    assert [owner.id for owner in owners(nordlys(), {})] == ["dora", "anna", "sales"]


def test_of_many_people_those_are_shown_who_are_looked_for(build: Build) -> None:
    numbers = range(MOST_SHOWN + 20)
    people = {f"p{number}": Person(f"p{number}", f"Åse {number}", str(1000 + number)) for number in numbers}
    visitor = Visitor(build(of=nordlys(people=people, boxes={}, queues={})))
    visitor.sign_in()

    def listed() -> list[str]:
        return [str(name) for name in visitor.page.xpath("//p[@class='name']/text()")]

    assert len(listed()) == MOST_SHOWN
    assert f"{MOST_SHOWN} of {len(numbers)} are shown" in visitor.text
    (form,) = visitor.page.xpath("//form[@role='search']")
    assert (form.method, form.action) == ("GET", f"{PAGES}/pins")
    eleven = ["Åse 11", *(f"Åse {number}" for number in range(110, 120))]
    for wanted, names in (("<b>", []), (" åse 11 ", eleven), ("1119", ["Åse 119"])):
        visitor.answer = visitor.http.get(form.action, params={"find": wanted})
        assert listed() == names
        assert visitor.page.xpath("//input[@name='find']/@value") == [wanted]
    visitor.press("Make a PIN: Åse 119")
    assert visitor.path == "/pins/p119"


def test_where_nobody_is_named_everybody_is_an_administrator(build: Build) -> None:
    house = build(of=nordlys(people={"anna": Person("anna", "Anna Holm", "201")}, boxes={}, queues={}))
    visitor = Visitor(house)
    visitor.sign_in()
    visitor.press("Make a PIN: Anna Holm")
    assert "*97" in visitor.text


def test_a_pin_is_withdrawn(house: House, visitor: Visitor) -> None:
    house.pin("dora", "384615")
    visitor.visit("/pins")
    visitor.press("Withdraw: Dora Dam")
    assert visitor.path == "/pins"
    assert "Dora Dam has no PIN any more" in visitor.text
    assert house.with_pin() == set()


def test_names_are_shown_as_they_are_whatever_is_in_them(build: Build) -> None:
    name = '<script>alert("O\'Hara & {0} ${1}")</script>'
    people = {"anna": Person("anna", name, "201", administrator=True)}
    visitor = Visitor(build(of=nordlys(people=people, boxes={}, queues={})))
    visitor.sign_in()
    assert visitor.page.xpath("//script") == []
    assert visitor.page.xpath("//p[@class='name']/text()") == [name]
    visitor.press(f"Make a PIN: {name}")
    assert visitor.page.xpath("//script") == []
    assert visitor.page.xpath("//h1/text()") == [f"The new PIN of {name}"]


def test_people_of_another_company_are_not_found(house: House) -> None:
    house.pin("dora", "384615")
    stranger = Visitor(house)
    stranger.sign_in(OTHER_TOKEN)
    seal = stranger.page.forms[0].fields["seal"]
    for owner in ("sales", "nobody"):
        for action in ("new", "withdraw"):
            stranger.answer = stranger.http.post(f"{PAGES}/pins/{owner}/{action}", data={"seal": seal})
            assert stranger.answer.status_code == 404
            assert "nothing was changed" in stranger.text
    # Somebody of the same id is one's own.
    stranger.answer = stranger.http.post(f"{PAGES}/pins/dora/withdraw", data={"seal": seal})
    assert stranger.answer.status_code == 200
    assert house.with_pin() == {"dora"}


# Forms


def forms(house: House) -> Iterator[str]:
    """The address of each form that the application takes."""
    (mount,) = house.app.routes
    pages: Starlette = mount.app._app  # type: ignore[attr-defined]
    for route in pages.routes:
        if isinstance(route, Route) and "POST" in (route.methods or ()):
            yield f"{PAGES}{route.path.format(owner='dora')}"


@pytest.mark.parametrize("forgery", ["no seal", "another browser's seal", "from another site", "too large", "no form"])
def test_a_form_that_is_not_of_our_page_in_this_browser_changes_nothing(
    forgery: str, house: House, visitor: Visitor
) -> None:
    house.pin("dora", "384615")
    own_seal = visitor.page.forms[0].fields["seal"]
    other = Visitor(house)
    other.sign_in()
    fields = {
        "no seal": {},
        "another browser's seal": {"seal": other.page.forms[0].fields["seal"]},
        "too large": {"seal": own_seal, "token": "x" * 5000},
    }.get(forgery, {"seal": own_seal})
    headers = {"Sec-Fetch-Site": "cross-site"} if forgery == "from another site" else {}
    addresses = list(forms(house))
    assert len(addresses) == 4
    for address in addresses:
        if forgery == "no form":
            visitor.answer = visitor.http.post(address, content=b"\xff\x00seal")
        else:
            visitor.answer = visitor.http.post(address, data={"token": TOKEN} | fields, headers=headers)
        assert visitor.answer.status_code in (403, 413)
        assert "Nothing was changed" in visitor.text
    assert opened_by(house, "dora", "384615")
    visitor.visit("/pins")
    assert visitor.path == "/pins", "still signed in"


class SlowAtFirst(PinTable):
    """Answers a minute late that the first PIN is set."""

    delay = 60.0

    async def put(self, company: str, owner: str, pin: str) -> str:
        delay, self.delay = self.delay, 0.0
        put = await super().put(company, owner, pin)
        await asyncio.sleep(delay)
        return put


def test_of_two_clicks_the_pin_that_is_shown_is_the_one_that_counts(build: Build) -> None:
    house = build(pin_table=SlowAtFirst)
    visitor = Visitor(house)
    visitor.sign_in()
    seal = visitor.page.forms[0].fields["seal"]

    async def click_twice() -> None:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(house.app), base_url=f"http://{DOMAIN}", cookies=dict(visitor.http.cookies)
        ) as browser:
            address = f"{PAGES}/pins/dora/new"
            await asyncio.gather(*(browser.post(address, data={"seal": seal}) for _ in range(2)))

    run(click_twice())
    visitor.visit("/pins/dora")
    assert opened_by(house, "dora", visitor.pin)


# What guards every answer


def test_every_answer_forbids_scripts_frames_and_keeping(house: House, visitor: Visitor) -> None:
    visitor.http.follow_redirects = False
    for path in ("/pins", "/pins/dora", "/pins/nobody", "/nothing", "/static/pages.css", "/sign-in", "/"):
        headers = visitor.http.get(f"{PAGES}{path}").headers
        policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["form-action"] == "'self'"
        assert "script-src" not in policy
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "access-control-allow-origin" not in headers


def test_pages_have_neither_scripts_nor_styles_of_their_own(house: House, visitor: Visitor) -> None:
    house.pin("dora", "384615")
    for path in ("/pins", "/pins/dora", "/nothing"):
        visitor.visit(path)
        assert visitor.page.xpath("//script | //style | //@style | //@*[starts-with(name(), 'on')]") == []


def test_while_the_database_is_away_the_page_says_so(house: House, visitor: Visitor) -> None:
    with house.engine.begin() as connection:
        connection.execute(text("ALTER TABLE api_tokens RENAME TO gone"))
    visitor.visit("/pins")
    assert visitor.answer.status_code == 503
    assert visitor.answer.headers["retry-after"] == "5"
    assert "The database does not answer" in visitor.text
    with house.engine.begin() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO api_tokens"))
    visitor.visit("/pins")
    assert "Nordlys A/S" in visitor.text


def test_a_fault_of_ours_is_told_without_details_and_guarded_too(house: House, visitor: Visitor) -> None:
    with house.engine.begin() as connection:
        connection.execute(text("PRAGMA foreign_keys = OFF"))
        connection.execute(text("DELETE FROM companies WHERE id = 'nordlys'"))
    visitor.visit("/pins")
    assert visitor.answer.status_code == 500
    assert visitor.answer.headers["cache-control"] == "no-store"
    assert "Something went wrong on the server" in visitor.text
