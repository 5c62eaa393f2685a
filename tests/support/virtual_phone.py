"""A phone in the test's own event loop, for tests in virtual time: it shares no code with the server's SIP.

What every phone does without being told, it does by itself: answers BYE, CANCEL, NOTIFY and re-INVITE, and
acknowledges. All else is for the test to say.
"""

import asyncio
import itertools
from collections.abc import Callable

from tests.support.plain_message import Fields, Message, param, read, sdp
from tests.support.server import DOMAIN

ALLOW = "INVITE, ACK, BYE, CANCEL, NOTIFY, REFER, UPDATE"
_rtp_ports = itertools.count(40000, 2)
_numbers = itertools.count(1)


class VirtualPhone(asyncio.DatagramProtocol):
    """One phone of a person; `start` it, then call and be called."""

    def __init__(self, user: str, server: tuple[str, int]) -> None:
        self.user = user
        self.server = server
        self.lines: list[Line] = []
        """All its calls, those that are over too."""
        self._ringing: asyncio.Queue[Line] = asyncio.Queue()
        self._answers: dict[tuple[str, str], Callable[[Message], None]] = {}
        """What takes the responses to a request, by branch and method."""
        self._seen: set[bytes] = set()
        self._told: dict[str, list[Message]] = {}
        """The NOTIFYs of each subscription, by Call-ID."""
        self.unasked: list[Message] = []
        """NOTIFYs of no subscription."""
        self.codecs: tuple[str, ...] = ()
        """Of its calls from then on; PCMA when none is named."""
        self.audio_host = "127.0.0.1"
        """Where its calls say that their audio is."""
        self.with_events = True
        """It names telephone-event when it describes its audio."""
        self.takes_notify = 200
        """How it answers NOTIFY; 0 is not at all."""

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, register: bool = True) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, port))
        self.address: tuple[str, int] = self._transport.get_extra_info("sockname")
        if register:
            assert (await self.register(3600)).status == 200

    async def stop(self) -> None:
        await self.register(0)
        self._transport.close()

    def vanish(self) -> None:
        """Be gone without a word."""
        self._transport.close()

    @property
    def contact(self) -> str:
        return f"<sip:{self.user}@{self.address[0]}:{self.address[1]}>"

    async def register(self, expires: int) -> Message:
        to = f"<sip:{self.user}@{DOMAIN}>"
        return await self.ask("REGISTER", f"sip:{DOMAIN}", {"To": to, "Expires": str(expires)})

    async def ask(self, method: str, uri: str, fields: dict[str, str], body: str = "") -> Message:
        """Send a request outside calls; its final response."""
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        def take(response: Message) -> None:
            if response.status >= 200 and not answer.done():
                answer.set_result(response)

        self.send(method, uri, fields, body, take)
        return await answer

    async def watch(self, user: str, event: str, expires: int = 600) -> list[Message]:
        """Subscribe; the NOTIFYs that come from then on, each answered 200."""
        call_id = f"v{next(_numbers)}"
        told = self._told[call_id] = []
        fields = {"Call-ID": call_id, "Event": event, "Expires": str(expires)}
        answer = await self.ask("SUBSCRIBE", f"sip:{user}@{DOMAIN}", fields)
        assert answer.status == 200, answer
        return told

    def send(
        self,
        method: str,
        uri: str,
        fields: dict[str, str],
        body: str = "",
        take: Callable[[Message], None] | None = None,
    ) -> Message:
        """Send a request; `fields` stand in place of the usual ones. `take` is handed the responses."""
        head = {
            "Via": f"SIP/2.0/UDP {self.address[0]}:{self.address[1]};branch=z9hG4bKv{next(_numbers)};rport",
            "Max-Forwards": "70",
            "From": f"<sip:{self.user}@{DOMAIN}>;tag=v{next(_numbers)}",
            "To": f"<{uri}>",
            "Call-ID": f"v{next(_numbers)}",
            "CSeq": f"{next(_numbers)} {method}",
            "Contact": self.contact,
            "Allow": ALLOW,
        }
        if body:
            head["Content-Type"] = "application/sdp"
        request = Message(f"{method} {uri} SIP/2.0", tuple((head | fields).items()), body)
        if take is not None:
            self._answers[request.branch, method] = take
        self.put(request)
        return request

    def put(self, message: Message) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(message.to_bytes(), self.server)

    def respond(self, request: Message, status: int, tag: str = "", body: str = "", fields: Fields = ()) -> None:
        to = request["To"] if param(request["To"], "tag") or not tag else f"{request['To']};tag={tag}"
        head = [("Via", via) for via in request.headers("Via")]
        head += [("From", request["From"]), ("To", to), ("Call-ID", request["Call-ID"]), ("CSeq", request["CSeq"])]
        head += [("Allow", ALLOW), *(fields or [("Contact", self.contact)])]
        if body:
            head.append(("Content-Type", "application/sdp"))
        self.put(Message(f"SIP/2.0 {status} So", tuple(head), body))

    # What it does

    def call(self, number: str, fields: dict[str, str] | None = None, *, domain: str = DOMAIN) -> "Line":
        line = Line(self)
        self.lines.append(line)
        line.invite(f"sip:{number}@{domain}", fields or {})
        return line

    async def rings(self, timeout: float = 10.0) -> "Line":
        """The next call that comes in."""
        async with asyncio.timeout(timeout):
            return await self._ringing.get()

    @property
    def is_silent(self) -> bool:
        """No call has come in that the test does not know of."""
        return self._ringing.empty()

    # What comes

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data in self._seen or len(data) < 20:
            return
        self._seen.add(data)
        message = read(data)
        if not message.is_request:
            take = self._answers.get((message.branch, message.method))
            if take is not None:
                take(message)
            return
        line = next((each for each in self.lines if each.call_id == message["Call-ID"]), None)
        if line is not None:
            line.requested(message)
        elif message.method == "INVITE":
            line = Line(self)
            self.lines.append(line)
            line.invited(message)
            self._ringing.put_nowait(line)
        elif message.method == "OPTIONS":
            self.respond(message, 200, "o")
        elif message["Call-ID"] in self._told:
            self._told[message["Call-ID"]].append(message)
            self.respond(message, 200)
        elif message.method == "NOTIFY" and not param(message["To"], "tag"):
            self.unasked.append(message)
            if self.takes_notify:
                self.respond(message, self.takes_notify, "n")
        elif message.method != "ACK":
            self.respond(message, 481, "gone")


