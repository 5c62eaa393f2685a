"""The scenarios of `sip-scenarios/` against a server: what a telephone engineer would try by hand."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interop.conftest import BRISK, Phones, Voice
from tests.support.server import DOMAIN, MAIN_NUMBER, OUTSIDE, Server
from tests.support.sipp import Message, Sipp

LAMPS = {"event": "dialog", "accept": "application/dialog-info+xml", "expires": "60"}


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes From: SIPp makes digest answers for one request-URI only."""
    settings = {"sip": {"authentication": False}}
    with Server(tmp_path_factory.mktemp("open-server"), settings=settings, company=BRISK) as running:
        yield running


@contextmanager
def answering(folder: Path, server: Server, person: str, scenario: str, pause_ms: int = 600) -> Iterator[Sipp]:
    """A SIPp phone that is registered as `person` and treats the next call by `scenario`."""
    with Sipp(folder, scenario, user=person, domain=DOMAIN, pause_ms=pause_ms, seconds=45) as phone:
        register(folder, server, person, contact_port=phone.port, expires=60)
        try:
            yield phone
        finally:
            register(folder, server, person, contact_port=phone.port, expires=0)


def register(folder: Path, server: Server, person: str, contact_port: int, expires: int) -> None:
    """Bind the port of another SIPp, in the way of a registration by a third party (RFC 3261 §10.2)."""
    keys = {"expires": str(expires), "contact": f"{person}@127.0.0.1:{contact_port}"}
    Sipp(folder, "register-contact", target=server.address, user=person, domain=DOMAIN, keys=keys, seconds=10).finish()


def statuses(messages: list[Message]) -> list[str]:
    return [message.start_line for message in messages if not message.sent]


@pytest.mark.parametrize("scenario", ["options", "unknown-method"])
def test_requests_outside_calls(server: Server, tmp_path: Path, scenario: str) -> None:
    Sipp(tmp_path, scenario, target=server.address, user="astrid", domain=DOMAIN, seconds=10).finish()


@pytest.mark.parametrize("scenario", ["register-digest", "register-too-brief", "unregister"])
def test_registration_with_digest(server: Server, tmp_path: Path, scenario: str) -> None:
    Sipp(
        tmp_path,
        scenario,
        target=server.address,
        user="maja",
        domain=DOMAIN,
        password=server.password("maja"),
        auth_uri=DOMAIN,
        keys={"expires": "60"},
        seconds=10,
    ).finish()


def test_registration_with_a_wrong_password(server: Server, tmp_path: Path) -> None:
    Sipp(
        tmp_path,
        "register-wrong-password",
        target=server.address,
        user="maja",
        domain=DOMAIN,
        password="guessed",
        auth_uri=DOMAIN,
        seconds=10,
    ).finish()


@pytest.mark.parametrize("scenario", ["subscribe", "subscribe-too-brief", "subscribe-bad-event"])
def test_subscriptions(open_server: Server, tmp_path: Path, scenario: str) -> None:
    target = open_server.address
    Sipp(tmp_path, scenario, target=target, number="201", user="astrid", domain=DOMAIN, keys=LAMPS, seconds=15).finish()


def test_a_subscription_that_is_not_refreshed_runs_out(open_server: Server, tmp_path: Path) -> None:
    messages = watching(tmp_path, open_server, "201", "astrid", "subscribe-expiry", expires=10).finish()
    last = [message for message in messages if message.start_line.startswith("NOTIFY")][-1]
    assert "reason=timeout" in (last.header("Subscription-State") or "")


def test_five_watchers_of_one_phone_see_the_same_call(open_server: Server, tmp_path: Path) -> None:
    people = ("ingrid", "maja", "lars", "sofie", "oskar")
    with answering(tmp_path, open_server, "henrik", "answer") as phone:
        watchers = [watching(tmp_path, open_server, "209", person, "watch-dialog") for person in people]
        for watcher in watchers:
            watcher.expect_received("NOTIFY", 1)
        call(tmp_path, open_server, "209")
        phone.finish()
        for watcher in watchers:
            watcher.finish()
    for watcher in watchers:
        told = [line.split() for line in watcher.logged()]
        cseqs, versions = [int(line[2]) for line in told], [int(line[4]) for line in told]
        assert cseqs == sorted(set(cseqs)), "CSeq only rises"
        assert versions == sorted(set(versions)), "version only rises"
        words = [line[5] for line in told if len(line) > 5]
        assert words[0] == "trying"
        assert "early" in words
        assert words[-1] == "confirmed"


