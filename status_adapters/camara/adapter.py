"""A mobile operator's CAMARA APIs: asked and subscribed to for those who have consented."""

from collections.abc import Iterable, Mapping

from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.bearer_api import BearerApi
from status_adapters.camara.answers import (
    ForwardingSignal,
    LocationAnswer,
    NetworkType,
    ReachabilityStatus,
    RoamingStatus,
    attached,
    forwarding,
    location,
    roaming,
)
from status_adapters.camara.api import OperatorApi, OperatorFault
from status_adapters.camara.known import Known
from status_adapters.camara.purposes import PURPOSES, Purpose
from status_adapters.camara.settings import CamaraSettings, consents_of
from status_adapters.camara.sink import CloudEvent, Sink, gone
from status_adapters.camara.subscriptions import Subscriptions, Wanted, wanted_of
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.http_client import HttpClient, LoginRefused, SourceFault
from status_adapters.means import Means
from status_adapters.moments import Moments, look_around
from status_adapters.together import together
from status_adapters.tokens import Tokens

RETRY_SECONDS = 300.0
"""After which a subscription that failed is tried again."""
REFUSED_SECONDS = 21_600.0
"""After which the operator is asked again for what it will not tell of a person."""
HEARD_SECONDS = 600.0
"""How often what is known is told again where subscriptions stand: who is told of changes alone is quiet for long."""

Question = tuple[str, str]
"""A presentity and the name of a purpose."""