class Line:
    """One call of a phone."""

    def __init__(self, phone: VirtualPhone) -> None:
        self.phone = phone
        self.codecs = phone.codecs
        self.rtp = next(_rtp_ports)
        """The port of its audio, by which it is known who hears whom."""
        self.local = f"v{next(_numbers)}"
        self.remote = ""
        self.call_id = ""
        self.statuses: list[int] = []
        """What its INVITE was answered, in order."""
        self.warning = ""
        """What the last answer to its INVITE warned of."""
        self.cancel_reason: str | None = None
        """Of the CANCEL that ended its ringing."""
        self.shown = ""
        """From of the INVITE that came in."""
        self.referred_by = ""
        self.diverted_by = ""
        self.identified = ""
        """Who it was told to talk to, since another party came."""
        self.referred: list[int] = []
        """What its REFERs were answered."""
        self.reinvited: list[int] = []
        """What its re-INVITEs were answered."""
        self.updated: list[int] = []
        """What its UPDATEs were answered."""
        self.asked: list[Message] = []
        """The re-INVITEs that came."""
        self.notified: list[str] = []
        """What it was told of its REFERs: `180`, then `200 terminated`."""
        self.is_over = False
        self._change = asyncio.Condition()
        self._answered = False
        self._target = ""
        self._version = 1
        self._invite: Message | None = None
        self._is_caller = False

    @property
    def is_up(self) -> bool:
        return self._answered and not self.is_over

    @property
    def can_answer(self) -> bool:
        """It rings here."""
        return not (self._is_caller or self._answered or self.is_over)

    @property
    def replaces(self) -> str:
        """The Replaces value that names this call, as the other side knows it."""
        return f"{self.call_id};to-tag={self.remote};from-tag={self.local}"

    @property
    def replaces_of_lamp(self) -> str:
        """As a colleague's phone writes it that watches this one: the tags are this phone's own and its peer's."""
        return f"{self.call_id};to-tag={self.local};from-tag={self.remote}"

    # What the test says

    def invite(self, uri: str, fields: dict[str, str]) -> None:
        user = f"<sip:{self.phone.user}@{DOMAIN}>;tag={self.local}"
        given = {"From": user} | fields
        self._invite = self.phone.send("INVITE", uri, given, self._sdp(), self._responded)
        self.call_id, self._target, self._is_caller = self._invite["Call-ID"], uri, True

    def ring(self) -> None:
        assert self._invite is not None
        self.phone.respond(self._invite, 180, self.local)

    def describe(self, fork: str, *codecs: str, rtp: int, direction: str = "sendrecv", fields: Fields = ()) -> None:
        """Tell of the early media of one of several phones behind this one, reliably; `fork` is its tag."""
        assert self._invite is not None
        head = [("Contact", self.phone.contact), ("Require", "100rel"), ("RSeq", "1"), *fields]
        self.phone.respond(self._invite, 183, fork, sdp(rtp, *codecs, direction=direction), head)

    def update(self, fork: str, *codecs: str, rtp: int) -> None:
        """Have one of those change its early media."""
        body = sdp(rtp, *codecs, version=2)
        self._request("UPDATE", {"From": f"<sip:{self.phone.user}@{DOMAIN}>;tag={fork}"}, body, self._updated)

    def answer(self, fork: str = "") -> None:
        """Answer, as the phone itself or as one of several behind it."""
        assert self._invite is not None
        self._answered = True
        self.local = fork or self.local
        self.phone.respond(self._invite, 200, self.local, self._sdp())

    def refuse(self, status: int, *contacts: str) -> None:
        assert self._invite is not None
        self._end()
        self.phone.respond(self._invite, status, self.local, fields=[("Contact", contact) for contact in contacts])

    def cancel(self, **fields: str) -> None:
        assert self._invite is not None
        same = {name: self._invite[name] for name in ("Via", "From", "To", "Call-ID")}
        number = self._invite["CSeq"].split()[0]
        self.phone.send("CANCEL", self._invite.uri, same | {"CSeq": f"{number} CANCEL"} | fields)

    def hang_up(self) -> None:
        """End the call, however far it is."""
        if self.is_over:
            return
        if self._answered:
            self._end()
            self._request("BYE")
        elif self._is_caller:
            self.cancel()
        else:
            self.refuse(486)

    def hold(self) -> None:
        self._reinvite("sendonly")

    def retrieve(self) -> None:
        self._reinvite("sendrecv")

    def change_to(self, *codecs: str, direction: str = "sendrecv") -> None:
        """Ask for these codecs, and no others, by a re-INVITE."""
        self.codecs = codecs
        self._reinvite(direction)

    def press_by_info(self, key: str) -> None:
        fields = {"Content-Type": "application/dtmf-relay"}
        self._request("INFO", fields, f"Signal={key}\r\nDuration=160\r\n")

    def refer(self, to: str, **fields: str) -> Message:
        """Ask for a transfer: `to` is an extension or a whole Refer-To."""
        target = to if "<" in to else f"<sip:{to}@{DOMAIN}>"
        headers = {name.replace("_", "-"): value for name, value in fields.items()}
        return self._request("REFER", {"Refer-To": target} | headers, take=self._referred)

    def refer_to(self, other: "Line") -> Message:
        """Ask for a transfer to whom the phone talks to in another call."""
        replaces = other.replaces.replace(";", "%3B").replace("=", "%3D")
        return self.refer(f"<sip:somebody@{DOMAIN}?Replaces={replaces}>")

    # What the test waits for

    async def up(self, timeout: float = 10.0) -> None:
        """The call is answered and acknowledged."""
        await self._until(lambda: self.is_up, timeout)

    async def over(self, timeout: float = 10.0) -> None:
        await self._until(lambda: self.is_over, timeout)

    async def told(self, last: str, timeout: float = 40.0) -> None:
        """The phone was told so of its transfer."""
        await self._until(lambda: bool(self.notified) and self.notified[-1] == last, timeout)

    async def refer_answered(self, timeout: float = 10.0) -> int:
        """The answer to the last REFER."""
        await self._until(lambda: bool(self.referred), timeout)
        return self.referred[-1]

    async def _until(self, reached: Callable[[], bool], timeout: float) -> None:
        async with asyncio.timeout(timeout), self._change:
            await self._change.wait_for(reached)

    # What comes

    def invited(self, invite: Message) -> None:
        self._invite = invite
        self.call_id, self.remote = invite["Call-ID"], param(invite["From"], "tag")
        self._target, self.shown, self.referred_by = invite.contact, invite["From"], invite["Referred-By"]
        self.diverted_by = invite["Diversion"]

    def _responded(self, response: Message) -> None:
        """To our INVITE that made the call."""
        self.statuses.append(response.status)
        self.warning = response["Warning"]
        self.remote = response.tag or self.remote
        if response.status >= 300:
            self._end()
            self._acknowledge_refusal(response)
        elif response.status >= 200:
            self._answered = True
            self._target = response.contact
            self._acknowledge(response)
        self._changed()

    def requested(self, request: Message) -> None:
        phone = self.phone
        match request.method:
            case "CANCEL":
                phone.respond(request, 200, self.local)
                if self._invite is not None and not self._answered and not self.is_over:
                    phone.respond(self._invite, 487, self.local)
                    self.cancel_reason = request["Reason"]
                    self._end()
            case "BYE":
                phone.respond(request, 481 if self.is_over else 200, self.local)
                self._end()
            case "NOTIFY" if phone.takes_notify:
                phone.respond(request, phone.takes_notify, self.local)
                ended = " terminated" if request["Subscription-State"].startswith("terminated") else ""
                self.notified.append(request.body.split()[1] + ended)
            case "INVITE" if not self.is_over:
                self.asked.append(request)
                phone.respond(request, 200, self.local, self._sdp())
            case "UPDATE":
                phone.respond(request, 200, self.local)
                self.identified = request["P-Asserted-Identity"] or self.identified
            case "INFO" | "OPTIONS" | "PRACK":
                phone.respond(request, 200, self.local)
        self._changed()

    def _updated(self, response: Message) -> None:
        if response.status >= 200:
            self.updated.append(response.status)

    def _referred(self, response: Message) -> None:
        if response.status >= 200:
            self.referred.append(response.status)
            self._changed()

    # How

    def _request(
        self,
        method: str,
        fields: dict[str, str] | None = None,
        body: str = "",
        take: Callable[[Message], None] | None = None,
    ) -> Message:
        within = {
            "From": f"<sip:{self.phone.user}@{DOMAIN}>;tag={self.local}",
            "To": f"<sip:other@{DOMAIN}>;tag={self.remote}",
            "Call-ID": self.call_id,
        }
        return self.phone.send(method, self._target, within | (fields or {}), body, take)

    def _reinvite(self, direction: str) -> None:
        self._version += 1
        self._request("INVITE", {}, self._sdp(direction), self._reinvite_answered)

    def _reinvite_answered(self, response: Message) -> None:
        if response.status >= 200:
            self.reinvited.append(response.status)
        if response.status == 200:
            self._acknowledge(response)

    def _acknowledge(self, response: Message) -> None:
        number = response["CSeq"].split()[0]
        self._request("ACK", {"CSeq": f"{number} ACK"})

    def _acknowledge_refusal(self, response: Message) -> None:
        assert self._invite is not None
        same = {name: self._invite[name] for name in ("Via", "From", "Call-ID")}
        number = response["CSeq"].split()[0]
        self.phone.send("ACK", self._invite.uri, same | {"To": response["To"], "CSeq": f"{number} ACK"})

    def _sdp(self, direction: str = "sendrecv") -> str:
        return sdp(
            self.rtp,
            *self.codecs,
            host=self.phone.audio_host,
            direction=direction,
            version=self._version,
            with_events=self.phone.with_events,
        )

    def _end(self) -> None:
        self.is_over = True
        self._changed()

    def _changed(self) -> None:
        async def tell() -> None:
            async with self._change:
                self._change.notify_all()

        asyncio.get_running_loop().create_task(tell())