def test_a_yealink_sees_a_call_of_somebody_on_its_blf_list(open_server: Server, tmp_path: Path) -> None:
    keys = Sipp(
        tmp_path,
        "phones/yealink-blf-list",
        target=open_server.address,
        number="list-301",
        user="ingrid",
        domain=DOMAIN,
        seconds=40,
    )
    keys.expect_received("NOTIFY", 3)
    with answering(tmp_path, open_server, "bjorn", "answer") as phone:
        call(tmp_path, open_server, "202")
        phone.finish()
    keys.finish()
    told = [line.split() for line in keys.logged()]
    assert [int(line[1]) for line in told] == list(range(len(told))), "each version follows the one before"
    assert [line[2] for line in told] == ["true"] + ["false"] * (len(told) - 1)


def test_a_snom_is_told_when_a_colleague_who_was_busy_is_free(open_server: Server, tmp_path: Path) -> None:
    with answering(tmp_path, open_server, "henrik", "busy"):
        call(tmp_path, open_server, "209", "call-refused")
    with answering(tmp_path, open_server, "henrik", "answer") as phone:
        snom = watching(tmp_path, open_server, "209", "astrid", "phones/snom-call-completion")
        register(tmp_path, open_server, "astrid", contact_port=snom.port, expires=60)
        snom.expect_received("NOTIFY", 1)
        # Somebody who is there and did not answer is no news; who has ended a call is.
        call(tmp_path, open_server, "209", person="bjorn")
        phone.finish()
        snom.finish()
        register(tmp_path, open_server, "astrid", contact_port=snom.port, expires=0)


def watching(folder: Path, server: Server, number: str, person: str, scenario: str, *, expires: int = 60) -> Sipp:
    """A SIPp that watches the lamp of an extension as `person` would."""
    keys = LAMPS | {"expires": str(expires)}
    return Sipp(
        folder, scenario, target=server.address, number=number, user=person, domain=DOMAIN, keys=keys, seconds=40
    )


def call(
    folder: Path,
    server: Server,
    number: str,
    scenario: str = "call",
    *,
    person: str = "astrid",
    options: Sequence[str] = (),
    seconds: float = 45,
) -> list[Message]:
    """Somebody calls a number by a scenario."""
    return Sipp(
        folder,
        scenario,
        target=server.address,
        number=number,
        user=person,
        domain=DOMAIN,
        pause_ms=1500,
        seconds=seconds,
        options=options,
    ).finish()


@pytest.mark.parametrize(
    ("caller", "callee"),
    [
        ("call", "answer"),
        ("call-answered-and-ended", "answer-and-hang-up"),
        ("cancel-before-answer", "ring-only"),
        ("cancel-before-answer", "answer-crossing-cancel"),
        ("cancel-crossing-200", "answer"),
        ("reinvite-hold", "answer"),
        ("call-refused", "busy"),
    ],
)
def test_calls_between_two_phones(open_server: Server, tmp_path: Path, caller: str, callee: str) -> None:
    with answering(tmp_path, open_server, "henrik", callee) as phone:
        messages = call(tmp_path, open_server, "209", caller)
        phone.finish()
    if caller == "call-refused":
        assert statuses(messages)[-1].startswith("SIP/2.0 486")


def test_a_caller_who_gives_up_leaves_a_missed_call(open_server: Server, tmp_path: Path) -> None:
    with answering(tmp_path, open_server, "henrik", "ring-only") as phone:
        call(tmp_path, open_server, "209", "cancel-before-answer")
        phone.finish()
    (cancel,) = [message for message in phone.messages() if message.start_line.startswith("CANCEL")]
    assert "cause=200" not in (cancel.header("Reason") or "")


