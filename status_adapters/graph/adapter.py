"""Microsoft 365: presence and calendars in, calls out."""

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from presence_pidf.status_report import StatusReport
from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.calendars.agenda import Agenda
from status_adapters.graph.api import GraphApi
from status_adapters.graph.directory import user_ids
from status_adapters.graph.presence import Presence, presences
from status_adapters.graph.schedule import BATCH, BEHIND_SECONDS, schedules
from status_adapters.graph.settings import GraphSettings
from status_adapters.graph.subscriptions import Gathered, Subscriptions
from status_adapters.graph.telling import Telling
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.http_client import HttpClient, LoginRefused, SourceFault
from status_adapters.means import Means
from status_adapters.together import together
from status_adapters.tokens import DelegatedTokens, Tokens

GATHER_SECONDS = 0.2
"""For so long changes are gathered before they are asked for."""
RESYNC_SECONDS = 600.0
"""How often those are asked for whose changes subscriptions tell."""
DIRECTORY_SECONDS = 3600.0
"""How often it is looked who is who."""


class GraphAdapter:
    """Fulfils `status_adapters.adapter.Adapter`, `Teller` and `status_adapters.hook.Hooked`."""

    def __init__(self, name: str, settings: GraphSettings, means: Means) -> None:
        self.name = name
        self._settings = settings
        self._means = means
        self._people: dict[str, Watched] = {}
        self._ids: dict[str, str] = {}
        """User ids by presentity."""
        self._presentities: dict[str, str] = {}
        self._known = asyncio.Event()
        self._changed = Gathered()
        self._anew = asyncio.Event()
        self._subscriptions = Subscriptions(means, self._changed.add)
        self._telling = Telling(settings.client_id, means.clock)
        self._agenda = Agenda(f"calendar:{name}", means.clock, tentative=settings.tentative)

    def watch(self, people: Iterable[Watched]) -> None:
        """These are the people from now on; who has no mail address is passed over."""
        before, self._people = self._people, {one.presentity: one for one in people if self._mail(one)}
        for presentity in before.keys() - self._people.keys():
            self._agenda.forget(presentity)
        self._anew.set()

    def tell(self, presentity: str, activity: str, note: str, since: float) -> None:
        """Show Teams whether the person is in a call here."""
        if self._settings.tell_calls:
            self._telling.tell(presentity, activity == "on-the-phone")

    async def hooked(self, request: HookRequest) -> HookAnswer:
        """A change notification, or Graph's question whether we want them."""
        return self._subscriptions.hooked(request)

    async def run(self, told: Report, health: Health) -> None:
        """Report until cancelled. Raises LoginRefused, SourceFault."""
        settings = self._settings
        self._known.clear()
        self._anew.set()
        async with HttpClient(self._means) as http:
            api = self._api(http)
            endless: list[Coroutine[Any, Any, None]] = [self._know_people(api, health)]
            if settings.presence:
                endless += [self._poll(api, told, health), self._ask_changed(api, told, health)]
                if settings.watcher_secret_name and self._means.hook_url:
                    endless.append(self._subscriptions.run(self._delegated(http), health))
            if settings.calendars:
                endless += [self._read_calendars(api, told, health), self._agenda.run(told)]
            if settings.tell_calls:
                endless.append(self._telling.run(api, self._ids, health))
            await together(*endless)

    async def test(self, person: Watched) -> list[Finding]:
        """Log in, find one person, and read presence and calendar."""
        found: list[Finding] = []
        async with HttpClient(self._means) as http:
            api = self._api(http)
            try:
                ids = await user_ids(api)
                found.append(Finding("log-in", True, f"names in the directory: {len(ids)}"))
                user = ids.get(self._mail(person).lower(), "")
                said = f"{self._mail(person) or 'no mail address'} is {'user ' + user if user else 'nobody there'}"
                found.append(Finding("person", bool(user), said))
                if user and self._settings.presence:
                    seen = await presences(api, [user])
                    said = ", ".join(f"{one.availability}/{one.activity}: {one.means}" for one in seen)
                    found.append(Finding("presence", bool(seen), said or "not told"))
                if user and self._settings.calendars:
                    start = self._means.clock() - BEHIND_SECONDS
                    (schedule,) = await schedules(api, user, [self._mail(person)], start)
                    fault = schedule.error.message if schedule.error else ""
                    count = len(schedule.busy_times(start, person.time_zone))
                    found.append(Finding("calendar", not fault, fault or f"busy times: {count}"))
            except SourceFault as fault_of_source:
                found.append(Finding("request", False, str(fault_of_source)))
        return found

    async def _know_people(self, api: GraphApi, health: Health) -> None:
        """Keep the ids of the people, until cancelled. Raises SourceFault."""
        while True:
            self._anew.clear()
            ids = await user_ids(api)
            health.logged_in()
            known = {presentity: ids.get(self._mail(one).lower(), "") for presentity, one in self._people.items()}
            self._ids.clear()
            self._ids.update({presentity: user for presentity, user in known.items() if user})
            self._presentities = {user: presentity for presentity, user in self._ids.items()}
            self._subscriptions.watch(sorted(self._presentities))
            self._known.set()
            self._changed.add(list(self._presentities))
            try:
                async with asyncio.timeout(DIRECTORY_SECONDS):
                    await self._anew.wait()
            except TimeoutError:
                continue

    async def _poll(self, api: GraphApi, told: Report, health: Health) -> None:
        """Ask for presence, of those whom a subscription covers seldom; until cancelled."""
        await self._known.wait()
        everybody_at = self._means.clock() + RESYNC_SECONDS
        while True:
            await asyncio.sleep(self._settings.poll_seconds)
            ids = set(self._presentities)
            if self._means.clock() < everybody_at:
                ids -= self._subscriptions.covered
            else:
                everybody_at = self._means.clock() + RESYNC_SECONDS
            await self._report_presence(api, sorted(ids), told, health)

    async def _ask_changed(self, api: GraphApi, told: Report, health: Health) -> None:
        while True:
            changed = await self._changed.take(GATHER_SECONDS)
            await self._report_presence(api, [one for one in changed if one in self._presentities], told, health)

    async def _report_presence(self, api: GraphApi, ids: Sequence[str], told: Report, health: Health) -> None:
        asked_at = self._means.clock()
        try:
            seen = await presences(api, ids)
        except LoginRefused:
            raise
        except SourceFault as fault:
            health.failed(str(fault))
            return
        if ids:
            health.logged_in()
        for presence in seen:
            presentity = self._presentities.get(presence.id)
            if presentity is not None:
                told(self._report(presentity, presence, asked_at))

    def _report(self, presentity: str, presence: Presence, at: float) -> StatusReport:
        activity = presence.means
        if activity == "on-the-phone" and presence.activity == "InACall" and self._telling.is_echo(presentity):
            activity = "unknown"
        return StatusReport(
            presentity=presentity, source=f"computer:{self.name}", activity=activity, at=at, note=presence.note
        )

    async def _read_calendars(self, api: GraphApi, told: Report, health: Health) -> None:
        """Read everybody's calendar again and again, until cancelled."""
        await self._known.wait()
        while True:
            people = [self._people[presentity] for presentity in self._ids if presentity in self._people]
            for start in range(0, len(people), BATCH):
                try:
                    await self._read_schedules(api, people[start : start + BATCH], told, health)
                except LoginRefused:
                    raise
                except SourceFault as fault:
                    health.failed(f"calendars: {fault}")
            await asyncio.sleep(self._settings.calendar_seconds)

    async def _read_schedules(self, api: GraphApi, people: Sequence[Watched], told: Report, health: Health) -> None:
        start = self._means.clock() - BEHIND_SECONDS
        by_mail = {self._mail(one).lower(): one for one in people}
        for schedule in await schedules(api, self._ids[people[0].presentity], sorted(by_mail), start):
            person = by_mail.get(schedule.schedule_id.lower())
            if person is None or person.presentity not in self._people:
                continue
            if schedule.error is not None:
                error = schedule.error
                health.failed(f"calendar of {person.presentity}: {error.response_code} {error.message[:100]}")
                continue
            try:
                times = schedule.busy_times(start, person.time_zone)
            except (ValueError, KeyError) as error:
                health.failed(f"calendar of {person.presentity}: no times that can be read: {error}")
                continue
            self._agenda.read(person.presentity, times, told)

    def _mail(self, person: Watched) -> str:
        if self._settings.domain:
            return f"{person.presentity.removeprefix('sip:').partition('@')[0]}@{self._settings.domain}"
        return person.mail

    def _token_url(self) -> str:
        return f"{self._settings.login_url.rstrip('/')}/{self._settings.tenant}/oauth2/v2.0/token"

    def _form(self) -> dict[str, str]:
        root = self._settings.api_url.rstrip("/").rpartition("/")[0]
        return {
            "client_id": self._settings.client_id,
            "client_secret": self._means.secret(self._settings.secret_name),
            "grant_type": "client_credentials",
            "scope": f"{root}/.default",
        }

    def _api(self, http: HttpClient) -> GraphApi:
        return GraphApi(http, self._settings.api_url, Tokens(http, self._token_url(), self._form, self._means.clock))

    def _delegated(self, http: HttpClient) -> GraphApi:
        """Graph as the user who may watch others: Microsoft grants presence notifications to users alone."""
        first = self._means.secret(self._settings.watcher_secret_name)
        tokens = DelegatedTokens(http, self._token_url(), self._form, self._means.clock, first, self._means.memory)
        return GraphApi(http, self._settings.api_url, tokens)
