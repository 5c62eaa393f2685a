"""Who is offered the next caller, and which caller is next, as phones see it: strategies, priorities, acquaintance."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support.plain_phone import PlainCall, PlainPhone
from tests.support.server import MAIN_NUMBER, OUTSIDE, Server

MENU, ASTRID = "300", "210"
PRIORITY, ROUND_ROBIN, FEWEST, SKILLS, PENALTY, LINE, KNOWN = "301", "302", "303", "304", "305", "306", "307"
PREFERRED_NUMBER = "+4533221101"
CALLER, VIP, OTHER_NUMBER = "+4540123456", "+4540123457", "40123458"
CALLER_SAYS, MEMBER_SAYS = 0x35, 0x9C
"""A-law values that no prompt holds for 20 ms."""
RELAXED_SECONDS, PENALTY_SECONDS = 2.0, 1.0

PLAIN = {"wrap_up_seconds": 0, "retry_seconds": 0, "welcome_prompt": "", "position_every_seconds": 0}
THREE = ["anna", "bjorn", "freja"]
COMPANY = {
    "company": {"vip": {VIP: 5}},
    "main_numbers": {
        MAIN_NUMBER: {"open": "queue:line", "closed": "queue:line", "greeting": ""},
        PREFERRED_NUMBER: {"open": "queue:line", "closed": "queue:line", "priority": 3},
    },
    "menus": {"main": {"keys": {"7": "queue:line"}, "priorities": {"7": 4}}},
    "queues": {
        "sales": PLAIN | {"members": THREE, "strategy": "priority"},
        "support": PLAIN | {"members": THREE, "strategy": "round_robin"},
        "fewest": PLAIN | {"extension": FEWEST, "members": ["anna", "bjorn"], "strategy": "fewest_calls"},
        "skilled": PLAIN
        | {
            "extension": SKILLS,
            "members": ["bjorn", "freja"],
            "strategy": "skills",
            "skills": {"danish": 5},
            "skill_relax_seconds": RELAXED_SECONDS / 2,
            "details": {"bjorn": {"skills": {"danish": 3}}, "freja": {"skills": {"danish": 8}}},
        },
        "late": PLAIN
        | {"extension": PENALTY, "members": ["bjorn"], "details": {"bjorn": {"penalty_seconds": PENALTY_SECONDS}}},
        "line": PLAIN | {"extension": LINE, "members": ["anna"], "callback_key": "5"},
        "known": PLAIN | {"extension": KNOWN, "members": ["anna", "bjorn"], "last_member_days": 30},
    },
}


class Phones:
    """The phones of a test: members are registered, callers call."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self._server = server
        self._stack = stack

    def member(self, person: str) -> PlainPhone:
        phone = self.inside(person)
        assert phone.register().status == 200
        self._stack.callback(phone.register, 0)
        return phone

    def inside(self, person: str) -> PlainPhone:
        return self._stack.enter_context(PlainPhone(self._server.socket_address, person))

    def outside(self, number: str, port: int = 0) -> PlainPhone:
        return self._stack.enter_context(PlainPhone(self._server.socket_address, number, host=OUTSIDE, port=port))

    def network(self) -> PlainPhone:
        """Where calls to the outside arrive, too."""
        return self.outside(CALLER, self._server.outside_port)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes phones who they are."""
    settings = {"sip": {"authentication": False}}
    with Server(tmp_path_factory.mktemp("answers-next"), settings=settings, company=COMPANY) as running:
        yield running


@pytest.fixture
def phones(server: Server) -> Iterator[Phones]:
    with ExitStack() as stack:
        yield Phones(server, stack)


def waits(caller: PlainPhone, number: str) -> PlainCall:
    """The caller is in line."""
    call = caller.call(number)
    call.answered()
    return call


def talks(caller: PlainPhone, number: str, member: PlainPhone) -> tuple[PlainCall, PlainCall]:
    """Both legs of a call that this member is offered, and takes."""
    call = waits(caller, number)
    ringing = member.incoming()
    ringing.take()
    return call, ringing


def over(call: PlainCall, ringing: PlainCall) -> None:
    call.hang_up()
    ringing.hung_up()


def test_by_priority_the_first_free_member_of_the_list_rings(phones: Phones) -> None:
    anna, bjorn, freja = (phones.member(person) for person in THREE)
    first, second, third = (phones.inside(person) for person in ("astrid", "henrik", "ingrid"))
    declined = waits(first, PRIORITY)
    anna.incoming().turn_down(486)
    at_bjorn = bjorn.incoming()
    at_bjorn.take()
    at_anna = talks(second, PRIORITY, anna)
    at_freja = talks(third, PRIORITY, freja)
    for call, ringing in ((declined, at_bjorn), at_anna, at_freja):
        over(call, ringing)


def test_in_turn_nobody_loses_a_turn_by_calls_of_their_own(phones: Phones) -> None:
    anna, bjorn, freja = (phones.member(person) for person in THREE)
    astrid, henrik = phones.member("astrid"), phones.inside("henrik")
    call = waits(henrik, ROUND_ROBIN)
    for phone in (anna, bjorn):
        phone.incoming().turn_down(486)
    at_freja = freja.incoming()
    at_freja.take()
    over(call, at_freja)
    own = anna.call(ASTRID)
    at_astrid = astrid.incoming()
    at_astrid.take()
    own.answered()
    over(own, at_astrid)
    over(*talks(henrik, ROUND_ROBIN, anna))


def test_who_has_answered_fewest_callers_is_next_though_idle_for_the_shortest(phones: Phones) -> None:
    astrid, anna = phones.inside("astrid"), phones.member("anna")
    for _ in range(2):
        over(*talks(astrid, FEWEST, anna))
    bjorn = phones.member("bjorn")
    for _ in range(2):
        over(*talks(astrid, FEWEST, bjorn))


def test_the_most_skilled_answers_and_in_time_who_is_less_so(phones: Phones) -> None:
    bjorn, freja = (phones.member(person) for person in ("bjorn", "freja"))
    at_freja = talks(phones.inside("astrid"), SKILLS, freja)
    began = time.monotonic()
    call = waits(phones.inside("henrik"), SKILLS)
    at_bjorn = bjorn.incoming()
    assert time.monotonic() - began >= RELAXED_SECONDS - 0.1
    at_bjorn.take()
    over(call, at_bjorn)
    over(*at_freja)


def test_a_penalty_has_to_be_waited_for(phones: Phones) -> None:
    bjorn, astrid = phones.member("bjorn"), phones.inside("astrid")
    began = time.monotonic()
    over(*talks(astrid, PENALTY, bjorn))
    assert time.monotonic() - began >= PENALTY_SECONDS - 0.1


def test_priority_of_caller_key_and_number_goes_before_who_came_first(server: Server, phones: Phones) -> None:
    anna, astrid = phones.member("anna"), phones.inside("astrid")
    talk = talks(phones.inside("henrik"), LINE, anna)
    plain, preferred, vip = (phones.outside(number) for number in (CALLER, "+4540123459", VIP))
    calls = {}
    for phone, dialled in ((plain, MAIN_NUMBER), (preferred, PREFERRED_NUMBER), (astrid, MENU), (vip, MAIN_NUMBER)):
        inside = phone is astrid
        call = phone.call(dialled) if inside else phone.call(dialled, domain=server.address)
        phone.rtp.say(call.answered().audio, CALLER_SAYS)
        phone.rtp.expect_sound()
        calls[phone] = call
    astrid.rtp.press("7")
    assert anna.silent(1.0), "all wait"
    over(*talk)
    for phone, shown in ((vip, VIP), (astrid, ASTRID), (preferred, "+4540123459"), (plain, CALLER)):
        ringing = anna.incoming()
        assert f"sip:{shown}@" in ringing.invite["From"]
        ringing.respond(180)
        calls[phone].hang_up()
        ringing.cancelled()


def test_who_types_another_number_is_called_back_there(server: Server, phones: Phones) -> None:
    network, anna = phones.network(), phones.member("anna")
    call = network.call(MAIN_NUMBER, domain=server.address)
    network.rtp.say(call.answered().audio, CALLER_SAYS)
    network.rtp.expect_sound()
    first = anna.incoming()
    first.respond(180)
    network.rtp.press("5")
    network.rtp.expect_sound()
    for key in f"2{OTHER_NUMBER}#1":
        network.rtp.press(key)
    first.cancelled(timeout=15)
    call.hung_up(timeout=15)
    back = network.incoming()
    assert f"+45{OTHER_NUMBER}" in back.invite.uri
    back.take()
    network.rtp.say(back.invite.audio, CALLER_SAYS)
    network.rtp.press("1")
    ringing = anna.incoming()
    ringing.take()
    anna.rtp.say(ringing.invite.audio, MEMBER_SAYS)
    network.rtp.expect(MEMBER_SAYS)
    over(back, ringing)


def test_a_caller_who_is_known_is_offered_to_whom_they_spoke_to_last(phones: Phones) -> None:
    henrik, anna = phones.inside("henrik"), phones.member("anna")
    over(*talks(henrik, KNOWN, anna))
    bjorn, astrid = phones.member("bjorn"), phones.inside("astrid")
    over(*talks(henrik, KNOWN, anna))
    over(*talks(astrid, KNOWN, bjorn))