def test_a_call_answered_elsewhere_leaves_no_missed_call(open_server: Server, tmp_path: Path) -> None:
    with (
        answering(tmp_path, open_server, "henrik", "ring-only") as ringing,
        answering(tmp_path, open_server, "henrik", "answer") as quicker,
    ):
        call(tmp_path, open_server, "209")
        quicker.finish()
        ringing.finish()
    (cancel,) = [message for message in ringing.messages() if message.start_line.startswith("CANCEL")]
    assert "cause=200" in (cancel.header("Reason") or "")


def test_an_invite_sent_again_makes_one_call(open_server: Server, tmp_path: Path) -> None:
    with answering(tmp_path, open_server, "henrik", "answer") as phone:
        call(tmp_path, open_server, "209", "retransmitted-invite", options=["-nr"])
        phone.finish()
        invites = [message for message in phone.messages() if message.start_line.startswith("INVITE")]
    assert len({message.header("Call-ID") for message in invites}) == 1


def test_an_ack_that_never_comes_ends_the_call_after_32_seconds(open_server: Server, tmp_path: Path) -> None:
    messages = call(tmp_path, open_server, "300", "lost-ack", options=["-nr"], seconds=55)
    assert len([line for line in statuses(messages) if line.startswith("SIP/2.0 200")]) >= 6


@pytest.fixture(scope="module")
def impatient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks a phone by re-INVITE whether it is there after 5 s without audio."""
    settings = {"sip": {"authentication": False}, "media": {"rtp_timeout_seconds": 5}}
    with Server(tmp_path_factory.mktemp("impatient-server"), settings=settings) as running:
        yield running


def test_a_reinvite_refused_with_491_is_tried_again(
    impatient_server: Server, phones: Phones, voices: dict[str, Voice], tmp_path: Path
) -> None:
    server = impatient_server
    caller = phones.registered(server, "astrid")
    with answering(tmp_path, server, "henrik", "answer-reinvite-glare") as phone:
        placed = caller.call("astrid", f"sip:209@{DOMAIN}", play=voices["caller"].file)
        placed.expect("CONFIRMED")
        phone.expect_received("ACK", 3, timeout=25.0)
        placed.hang_up()
        messages = phone.finish()
    first, second = [m for m in messages if m.start_line.startswith("INVITE")][1:]
    assert int((second.header("CSeq") or "0 ").split()[0]) > int((first.header("CSeq") or "0 ").split()[0])


def test_two_phones_of_one_person_are_in_step_and_none_is_told_twice(open_server: Server, tmp_path: Path) -> None:
    target = open_server.address
    with Sipp(tmp_path, "feature-follow", target=target, user="maja", domain=DOMAIN, seconds=20) as other:
        other.expect_received("NOTIFY", 1)
        Sipp(tmp_path, "feature-keys", target=target, user="maja", domain=DOMAIN, pause_ms=300, seconds=20).finish()
        other.finish()
    assert "forwarding, always │ off │ 202 (person:bjorn)" in open_server.command("person", "show", "nordlys", "maja")


def test_the_main_job_by_sipp(open_server: Server, phones: Phones, tmp_path: Path) -> None:
    watcher = phones.watcher(open_server, "ingrid")
    watcher.subscribe("201")
    watcher.expect("201", "idle")
    with answering(tmp_path, open_server, "anna", "answer", pause_ms=2000) as agent:
        Sipp(
            tmp_path,
            "main-job-caller",
            target=open_server.address,
            host=OUTSIDE,
            number=MAIN_NUMBER,
            user="+4540123456",
            domain=open_server.address,
            keys={"digit": "1"},
            pause_ms=6000,
            seconds=40,
        ).finish()
        agent.finish()
    watcher.expect("201", "ringing", phase="early")
    talking = watcher.expect("201", "talking")
    assert "+4540123456" in talking.dialogs[0].remote_identity
    watcher.expect("201", "idle")
    assert watcher.lamps("201") == ["idle", "ringing", "talking", "idle"]
    assert "+4540123456" in open_server.finished_calls()
