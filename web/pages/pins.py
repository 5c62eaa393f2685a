"""Who has a PIN; a new one, shown once; none any more."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from provisioning.pins import new_pin
from routing.model import Company
from web.backend import Pins
from web.pages.desk import PageDesk, PageRefused, Visit
from web.pages.dialling import code, where_to_listen, where_to_record
from web.pages.pin_owners import PinOwner, found, owners
from web.pages.rendering import Renderer, to_page
from web.pages.sessions import FreshPin

MOST_SHOWN = 100
"""On one page, whose making holds up everybody else's; of more, those are shown who are looked for."""


class PinPages:
    """The pages about PINs, of the company of whoever is signed in."""

    def __init__(self, desk: PageDesk, pins: Pins, renderer: Renderer) -> None:
        self._desk = desk
        self._pins = pins
        self._renderer = renderer

    def routes(self) -> Sequence[Route]:
        return (
            Route("/pins", self.overview),
            Route("/pins/{owner}", self.fresh),
            Route("/pins/{owner}/new", self.make, methods=["POST"]),
            Route("/pins/{owner}/withdraw", self.withdraw, methods=["POST"]),
        )

    async def overview(self, request: Request) -> Response:
        """Who may have a PIN, and who has one."""
        visit = await self._desk.visit(request)
        company, known = await self._owners(visit)
        withdrawn = request.query_params.get("withdrawn")
        wanted = request.query_params.get("find", "")
        matching = found(known, wanted)
        shown = matching[:MOST_SHOWN]
        return self._renderer.page(
            request,
            "pins.html",
            visit.seal,
            company=company,
            searchable=len(known) > MOST_SHOWN,
            wanted=wanted,
            shown=len(shown),
            matching=len(matching),
            recorders=[owner for owner in shown if owner.records],
            others=[owner for owner in shown if not owner.records],
            where=where_to_record(self._renderer.words(request), company),
            mailbox=code(company.feature_codes.mailbox),
            withdrawn=next((owner.name for owner in known if owner.id == withdrawn and owner.since is None), ""),
        )

    async def make(self, request: Request) -> Response:
        """Set a new PIN, which the next page shows: loading that again makes no other one."""
        visit = await self._desk.visit(request)
        await self._desk.form(request)
        session = visit.session
        async with session.changing:
            pin = new_pin()
            owner = await self._pins.put(session.client.company, request.path_params["owner"], pin)
            session.fresh = FreshPin(owner, pin)
        return to_page(request, f"/pins/{owner}")

    async def fresh(self, request: Request) -> Response:
        """The new PIN, this once."""
        visit = await self._desk.visit(request)
        company, known = await self._owners(visit)
        owner = next((owner for owner in known if owner.id == request.path_params["owner"]), None)
        if owner is None:
            raise PageRefused(404, "no_such_owner")
        words = self._renderer.words(request)
        return self._renderer.page(
            request,
            "pin.html",
            visit.seal,
            owner=owner,
            pin=visit.session.take_fresh(owner.id),
            extension=code(owner.extension),
            where=where_to_record(words, company),
            where_to_listen=where_to_listen(words, company, owner),
        )

    async def withdraw(self, request: Request) -> Response:
        """Take a PIN away."""
        visit = await self._desk.visit(request)
        await self._desk.form(request)
        session = visit.session
        async with session.changing:
            owner = await self._pins.remove(session.client.company, request.path_params["owner"])
            session.fresh = None
        return to_page(request, f"/pins?withdrawn={owner}")

    async def _owners(self, visit: Visit) -> tuple[Company, list[PinOwner]]:
        """The company of whoever is signed in, and who of it may have a PIN."""
        company = await self._pins.company(visit.session.client.company)
        return company, owners(company, await self._pins.set_at(company.id))
