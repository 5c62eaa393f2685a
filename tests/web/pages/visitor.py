"""The pages with a database of their own, and visitors who read them and press buttons as a browser does."""

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any

import httpx
import lxml.html
import msgspec
from starlette.applications import Starlette
from starlette.routing import Mount

from lampfield.database import open_database, upgrade
from lampfield.database_threads import DatabaseThreads
from lampfield.pin_attempts import PinAttempts
from lampfield.pin_table import PinTable
from lampfield.web_process import TokenTable
from provisioning.company_import import import_company
from provisioning.pins import pins_set_at, set_pin
from provisioning.tokens import Client, Scope, add_token
from routing.model import Company, VoicemailBox
from tests.routing.nordlys import company
from web.app import PAGES
from web.pages.app import create_pages
from web.pages.rendering import Renderer
from web.rate_limit import RateLimit

TOKEN = "lf_desk-of-nordlys"
OTHER_TOKEN = "lf_desk-of-fjord"
DOMAIN = "lampfield.example"


def nordlys(**changes: Any) -> Company:
    """Dora administers it; Anna and the sales queue have mailboxes."""
    base = company()
    people = base.people | {"dora": msgspec.structs.replace(base.people["dora"], administrator=True)}
    boxes = {"anna": VoicemailBox("anna"), "sales": VoicemailBox("sales")}
    return msgspec.structs.replace(
        base, **({"people": people, "boxes": boxes, "recording_number": "+4533221199"} | changes)
    )


def fjord() -> Company:
    """Another company on the same server."""
    base = company(id="fjord", domain="fjord.example", main_numbers={}, hours={}, menus={}, queues={})
    return msgspec.structs.replace(base, queue_extensions={}, menu_extensions={})


def make_database(file: Path) -> None:
    """Write a database with both companies."""
    engine = open_database(f"sqlite:///{file}")
    upgrade(engine)
    for each in (nordlys(), fjord()):
        import_company(engine, each, new_password=lambda: "a-long-password")
    engine.dispose()


class House:
    """The pages, their database and their clock."""

    def __init__(
        self,
        folder: Path,
        database: Path,
        renderer: Renderer,
        *,
        of: Company | None = None,
        requests_per_minute: int = 600,
        pin_table: type[PinTable] = PinTable,
    ) -> None:
        self.file = folder / "lampfield.sqlite3"
        shutil.copy(database, self.file)
        self.engine = open_database(f"sqlite:///{self.file}")
        if of is not None:
            import_company(self.engine, of, new_password=lambda: "a-long-password")
        self.now = 1000.0
        self.client("nordlys", "desk", TOKEN)
        self.client("fjord", "desk", OTHER_TOKEN)
        limit = RateLimit(requests_per_minute, lambda: self.now)
        threads = DatabaseThreads(self.engine)
        pins = pin_table(threads, time.time)
        pages = create_pages(renderer, TokenTable(threads), pins, PinAttempts(), limit, lambda: self.now)
        self.app = Starlette(routes=[Mount(PAGES, pages)])

    def client(self, company: str, name: str, token: str, *scopes: Scope) -> None:
        """Add a token, or replace that of the name; without scopes it is for PINs."""
        with self.engine.begin() as connection:
            add_token(connection, Client(company, name, scopes or ("pins",), time.time()), token)

    def pin(self, owner: str, pin: str) -> None:
        with self.engine.begin() as connection:
            set_pin(connection, "nordlys", owner, pin, 1.7e9)

    def with_pin(self, company: str = "nordlys") -> set[str]:
        """Who has one."""
        with self.engine.connect() as connection:
            return set(pins_set_at(connection, company))


class InProcess(httpx.BaseTransport):
    """To an application without a network."""

    def __init__(self, application: httpx.ASGITransport) -> None:
        self._application = application

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def ask() -> httpx.Response:
            answer = await self._application.handle_async_request(request)
            return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())

        return asyncio.run(ask())


class Visitor:
    """One browser."""

    def __init__(self, house: House, *, scheme: str = "http", address: str = "192.0.2.7", language: str = "en") -> None:
        self.http = httpx.Client(
            transport=InProcess(httpx.ASGITransport(house.app, raise_app_exceptions=False, client=(address, 40000))),
            base_url=f"{scheme}://{DOMAIN}",
            headers={"Accept-Language": language},
            follow_redirects=True,
        )
        self.answer: httpx.Response
        self.visit("/pins")

    def visit(self, path: str) -> None:
        """Read a page."""
        self.answer = self.http.get(f"{PAGES}{path}")

    @property
    def path(self) -> str:
        """Where the browser is now."""
        return str(self.answer.url.path).removeprefix(PAGES)

    @property
    def page(self) -> lxml.html.HtmlElement:
        return lxml.html.document_fromstring(self.answer.text)

    @property
    def text(self) -> str:
        """What the page says, in one line."""
        return " ".join(str(self.page.xpath("string(//main)")).split())

    @property
    def pin(self) -> str:
        """The PIN that is shown."""
        (shown,) = self.page.xpath("//*[@id='pin']/text()")
        return str(shown)

    def press(self, button: str, **filled_in: str) -> None:
        """Send the form of a button, by its name."""
        forms = [form for form in self.page.forms if _label(form) == button]
        assert len(forms) == 1, f"{button}: {len(forms)} forms on {self.path}: {self.text}"
        fields = {name: value or "" for name, value in forms[0].form_values()} | filled_in
        self.answer = self.http.post(forms[0].action, data=fields)

    def sign_in(self, token: str = TOKEN) -> None:
        self.visit("/sign-in")
        self.press("Sign in", token=token)


def _label(form: Any) -> str:
    (button,) = form.xpath(".//button")
    return str(button.get("aria-label") or button.text_content())