class CamaraAdapter:
    """Fulfils `status_adapters.adapter.Adapter` and `status_adapters.hook.Hooked`."""

    def __init__(self, name: str, settings: CamaraSettings, means: Means) -> None:
        self.name = name
        self._settings = settings
        self._means = means
        self._configured = consents_of(settings)
        self._consents: dict[str, frozenset[str]] = {}
        """The purposes that each person has consented to who has a number."""
        self._tokens: Tokens | None = None
        self._numbers: dict[str, str] = {}
        """The number of each person who has consented to something."""
        self._known: dict[str, Known] = {}
        self._questions: Moments[Question] = Moments(means.clock)
        self._renewals: Moments[Wanted] = Moments(means.clock)
        self._heard: Moments[str] = Moments(means.clock)
        self._subscriptions = Subscriptions(means, settings.subscription_seconds)
        self._sink = Sink()
        self._told: Report | None = None

    def watch(self, people: Iterable[Watched]) -> None:
        """These are the people from now on; only those with a number and a consent are asked for."""
        now = self._means.clock()
        before, self._consents = self._consents, {}
        self._numbers = {}
        for person in people:
            purposes = self._purposes(person)
            if person.numbers and purposes:
                self._numbers[person.presentity] = person.numbers[0]
                self._consents[person.presentity] = purposes
        for presentity, purposes in before.items():
            if not purposes <= self._consents.get(presentity, frozenset()):
                self._forget(presentity, now)
        if self._tokens is not None and not _all_of(self._consents) <= _all_of(before):
            self._tokens.outgrown()
        questions = {
            (presentity, purpose) for presentity in self._numbers for purpose in sorted(self._consents[presentity])
        }
        for question in self._questions.keys() - questions:
            self._questions.drop(question)
        for question in questions - self._questions.keys():
            self._questions.set(question, now)
        wanted = self._wanted()
        for one in self._renewals.keys() - wanted:
            self._renewals.drop(one)
        for one in wanted - self._renewals.keys():
            self._renewals.set(one, max(now, self._subscriptions.renew_at(one)))
        for subscription in self._subscriptions.obsolete(wanted):
            self._renewals.set(subscription.wanted, now)

    def _purposes(self, person: Watched) -> frozenset[str]:
        """What somebody has consented to: by configuration, and by what was said while the server ran."""
        said = person.consents
        agreed = {purpose for purpose, given in said.items() if given}
        configured = self._configured.get(person.presentity, frozenset())
        return frozenset(configured | agreed) - {purpose for purpose, given in said.items() if not given}

    def _forget(self, presentity: str, now: float) -> None:
        """Somebody has taken back a consent: what is known goes, and what may still be asked is asked again."""
        for purpose in self._consents.get(presentity, ()):
            self._questions.set((presentity, purpose), now)
        if self._known.pop(presentity, None) and self._told is not None:
            self._told(Known().report(presentity, f"mobile:{self.name}", now))

    async def run(self, told: Report, health: Health) -> None:
        """Report until cancelled. Raises LoginRefused."""
        self._told = told
        try:
            async with HttpClient(self._means) as http:
                self._tokens = self._log_in(http)
                api = self._api(http, self._tokens)
                await together(
                    self._ask_around(api, told, health), self._keep_subscribed(api, health), self._tell_again(told)
                )
        finally:
            self._told = None

    async def hooked(self, request: HookRequest) -> HookAnswer:
        """An event of one of our subscriptions."""
        event = self._sink.taken(request, self._subscriptions.sink_token)
        if isinstance(event, HookAnswer):
            return event
        subscription = self._subscriptions.by_id(event.data.subscription_id)
        if subscription is None:
            return gone()
        presentity = subscription.wanted.presentity
        if event.name == "subscription-ended":
            self._subscriptions.forget(subscription)
            self._renewals.set(subscription.wanted, self._means.clock())
        elif subscription.wanted.purpose not in self._consents.get(presentity, ()):
            # Taken back since: the subscription is about to be ended.
            return HookAnswer(204)
        elif self._learn(presentity, event) and self._told is not None:
            self._tell(presentity, self._told)
        return HookAnswer(204)

    async def test(self, person: Watched) -> list[Finding]:
        """Log in and ask for all that the person has consented to."""
        purposes = self._purposes(person)
        if not purposes or not person.numbers:
            lacking = "has consented to nothing" if not purposes else "has no number"
            return [Finding("consent", False, f"{person.presentity} {lacking}: the operator is not asked")]
        found = [Finding("consent", True, f"{person.presentity} has consented to {', '.join(sorted(purposes))}")]
        async with HttpClient(self._means) as http:
            api = self._api(http, self._log_in(http))
            for purpose in sorted(purposes):
                known = Known()
                try:
                    await self._retrieve(api, PURPOSES[purpose], person.numbers[0], known)
                except SourceFault as fault:
                    found.append(Finding(purpose, False, str(fault)))
                else:
                    found.append(Finding(purpose, True, ", ".join(known.words())))
        return found

    async def _ask_around(self, api: OperatorApi, told: Report, health: Health) -> None:
        async def look(question: Question) -> float | None:
            presentity, purpose = question
            number = self._numbers.get(presentity)
            if number is None:
                return None
            known = self._known.setdefault(presentity, Known())
            now = self._means.clock()
            try:
                await self._retrieve(api, PURPOSES[purpose], number, known)
            except LoginRefused:
                raise
            except SourceFault as fault:
                health.failed(f"{presentity}: {fault}")
                refused = isinstance(fault, OperatorFault) and fault.for_long
                return now + (REFUSED_SECONDS if refused else self._settings.refresh_seconds)
            health.logged_in()
            if presentity in self._numbers:
                self._tell(presentity, told)
            covered = self._subscriptions.covers(presentity, PURPOSES[purpose])
            return now + (self._settings.resync_seconds if covered else self._settings.refresh_seconds)

        await look_around(self._questions, look, self._settings.at_once)

    async def _retrieve(self, api: OperatorApi, purpose: Purpose, number: str, known: Known) -> None:
        """Ask for one purpose. Raises SourceFault."""
        asked_at = self._means.clock()
        body: dict[str, object] = {"device": {"phoneNumber": number}}
        match purpose.name:
            case "reachability":
                status: ReachabilityStatus = await api.ask("POST", purpose.path, body, ReachabilityStatus)
                data = "DATA" in status.connectivity
                known.learn(status.last_status_time.timestamp(), reachable=status.reachable, data_attached=data)
            case "roaming":
                seen: RoamingStatus = await api.ask("POST", purpose.path, body, RoamingStatus)
                known.learn(seen.last_status_time.timestamp(), roaming=roaming(seen.roaming, seen.country_name))
            case "forwarding":
                signal = await api.ask("POST", purpose.path, {"phoneNumber": number}, ForwardingSignal)
                known.learn(asked_at, forwarding=forwarding(signal))
            case "location":
                body["maxAge"] = self._settings.location_age
                place: LocationAnswer = await api.ask("POST", purpose.path, body, LocationAnswer)
                known.learn(place.last_location_time.timestamp(), location=location(place.area))
            case _:
                network: NetworkType = await api.ask("POST", purpose.path, body, NetworkType)
                known.learn(
                    network.last_status_time.timestamp(), data_attached=attached(network.connected_network_type)
                )

    def _learn(self, presentity: str, event: CloudEvent) -> bool:
        """Take what an event says; False where it says nothing that is new."""
        known, at, data = self._known.setdefault(presentity, Known()), event.time.timestamp(), event.data
        match event.name:
            case "reachability-data":
                return known.learn(at, reachable=True, data_attached=True)
            case "reachability-sms":
                return known.learn(at, reachable=True, data_attached=False)
            case "reachability-disconnected":
                return known.learn(at, reachable=False, data_attached=False)
            case "roaming-status" if data.roaming is not None:
                return known.learn(at, roaming=roaming(data.roaming, data.country_name))
            case "network-type-changed":
                return known.learn(at, data_attached=attached(data.connected_network_type))
            case _:
                return False

    def _tell(self, presentity: str, told: Report) -> None:
        known, now = self._known.get(presentity), self._means.clock()
        if known:
            told(known.report(presentity, f"mobile:{self.name}", now))
        self._heard.set(presentity, now + HEARD_SECONDS)

    async def _tell_again(self, told: Report) -> None:
        """Tell again what is known of those whose changes subscriptions tell, until cancelled."""
        while True:
            presentity = await self._heard.next()
            purposes = [PURPOSES[name] for name in self._consents.get(presentity, ())]
            if presentity in self._numbers and any(self._subscriptions.covers(presentity, one) for one in purposes):
                self._tell(presentity, told)

    def _wanted(self) -> set[Wanted]:
        if not self._means.hook_url:
            return set()
        return {
            wanted
            for presentity in self._numbers
            for name in self._consents[presentity] & set(self._settings.subscriptions)
            for wanted in wanted_of(presentity, PURPOSES[name])
        }

    async def _keep_subscribed(self, api: OperatorApi, health: Health) -> None:
        """Make, renew and end subscriptions, until cancelled."""

        async def look(wanted: Wanted) -> float | None:
            number, now = self._numbers.get(wanted.presentity), self._means.clock()
            try:
                if wanted not in self._wanted() or number is None:
                    for subscription in self._subscriptions.obsolete(self._wanted()):
                        await self._subscriptions.end(api, subscription)
                    return None
                await self._subscriptions.make(api, wanted, number)
            except LoginRefused:
                raise
            except SourceFault as fault:
                health.failed(f"{wanted.presentity}: subscription: {fault}")
                refused = isinstance(fault, OperatorFault) and fault.for_long
                return now + (REFUSED_SECONDS if refused else RETRY_SECONDS)
            # What happened before the subscription stood, or between two, no event tells.
            self._questions.set((wanted.presentity, wanted.purpose), self._means.clock())
            return self._subscriptions.renew_at(wanted)

        await look_around(self._renewals, look, self._settings.at_once)

    def _api(self, http: HttpClient, tokens: Tokens) -> OperatorApi:
        return OperatorApi(BearerApi(http, self._settings.url, tokens), self._means.token)

    def _log_in(self, http: HttpClient) -> Tokens:
        settings = self._settings

        def form() -> dict[str, str]:
            scopes = [scope for name in sorted(_all_of(self._consents)) for scope in PURPOSES[name].scopes]
            return {
                "grant_type": "client_credentials",
                "client_id": settings.client_id,
                "client_secret": self._means.secret(settings.secret_name),
                "scope": " ".join([*([settings.purpose] if settings.purpose else []), *scopes]),
            }

        return Tokens(http, settings.token_url, form, self._means.clock)


def _all_of(consents: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """The purposes that anybody has consented to."""
    return frozenset[str]().union(*consents.values())
