"""Hunt groups with phones: all members ring at once, and who takes part is for members to dial."""

import tomllib
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import tomli_w

from tests.support.plain_phone import PlainPhone
from tests.support.server import Server

SALES, SUPPORT = "301", "302"

COMPANY = {
    "queues": {
        "sales": {"members": ["anna"], "wrap_up_seconds": 0, "on_no_members": "hangup"},
        "support": {"members": ["lars", "sofie", "oskar"], "strategy": "all", "wrap_up_seconds": 0},
    }
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes phones who they are."""
    settings = {"sip": {"authentication": False}}
    with Server(tmp_path_factory.mktemp("hunt-groups"), settings=settings, company=COMPANY) as running:
        yield running


class Desks:
    """The phones of a test, by who has them."""

    def __init__(self, server: Server, stack: ExitStack) -> None:
        self._server = server
        self._stack = stack

    def registered(self, person: str) -> PlainPhone:
        phone = self.phone(person)
        assert phone.register().status == 200
        self._stack.callback(phone.register, 0)
        return phone

    def phone(self, person: str) -> PlainPhone:
        return self._stack.enter_context(PlainPhone(self._server.socket_address, person))


@pytest.fixture
def desks(server: Server) -> Iterator[Desks]:
    with ExitStack() as stack:
        yield Desks(server, stack)


def dial(phone: PlainPhone, code: str) -> None:
    """Dial a feature code and hear its confirmation out."""
    call = phone.call(code)
    call.answered()
    call.hung_up()


def is_offered_calls(member: PlainPhone, caller: PlainPhone) -> bool:
    """Call the queue of which the member is the only one: either the member rings, or the caller is sent away."""
    call = caller.call(SALES)
    if call.final().status == 480:
        return False
    member.incoming().take()
    call.hang_up()
    member.expect("BYE")
    return True


def change_settings(server: Server, **changes: object) -> None:
    """Import the company with other settings of the sales queue, while the server runs."""
    file = server.folder / "company.toml"
    content = tomllib.loads(file.read_text())
    content["queues"]["sales"] |= changes
    file.write_text(tomli_w.dumps(content))
    server.command("company", "import", "company.toml")


def test_a_member_dials_passive_and_is_offered_no_call_until_active_again(server: Server, desks: Desks) -> None:
    anna, astrid = desks.registered("anna"), desks.phone("astrid")
    dial(anna, "*51")
    assert not is_offered_calls(anna, astrid)
    change_settings(server, ring_seconds=25)
    assert not is_offered_calls(anna, astrid), "passive also under other settings"
    server.stop()
    server.start()
    assert not is_offered_calls(anna, astrid), "passive also after a restart"
    dial(anna, "*50")
    assert is_offered_calls(anna, astrid)


def test_with_all_everybody_rings_and_who_is_late_notes_no_missed_call(desks: Desks) -> None:
    astrid = desks.phone("astrid")
    members = [desks.registered(person) for person in ("lars", "sofie", "oskar")]
    call = astrid.call(SUPPORT)
    call.answered()
    first, second, third = (member.incoming() for member in members)
    first.respond(180)
    third.respond(180)
    second.take()
    for late in (first, third):
        assert "Call completed elsewhere" in late.cancelled()["Reason"]
    call.hang_up()
    second.hung_up()
