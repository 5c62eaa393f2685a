"""An innovaphone PBX's SOAP interface: users, calls and presence are made by its methods, or by

PUT /users/CN {"fork": "004540404040"}    PUT /calls/CN {"call": 1, "state": 5}
"""

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from status_adapters.simulated.faults import Faults

USER, PASSWORD = "lampfield", "secret-of-the-pbx"
HOLD_SECONDS = 60.0
"""After which a Poll is answered although nothing has happened."""

_ANSWER = (
    '<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope '
    'xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ns="http://innovaphone.com/pbx">'
    "<SOAP-ENV:Body>{}</SOAP-ENV:Body></SOAP-ENV:Envelope>"
)


class _Session:
    """What waits for one session's Poll."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self.handles: dict[str, int] = {}
        self.more = asyncio.Event()
        self.polls = 0
        """That are pending now."""


class SimulatedInnovaphone:
    """`presence` is what was set, by h323 name and contact; `most_polls` how many were ever pending at once."""

    def __init__(self, clock: Callable[[], float], faults: Faults) -> None:
        self.presence: dict[tuple[str, str], tuple[str, str]] = {}
        self.sets = 0
        self.most_polls = 0
        self.polled = 0
        self._faults = faults
        self._users: dict[str, dict[str, Any]] = {}
        self._calls: dict[tuple[str, int], int] = {}
        self._sessions: dict[int, _Session] = {}
        self._made = 0

    def add(
        self,
        cn: str,
        *,
        fork: str = "",
        mail: str = "",
        group: str = "api",
        active: bool = False,
        presence: dict[str, str] | None = None,
    ) -> None:
        """A user object, or another state of one. `presence` has contact, activity and note."""
        self._users[cn] = {"fork": fork, "mail": mail, "group": group, "active": active, "presence": presence}
        for session in self._sessions.values():
            self._tell(session, self._user(cn))

    def call(self, cn: str, call: int, state: int) -> None:
        """A user's call is in this state."""
        self._calls[cn, call] = state
        for session in self._sessions.values():
            if cn in session.handles:
                self._tell(session, _call(session.handles[cn], call, state))
        if state in (6, 7):
            del self._calls[cn, call]

    def restart(self) -> None:
        """The PBX forgets all sessions."""
        for session in self._sessions.values():
            session.more.set()
        self._sessions.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "PUT":
            return await self._ordered(request)
        if not _lets_in(request.headers.get("authorization", "")):
            return Response(status_code=401, headers={"WWW-Authenticate": 'Basic realm="innovaphone"'})
        try:
            body = etree.fromstring(await request.body())[0]
        except (etree.XMLSyntaxError, IndexError):
            return Response(status_code=400)
        operation = body[0]
        name = etree.QName(operation).localname
        if request.headers.get("soapaction") != f'"http://innovaphone.com/pbx#{name}"':
            return _soap_fault("unknown action")
        arguments = {str(child.tag): child for child in operation}
        answer = getattr(self, f"_do_{name}", None)
        if answer is None:
            return _soap_fault(f"{name} is unknown")
        try:
            text = await answer(arguments)
        except KeyError:
            return _soap_fault("session is invalid")
        return Response(_ANSWER.format(f"<ns:{name}Response>{text}</ns:{name}Response>"), media_type="text/xml")

    async def _do_Initialize(self, arguments: dict[str, Any]) -> str:  # noqa: N802  named by the definition
        if arguments["user"].text != USER:
            return "<return>0</return><key>0</key>"
        self._made += 1
        session = self._sessions[self._made] = _Session()
        for cn in self._users:
            self._tell(session, self._user(cn))
        # The mark that the list is complete.
        self._tell(session, "<user><active>true</active><cn></cn></user>")
        return f"<return>{self._made}</return><key>4711</key>"

    async def _do_Poll(self, arguments: dict[str, Any]) -> str:  # noqa: N802
        session = self._sessions[int(arguments["session"].text)]
        session.polls += 1
        self.polled += 1
        self.most_polls = max(self.most_polls, session.polls)
        try:
            if not session.waiting:
                session.more.clear()
                try:
                    async with asyncio.timeout(HOLD_SECONDS):
                        await session.more.wait()
                except TimeoutError:
                    return "<return/>"
        finally:
            session.polls -= 1
        if session not in self._sessions.values():
            raise KeyError
        told, session.waiting = session.waiting, []
        if self._faults.taken("duplicate"):
            told = [one for one in told for _ in range(2)]
        return f"<return>{''.join(told)}</return>"

    async def _do_UserInitialize(self, arguments: dict[str, Any]) -> str:  # noqa: N802
        session = self._sessions[int(arguments["session"].text)]
        cn = arguments["user"].text
        session.handles[cn] = len(session.handles) + 100
        for (who, call), state in self._calls.items():
            if who == cn:
                self._tell(session, _call(session.handles[cn], call, state))
        return f"<return>{session.handles[cn]}</return>"

    async def _do_Admin(self, arguments: dict[str, Any]) -> str:  # noqa: N802
        cn = etree.fromstring(arguments["xml"].text)[0].get("cn", "")
        fork = self._users[cn]["fork"]
        shown = f'<user cn="{cn}"><fork e164="{fork}" max="1"/></user>' if fork else f'<user cn="{cn}"/>'
        return f"<return>{escape(shown)}</return>"

    async def _do_SetPresence(self, arguments: dict[str, Any]) -> str:  # noqa: N802
        presence, h323 = arguments["presence"], arguments["h323"].text
        if h323 not in self._users or arguments["guid"].text != "*":
            return "<return>0</return>"
        self.sets += 1
        said = presence.findtext("activity") or "", presence.findtext("note") or ""
        self.presence[h323, arguments["contact"].text] = said
        for session in self._sessions.values():
            self._tell(session, self._user(h323))
        return "<return>1</return>"

    async def _do_End(self, arguments: dict[str, Any]) -> str:  # noqa: N802
        del self._sessions[int(arguments["session"].text)]
        return ""

    @property
    def sessions(self) -> int:
        """How many there are."""
        return len(self._sessions)

    def _tell(self, session: _Session, text: str) -> None:
        session.waiting.append(text)
        session.more.set()

    def _user(self, cn: str) -> str:
        user = self._users[cn]
        presences = [
            {"contact": contact, "activity": activity, "note": note}
            for (h323, contact), (activity, note) in self.presence.items()
            if h323 == cn
        ]
        shown = "".join(
            f"<presence><contact>{one.get('contact', 'im:')}</contact><status>open</status>"
            f"<activity>{one.get('activity', '')}</activity><note>{escape(one.get('note', ''))}</note></presence>"
            for one in [*presences, *([user["presence"]] if user["presence"] else [])]
        )
        mail = f"<email>{user['mail']}</email>" if user["mail"] else ""
        active = str(user["active"]).lower()
        return (
            f"<user><active>true</active><cn>{cn}</cn><guid>guid-{cn}</guid><e164/><h323>{cn}</h323><state>0</state>"
            f"<channel>0</channel>{mail}<groups><group>{user['group']}</group><active>{active}</active></groups>"
            f"{shown}</user>"
        )

    async def _ordered(self, request: Request) -> Response:
        what, cn = request.url.path.split("/")[-2:]
        order = await request.json()
        if what == "users":
            self.add(cn, **order)
        else:
            self.call(cn, **order)
        return Response(status_code=204)


def _call(handle: int, call: int, state: int) -> str:
    return (
        f"<call><user>{handle}</user><call>{call}</call><reg>0</reg><active>true</active><state>{state}</state>"
        "<msg/></call>"
    )


def _lets_in(authorization: str) -> bool:
    try:
        return base64.b64decode(authorization.removeprefix("Basic ")) == f"{USER}:{PASSWORD}".encode()
    except binascii.Error:
        return False


def _soap_fault(text: str) -> Response:
    fault = f"<SOAP-ENV:Fault><faultcode>SOAP-ENV:Client</faultcode><faultstring>{text}</faultstring></SOAP-ENV:Fault>"
    return Response(_ANSWER.format(fault), 500, media_type="text/xml")
