"""More work than the server takes on: the rest is refused, what is in progress goes on, and nothing is left behind."""

import os
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.support.children import child
from tests.support.plain_phone import NothingCame, PlainPhone
from tests.support.server import MAIN_NUMBER, OUTSIDE, Server
from tests.support.sipp import Sipp
from tests.support.until import until

NO_PASSWORDS = {"sip": {"authentication": False}}


def caller(server: Server) -> PlainPhone:
    return PlainPhone(server.socket_address, "+4540123456", host=OUTSIDE)


def test_beyond_max_calls_new_ones_are_told_when_to_try_again(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "server", settings=NO_PASSWORDS | {"limits": {"max_calls": 2}}) as server,
        ExitStack() as stack,
    ):
        first, second, third = (stack.enter_context(caller(server)) for _ in range(3))
        calls = [phone.call(MAIN_NUMBER) for phone in (first, second)]
        for call in calls:
            call.phone.rtp.say(call.answered().audio, 0x35)
        refusal = third.call(MAIN_NUMBER).refused(503)
        assert int(refusal["Retry-After"]) > 0
        for call in calls:
            call.phone.rtp.expect_sound()
        calls[0].hang_up()
        until(lambda: third.call(MAIN_NUMBER).final().status == 200, "a place is free again")
        calls[1].hang_up()


def test_calls_given_up_at_once_leave_no_port_behind(tmp_path: Path) -> None:
    low = 12000 + os.getpid() % 200 * 10
    settings = NO_PASSWORDS | {"media": {"ports": f"{low}-{low + 7}", "rtp_timeout_seconds": 0}}
    with (
        Server(tmp_path / "server", settings=settings) as server,
        PlainPhone(server.socket_address, "henrik") as henrik,
        PlainPhone(server.socket_address, "astrid") as astrid,
    ):
        henrik.register()
        for _ in range(30):
            call = astrid.call("209")
            call.cancel()
            call.refused(487)
            with suppress(NothingCame):
                ringing = henrik.incoming(timeout=0.05)
                ringing.respond(180)
                ringing.cancelled()
        call = astrid.call("209")
        henrik.incoming().respond(180)
        call.expect(180)


def memory_kb(pid: int) -> int:
    """What a process has of its own: Pss counts shared pages by halves."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise AssertionError("no Pss")


def offered(folder: Path, server: Server, *, rate: int, calls: int) -> Counter[str]:
    """Offer so many calls a second to the menu; how many were `answered` and how many `refused`."""
    sipp = Sipp(
        folder,
        "overload-call",
        target=server.address,
        host=OUTSIDE,
        number=MAIN_NUMBER,
        user="+4540123456",
        domain=server.address,
        calls=calls,
        pause_ms=500,
        seconds=40,
        options=["-r", str(rate), "-l", "5000"],
    )
    sipp.finish()
    return Counter(line.split()[0] for line in sipp.logged())


@pytest.mark.parametrize(
    ("limits", "rate", "calls", "least"),
    [
        ({"calls_per_second": 50}, 1000, 4000, 100),
        ({"calls_per_second": 10000}, 1500, 3000, 300),
    ],
    ids=["more than it may", "more than it can"],
)
def test_offered_too_much_it_does_what_it_can_and_refuses_the_rest(
    tmp_path: Path, limits: dict[str, int], rate: int, calls: int, least: int
) -> None:
    settings = NO_PASSWORDS | {"limits": limits, "media": {"ports": "10000-13999"}, "log": {"level": "warning"}}
    with Server(tmp_path / "server", settings=settings) as server:
        offered(tmp_path, server, rate=20, calls=40)  # what the first calls leave in caches
        signalling = child(server, "lampfield.signalling")
        before = memory_kb(signalling)
        told = offered(tmp_path, server, rate=rate, calls=calls)
        grown = memory_kb(signalling) - before
        assert told["answered"] + told["refused"] == calls
        assert told["answered"] >= least
        assert told["refused"] > 0 or told["answered"] == calls, "a machine that can do them all"
        # A call is remembered for 32 s, so that what is sent again is known; of a refused one nothing is.
        assert grown < 10_000 + 30 * told["answered"]
        assert offered(tmp_path, server, rate=5, calls=10)["answered"] == 10


def test_more_lamp_changes_than_can_be_told_are_merged_and_the_last_state_arrives(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "server", settings=NO_PASSWORDS) as server,
        PlainPhone(server.socket_address, "ingrid") as watcher,
        PlainPhone(server.socket_address, "henrik") as henrik,
        PlainPhone(server.socket_address, "astrid") as astrid,
    ):
        henrik.register()
        asked = {"Event": "dialog", "Accept": "application/dialog-info+xml", "Expires": "60"}
        # Each from a Contact of its own: a phone has one subscription for one lamp.
        contacts = [{"Contact": f"<sip:lamp{number}@{watcher.hostport}>"} for number in range(20)]
        lamp = "sip:209@nordlys.example"
        subscriptions = [watcher.ask("SUBSCRIBE", lamp, (asked | contact).items())["Call-ID"] for contact in contacts]
        for call_id in subscriptions:
            watcher.respond(watcher.expect("NOTIFY", call_id), 200)
        for _ in range(10):
            call = astrid.call("209")
            ringing = henrik.incoming()
            ringing.take()
            call.answered()
            call.hang_up()
            ringing.hung_up()
        told: Counter[str] = Counter()
        for call_id in subscriptions:
            while _is_lit((notify := watcher.expect("NOTIFY", call_id)).body):
                told[call_id] += 1
                watcher.respond(notify, 200)
            watcher.respond(notify, 200)
        assert max(told.values()) < 10, "40 changes of each lamp were told in a few"


def _is_lit(document: str) -> bool:
    return any(f"<state>{state}</state>" in document for state in ("trying", "early", "confirmed"))
