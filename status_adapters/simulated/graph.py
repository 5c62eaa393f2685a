"""Microsoft Graph, as much as the adapter asks for: users, presence, subscriptions, calendars.

Tests and the demo set presence by `set_presence`, or from outside by `PUT /presence/MAIL {"availability", "activity"}`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from status_adapters.simulated.faults import Faults
from status_adapters.simulated.sign_in import SignIn

PAGE = 100
"""Users on one page of the directory."""
MOST_IDS = 650
LONGEST_SUBSCRIPTION = 3600.0

Endpoint = Callable[[Request], Awaitable[Response]]


class Subscribed(msgspec.Struct):
    """A subscription that somebody has made."""

    id: str
    ids: frozenset[str]
    url: str
    lifecycle_url: str
    client_state: str
    until: float
    renewals: int = 0


class Session(msgspec.Struct, frozen=True):
    """A presence session of an application."""

    availability: str
    activity: str
    until: float


class _SetPresence(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    session_id: str
    availability: str
    activity: str
    expiration_duration: str


class _Subscribe(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    change_type: str
    notification_url: str
    resource: str
    expiration_date_time: datetime
    client_state: str
    lifecycle_notification_url: str = ""


class SimulatedGraph:
    """`add` users first. What was asked is counted in `requests` by what the path ends with."""

    def __init__(self, clock: Callable[[], float], faults: Faults) -> None:
        self.sign_in = SignIn(clock)
        self.requests: dict[str, int] = {}
        self.subscriptions: dict[str, Subscribed] = {}
        self.sessions: dict[str, Session] = {}
        """Presence sessions of the application by user id."""
        self.items: dict[str, list[dict[str, Any]]] = {}
        """Schedule items by mail address."""
        self.views: dict[str, str] = {}
        self.next_pages_at = ""
        """Another server that pages of the directory lead to."""
        self.refused: list[int] = []
        """Statuses with which notifications were not taken."""
        self._clock = clock
        self._faults = faults
        self._mails: dict[str, str] = {}
        self._presence: dict[str, tuple[str, str]] = {}
        self._client = httpx.AsyncClient(timeout=10, trust_env=False)
        self._sending: set[asyncio.Task[None]] = set()
        self._made = 0
        routes = [
            Route("/{tenant}/oauth2/v2.0/token", self.sign_in.token, methods=["POST"]),
            Route("/v1.0/users", self._behind_token(self._users)),
            Route("/v1.0/communications/getPresencesByUserId", self._behind_token(self._presences), methods=["POST"]),
            Route("/v1.0/subscriptions", self._behind_token(self._subscribe, delegated=True), methods=["POST"]),
            Route(
                "/v1.0/subscriptions/{id}",
                self._behind_token(self._subscription, delegated=True),
                methods=["PATCH", "DELETE"],
            ),
            Route("/v1.0/users/{id}/presence/setPresence", self._behind_token(self._set_presence), methods=["POST"]),
            Route("/v1.0/users/{id}/presence/clearPresence", self._behind_token(self._clear), methods=["POST"]),
            Route("/v1.0/users/{id}/calendar/getSchedule", self._behind_token(self._schedules), methods=["POST"]),
            Route("/presence/{mail}", self._put_presence, methods=["PUT"]),
        ]
        self._app = Starlette(routes=routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)

    async def close(self) -> None:
        """End what is being sent."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        await self._client.aclose()

    def add(self, user: str, mail: str) -> None:
        """A user of the tenant."""
        self._mails[user] = mail
        self._presence[user] = ("Offline", "Offline")

    def set_presence(self, user: str, availability: str, activity: str) -> None:
        """The user does something, and who has subscribed hears of it."""
        self._presence[user] = (availability, activity)
        for subscription in self.subscriptions.values():
            if user in subscription.ids and self._clock() < subscription.until:
                self._notify(subscription.url, self._changed(subscription, user))

    def lifecycle(self, subscription: Subscribed, event: str) -> None:
        """Tell of a subscription's own fate."""
        if event == "subscriptionRemoved":
            del self.subscriptions[subscription.id]
        self._notify(
            subscription.lifecycle_url,
            {"subscriptionId": subscription.id, "clientState": subscription.client_state, "lifecycleEvent": event},
        )

    def _changed(self, subscription: Subscribed, user: str) -> dict[str, Any]:
        return {
            "subscriptionId": subscription.id,
            "clientState": subscription.client_state,
            "changeType": "updated",
            "resource": f"communications/presences('{user}')",
            "resourceData": {"@odata.type": "#Microsoft.Graph.presence", "id": user},
        }

    def _notify(self, url: str, notification: dict[str, Any]) -> None:
        value = [notification] * (2 if self._faults.taken("duplicate") else 1)
        task = asyncio.ensure_future(self._post(url, {"value": value}))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _post(self, url: str, body: dict[str, Any]) -> None:
        try:
            status = (await self._client.post(url, json=body)).status_code
        except httpx.HTTPError:
            status = 0
        if status // 100 != 2:
            self.refused.append(status)

    def _behind_token(self, endpoint: Endpoint, *, delegated: bool = False) -> Endpoint:
        async def checked(request: Request) -> Response:
            what = request.url.path.rpartition("/")[2] if "id" not in request.path_params else endpoint.__name__
            self.requests[what] = self.requests.get(what, 0) + 1
            if not self.sign_in.lets_in(request):
                return _error(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid.")
            if not self.sign_in.lets_in(request, delegated=delegated):
                return _error(403, "Forbidden", "Application permissions are not supported here.")
            try:
                return await endpoint(request)
            except (msgspec.DecodeError, KeyError) as error:
                return _error(400, "BadRequest", str(error))

        return checked

    async def _users(self, request: Request) -> Response:
        skip = int(request.query_params.get("$skiptoken", "0"))
        users = [{"id": user, "mail": mail, "userPrincipalName": mail} for user, mail in self._mails.items()]
        page: dict[str, Any] = {"value": users[skip : skip + PAGE]}
        if skip + PAGE < len(users):
            here = self.next_pages_at or str(request.url.replace(query=""))
            page["@odata.nextLink"] = f"{here}?$skiptoken={skip + PAGE}"
        return JSONResponse(page)

    async def _presences(self, request: Request) -> Response:
        ids = (await request.json())["ids"]
        if not 1 <= len(ids) <= MOST_IDS:
            return _error(400, "BadRequest", f"between 1 and {MOST_IDS} ids")
        return JSONResponse({"value": list(self._told(ids))})

    def _told(self, ids: Iterable[str]) -> Iterable[dict[str, str]]:
        for user in ids:
            availability, activity = self._presence[user]
            session = self.sessions.get(user)
            if session is not None and self._clock() < session.until and availability != "DoNotDisturb":
                availability, activity = session.availability, session.activity
            yield {"id": user, "availability": availability, "activity": activity}

    async def _subscribe(self, request: Request) -> Response:
        wanted = msgspec.json.decode(await request.body(), type=_Subscribe)
        until = wanted.expiration_date_time.timestamp()
        if until > self._clock() + LONGEST_SUBSCRIPTION:
            return _error(400, "ExtensionError", "an hour at most")
        for url in (wanted.notification_url, wanted.lifecycle_notification_url):
            token = f"Validation: {self._made} & more"
            answer = await self._client.post(url, params={"validationToken": token})
            if answer.status_code != 200 or answer.text != token:
                return _error(400, "ValidationError", "the notification URL does not answer as it should")
        self._made += 1
        made = Subscribed(
            f"subscription-{self._made}",
            frozenset(re.findall(r"'([^']+)'", wanted.resource)),
            wanted.notification_url,
            wanted.lifecycle_notification_url,
            wanted.client_state,
            until,
        )
        self.subscriptions[made.id] = made
        return JSONResponse({"id": made.id}, 201)

    async def _subscription(self, request: Request) -> Response:
        known = self.subscriptions.get(request.path_params["id"])
        if known is None or known.until < self._clock():
            return _error(404, "ResourceNotFound", "there is no such subscription")
        if request.method == "DELETE":
            del self.subscriptions[known.id]
            return Response(status_code=204)
        known.until = datetime.fromisoformat((await request.json())["expirationDateTime"]).timestamp()
        known.renewals += 1
        return JSONResponse({"id": known.id})

    async def _set_presence(self, request: Request) -> Response:
        wanted = msgspec.json.decode(await request.body(), type=_SetPresence)
        if (wanted.availability, wanted.activity) not in (("Busy", "InACall"), ("Available", "Available")):
            return _error(400, "BadRequest", "no combination that an application may set")
        minutes = int(wanted.expiration_duration.removeprefix("PT").removesuffix("M"))
        if not 5 <= minutes <= 240:
            return _error(400, "BadRequest", "between 5 and 240 minutes")
        user = request.path_params["id"]
        self.sessions[user] = Session(wanted.availability, wanted.activity, self._clock() + minutes * 60)
        self.set_presence(user, *self._presence[user])
        return Response(status_code=200)

    async def _clear(self, request: Request) -> Response:
        user = request.path_params["id"]
        if self.sessions.pop(user, None) is None:
            return _error(404, "NotFound", "there is no such session")
        self.set_presence(user, *self._presence[user])
        return Response(status_code=200)

    async def _schedules(self, request: Request) -> Response:
        mails = (await request.json())["schedules"]
        if len(mails) > 20:
            return _error(400, "TooManySchedules", "20 at most")
        return JSONResponse({"value": [self._schedule(mail) for mail in mails]})

    def _schedule(self, mail: str) -> dict[str, Any]:
        if mail not in self._mails.values():
            return {"scheduleId": mail, "error": {"responseCode": "ErrorMailRecipientNotFound", "message": "nobody"}}
        return {
            "scheduleId": mail,
            "availabilityView": self.views.get(mail, ""),
            "scheduleItems": self.items.get(mail, []),
        }

    async def _put_presence(self, request: Request) -> Response:
        wanted = await request.json()
        mail = request.path_params["mail"]
        user = next((user for user, known in self._mails.items() if known == mail), f"id-{mail}")
        if user not in self._mails:
            self.add(user, mail)
        self.set_presence(user, wanted["availability"], wanted["activity"])
        return Response(status_code=204)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
