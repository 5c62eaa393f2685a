"""REGISTER: a phone proves whose it is, its bindings are kept, lamps and queues learn who can be reached."""

import logging
from collections.abc import Callable
from typing import Final

import msgspec

from lampfield.call_control.houses import Houses
from lampfield.decoded import decoded
from lampfield.door import Door
from lampfield.journal import Journal
from lampfield.presence.lamps import Lamps
from routing.ports import Clock
from sipcore.answering import response_to
from sipcore.binding import Binding, BindingChange
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.refresh_lane import RefreshLane
from sipcore.registrar import Registrar
from sipcore.uri import SipUri

logger = logging.getLogger(__name__)

_encoder: Final = msgspec.msgpack.Encoder()
_KIND: Final = "binding"


class Registrations:
    """The registrar with a door before it and a disk behind it. Refreshes take the short way of `lane`."""

    def __init__(
        self,
        registrar: Registrar,
        lane: RefreshLane,
        door: Door,
        lamps: Lamps,
        houses: Houses,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._registrar = registrar
        self._lane = lane
        self._door = door
        self._lamps = lamps
        self._houses = houses
        self._journal = journal
        self._clock = clock
        self._followers: list[Callable[[BindingChange], None]] = []

    def follow(self, follower: Callable[[BindingChange], None]) -> None:
        """Tell `follower` of each binding that comes, is refreshed or goes from now on."""
        self._followers.append(follower)

    def restore(self) -> int:
        """Take up the bindings on disk that have not expired; how many they are."""
        bindings = list(decoded(self._journal, _KIND, Binding))
        self._registrar.restore(bindings, self._clock())
        for aor in {binding.aor for binding in bindings}:
            self._tell(aor)
        return len(bindings)

    def answer(self, request: Request, flow: Flow) -> Response:
        """Answer a REGISTER. Raises door.Refused."""
        found = self._door.person(request, flow)
        to = request.to.uri
        own = (found.person.id, found.person.extension)
        if not isinstance(to, SipUri) or to.unescaped_user not in own:
            # Everybody registers for themselves alone (RFC 3261 §10.3 step 4).
            return response_to(request, 403, "Only your own address can be registered")
        aor = f"sip:{found.person.id}@{found.company.domain}"
        now = self._clock()
        response = self._registrar.register(request, flow, aor, now)
        if response.status == 200 and found.authenticated is not None:
            self._lane.learn(request, flow, found.authenticated, aor, now)
        self.settle()
        return response

    def advance(self) -> None:
        """Let bindings expire."""
        self._registrar.advance(self._clock())
        self.settle()

    def flow_failed(self, flow: Flow) -> None:
        """A connection is gone, and with it the phones that are reached by it alone."""
        self._registrar.flow_failed(flow, self._clock())
        self.settle()

    def forget(self, binding: Binding) -> None:
        """A phone is gone without a word."""
        logger.info("%s: %s does not answer any more", binding.aor, binding.contact)
        self._registrar.remove(binding)
        self.settle()

    def settle(self) -> None:
        """Write and tell what has changed."""
        changes = self._registrar.take_changes()
        for change in changes:
            key = f"{change.binding.aor} {change.binding.key}"
            if change.kind in ("added", "refreshed"):
                self._journal.put(_KIND, key, _encoder.encode(change.binding))
            else:
                self._journal.delete(_KIND, key)
        for aor in {change.binding.aor for change in changes if change.kind != "refreshed"}:
            self._tell(aor)
        for follower in self._followers:
            for change in changes:
                follower(change)

    def _tell(self, aor: str) -> None:
        count = len(self._registrar.bindings(aor))
        self._lamps.bindings_changed(aor, count, self._clock())
        person, _, domain = aor.removeprefix("sip:").partition("@")
        activity = self._houses.activity(domain)
        if activity is not None and count:
            activity.member_reachable(person)
        elif activity is not None:
            activity.member_unreachable(person)
