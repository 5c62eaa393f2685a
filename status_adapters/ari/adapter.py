"""A link to an Asterisk: devices' states in, people's states out."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from presence_pidf.status_report import StatusReport
from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.ari.session import AriSession, Event
from status_adapters.ari.settings import AriSettings
from status_adapters.ari.states import MEANS, SHOWN
from status_adapters.http_client import HttpClient, SourceFault
from status_adapters.means import Means
from status_adapters.people import by_presentity, filled
from status_adapters.together import together

AT_ONCE = 8
HEARD_SECONDS = 300.0
"""How often everybody is reported as Asterisk has them, so that who is quiet for long is not thought gone."""


class AriAdapter:
    """Fulfils `status_adapters.adapter.Adapter` and `Teller`."""

    def __init__(self, name: str, settings: AriSettings, means: Means) -> None:
        self.name = name
        self._settings = settings
        self._means = means
        self._named = by_presentity(settings.people)
        self._people: dict[str, Watched] = {}
        self._presentities: dict[str, str] = {}
        """Whose a device is."""
        self._states: dict[str, str] = {}
        """What Asterisk says of devices."""
        self._told: dict[str, str] = {}
        """Activities of people here."""
        self._shown: dict[str, str] = {}
        """What Asterisk shows of people, by presentity."""
        self._to_show: dict[str, None] = {}
        self._some_to_show = asyncio.Event()
        self._anew = asyncio.Event()

    def watch(self, people: Iterable[Watched]) -> None:
        """These are the people from now on."""
        self._people = {person.presentity: person for person in people}
        self._presentities = {
            device: presentity for presentity, person in self._people.items() if (device := self._device(person))
        }
        self._anew.set()

    def tell(self, presentity: str, activity: str, note: str, since: float) -> None:
        """Show the person's state in Asterisk."""
        self._told[presentity] = activity
        self._show_soon(presentity)

    async def run(self, told: Report, health: Health) -> None:
        """Report until cancelled. Raises LoginRefused, SourceFault: then everything begins anew."""
        self._states.clear()
        self._shown.clear()
        for presentity in self._told:
            self._show_soon(presentity)
        async with HttpClient(self._means) as http:
            session = AriSession(http, self._settings, self._means.secret(self._settings.secret_name))
            async with session.events() as events:
                health.logged_in()
                # Our application exists while its WebSocket does: only now it can subscribe.
                await together(
                    self._take(events, told),
                    self._know_devices(session, told, health),
                    self._show(session, health),
                )

    async def test(self, person: Watched) -> list[Finding]:
        """Log in and read one device."""
        device = self._device(person)
        async with HttpClient(self._means) as http:
            session = AriSession(http, self._settings, self._means.secret(self._settings.secret_name))
            try:
                found = [Finding("log-in", True, f"Asterisk {await session.version()}")]
                if not device:
                    return [*found, Finding("device", False, f"{person.presentity} has none")]
                state = await session.state(device)
            except SourceFault as fault:
                return [Finding("request", False, str(fault))]
        return [*found, Finding("device", state in MEANS, f"{device} is {state}")]

    async def _take(self, events: AsyncIterator[Event], told: Report) -> None:
        async for event in events:
            if event.type == "DeviceStateChanged" and event.device_state is not None:
                self._learn(event.device_state.name, event.device_state.state, told)

    async def _know_devices(self, session: AriSession, told: Report, health: Health) -> None:
        """Subscribe to everybody's device and ask what it does, again where people come; until cancelled."""
        while True:
            self._anew.clear()
            devices = sorted(self._presentities)
            await session.subscribe(devices)
            turn = asyncio.Semaphore(AT_ONCE)
            await asyncio.gather(*(self._ask(session, device, turn, told, health) for device in devices))
            await self._until_anew(told)

    async def _until_anew(self, told: Report) -> None:
        while not self._anew.is_set():
            try:
                async with asyncio.timeout(HEARD_SECONDS):
                    await self._anew.wait()
            except TimeoutError:
                for device in self._states:
                    self._tell(device, told)
                for presentity in self._told:
                    self._show_soon(presentity)

    async def _ask(
        self, session: AriSession, device: str, turn: asyncio.Semaphore, told: Report, health: Health
    ) -> None:
        async with turn:
            try:
                state = await session.state(device)
            except SourceFault as fault:
                health.failed(str(fault))
                return
        self._learn(device, state, told)

    def _learn(self, device: str, state: str, told: Report) -> None:
        presentity = self._presentities.get(device)
        if presentity is None:
            return
        self._states[device] = state
        self._tell(device, told)
        self._show_soon(presentity)

    def _tell(self, device: str, told: Report) -> None:
        presentity = self._presentities.get(device)
        if presentity is None or self._settings.direction == "out":
            return
        activity, reachable = MEANS.get(self._states[device], ("unknown", None))
        told(
            StatusReport(
                presentity=presentity,
                source=f"pbx:{self.name}",
                activity=activity,
                at=self._means.clock(),
                reachable=reachable,
            )
        )

    def _show_soon(self, presentity: str) -> None:
        if self._settings.direction != "in":
            self._to_show[presentity] = None
            self._some_to_show.set()

    async def _show(self, session: AriSession, health: Health) -> None:
        """Show states in Asterisk, until cancelled; what changes meanwhile is shown as it is then."""
        turn = asyncio.Semaphore(AT_ONCE)
        while True:
            await self._some_to_show.wait()
            self._some_to_show.clear()
            waiting, self._to_show = list(self._to_show), {}
            await asyncio.gather(*(self._show_one(session, presentity, turn, health) for presentity in waiting))

    async def _show_one(self, session: AriSession, presentity: str, turn: asyncio.Semaphore, health: Health) -> None:
        person = self._people.get(presentity)
        activity = self._told.get(presentity)
        if person is None or activity is None:
            return
        state = SHOWN.get(activity, "NOT_INUSE")
        # What Asterisk knows by itself need not be told it.
        if activity == "on-the-phone" and self._is_in_call(person):
            state = "NOT_INUSE"
        if self._shown.get(presentity) == state:
            return
        async with turn:
            try:
                await session.show(filled(self._settings.shown_as, person), state)
            except SourceFault as fault:
                health.failed(f"{presentity} not told: {fault}")
            else:
                self._shown[presentity] = state

    def _is_in_call(self, person: Watched) -> bool:
        return MEANS.get(self._states.get(self._device(person), ""), ("unknown", None))[0] == "on-the-phone"

    def _device(self, person: Watched) -> str:
        return self._named.get(person.presentity) or filled(self._settings.device, person)
