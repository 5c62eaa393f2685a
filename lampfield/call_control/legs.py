"""All legs in progress, found by SIP session, by RTP session and by person."""

from collections import Counter

from lampfield.call_control.houses import Houses
from lampfield.call_control.leg import Leg
from lampfield.call_control.leg_names import caller_leg
from lampfield.call_control.voice_leg import VoiceLeg


class Legs:
    """Legs are added when they start and removed when they are over; queues learn from it who is busy."""

    def __init__(self, houses: Houses) -> None:
        self._houses = houses
        self._by_session: dict[str, Leg] = {}
        self._by_name: dict[str, Leg] = {}
        self._by_rtp: dict[str, Leg] = {}
        self._served: dict[str, Leg] = {}
        """Those who were called and are served as callers, by call."""
        self._of_person: Counter[tuple[str, str]] = Counter()
        self._talked: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self._by_name)

    def add(self, leg: Leg) -> None:
        self._by_session[leg.session] = leg
        self._by_name[leg.leg] = leg
        if leg.person is not None:
            self._of_person[leg.domain, leg.person] += 1
            if (activity := self._houses.activity(leg.domain)) is not None:
                activity.member_busy(leg.person)

    def serves(self, leg: Leg) -> None:
        """Who was called is the caller of the call from now on."""
        self._served[leg.call] = leg

    def hears(self, leg: Leg) -> None:
        """The leg's RTP session is open: what the engine tells of it is for this leg."""
        if not leg.ended.done():
            self._by_rtp[leg.rtp.name] = leg

    def remove(self, leg: Leg, at: float, *, talked: bool) -> None:
        """The leg was over `at` (UTC epoch seconds); `talked` False when it only rang."""
        self._by_rtp.pop(leg.rtp.name, None)
        if self._by_name.pop(leg.leg, None) is None:
            return
        if self._served.get(leg.call) is leg:
            del self._served[leg.call]
        self._by_session.pop(leg.session, None)
        if leg.person is None:
            return
        who = leg.domain, leg.person
        if talked:
            self._talked.add(who)
        self._of_person[who] -= 1
        if not self._of_person[who]:
            del self._of_person[who]
            if (activity := self._houses.activity(leg.domain)) is not None:
                activity.member_free(leg.person, at, talked=who in self._talked)
            self._talked.discard(who)

    def named(self, leg: str) -> Leg | None:
        return self._by_name.get(leg)

    def of_session(self, session: str) -> Leg | None:
        return self._by_session.get(session)

    def caller_of(self, call: str) -> tuple[str, str]:
        """Number and name of a call's caller as others are shown them; both empty where nobody is there."""
        leg = self.of_caller(call)
        return (leg.caller.number, leg.caller.name) if isinstance(leg, VoiceLeg) else ("", "")

    def of_caller(self, call: str) -> Leg | None:
        """The caller's leg of a call."""
        return self._served.get(call) or self._by_name.get(caller_leg(call))

    def of_rtp(self, name: str) -> Leg | None:
        return self._by_rtp.get(name)

    def in_call(self, domain: str, person: str) -> bool:
        """True while the person rings, calls or talks."""
        return (domain, person) in self._of_person

    def live(self) -> list[Leg]:
        return list(self._by_name.values())
