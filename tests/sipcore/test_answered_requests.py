"""Answered requests that come again: the same bytes for half a minute, then they are new (RFC 3261 §17.2.2)."""

import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sipcore.answered_requests import MOST, PAGES, AnsweredRequests, Forgetting
from sipcore.answering import response_to
from sipcore.events import RequestReceived
from sipcore.flow import Datagram, Flow
from sipcore.message import Request
from sipcore.server_non_invite import SERVER_NON_INVITE
from sipcore.timers import TimerWheel
from sipcore.transaction import Do, Input, State, Step
from tests.support.link import ALICE, BOB, EPOCH
from tests.support.raw_peer import RawPeer

METHODS = ("REGISTER", "SUBSCRIBE", "PUBLISH", "OPTIONS", "NOTIFY")
FLOW = Flow("udp", ALICE, BOB)
ELSEWHERE = Flow("udp", ALICE, ("192.0.2.77", 5080))


def answered(peer: RawPeer, request: Request, status: int = 200, fields: tuple[tuple[str, str], ...] = ()) -> Datagram:
    """The answer to a request, which is new to the stack."""
    peer.stack.receive(request.to_bytes(), peer.flow, peer.now)
    (event,) = peer.events()
    assert isinstance(event, RequestReceived)
    peer.stack.respond(event.transaction, response_to(event.request, status, to_tag="ours", fields=fields), peer.now)
    (answer,) = peer.stack.take_datagrams()
    return answer


def again(peer: RawPeer, data: bytes, flow: Flow | None = None) -> list[Datagram]:
    """What comes back, and nobody is told."""
    peer.stack.receive(data, flow or peer.flow, peer.now)
    assert peer.events() == []
    return peer.stack.take_datagrams()


@pytest.mark.parametrize("method", METHODS)
def test_a_request_that_comes_again_gets_the_same_bytes(method: str) -> None:
    peer = RawPeer()
    request = peer.request(method)
    answer = answered(peer, request, fields=(("Contact", "<sip:service@192.0.2.1>"), ("Expires", "3600")))
    other = answered(peer, peer.request(method, call_id="other"))
    assert other.data != answer.data
    for _ in range(3):
        peer.run(5)
        assert again(peer, request.to_bytes()) == [answer]


@pytest.mark.parametrize(("method", "status"), [("BYE", 481), ("INFO", 481), ("CANCEL", 481), ("MESSAGE", 405)])
def test_what_the_stack_refuses_by_itself_is_refused_the_same_again(method: str, status: int) -> None:
    peer = RawPeer()
    data = peer.request(method).to_bytes()
    (answer,) = again(peer, data)
    assert answer.data.startswith(b"SIP/2.0 %d " % status)
    peer.run(20)
    assert again(peer, data) == [answer]


def test_a_request_between_others_gets_its_own_answer() -> None:
    peer = RawPeer()
    requests = [peer.request("OPTIONS", call_id=f"call-{number}", body=b"x" * number) for number in range(500)]
    answers = [answered(peer, request) for request in requests]
    for request, answer in zip(requests, answers, strict=True):
        assert again(peer, request.to_bytes()) == [answer]


def test_it_is_known_by_branch_sent_by_and_method_however_it_is_written() -> None:
    peer = RawPeer()
    request = peer.request("OPTIONS", branch="same")
    answer = answered(peer, request)
    head, _, rest = request.to_bytes().partition(b"\r\n")
    via, _, rest = rest.partition(b"\r\n")
    assert again(peer, b"\r\n".join((head, rest.removesuffix(b"\r\n") + via, b"", b""))) == [answer]
    assert again(peer, request.to_bytes().replace(b"Via: SIP/2.0/UDP ", b"v:  SIP / 2.0 / UDP ")) == [answer]


@pytest.mark.parametrize("via", ["SIP/2.0/UDP 192.0.2.2:5060", "SIP/2.0/UDP 192.0.2.2:5060;branch=1"])
def test_the_next_request_of_who_knows_no_branches_is_another(via: str) -> None:
    # As an element of RFC 2543 that was challenged, and now comes with credentials.
    peer = RawPeer()
    first, second = (peer.request("REGISTER", [("Via", via)], cseq=number) for number in (1, 2))
    challenge = answered(peer, first, 401)
    assert again(peer, first.to_bytes()) == [challenge]
    assert answered(peer, second).data.startswith(b"SIP/2.0 200 ")


def test_it_is_answered_where_it_was_answered_first() -> None:
    peer = RawPeer()
    request = peer.request("OPTIONS")
    answer = answered(peer, request)
    assert again(peer, request.to_bytes(), ELSEWHERE) == [answer]
    assert answer.flow == peer.flow


def test_a_refusal_is_given_again_too() -> None:
    peer = RawPeer()
    request = peer.request("REGISTER")
    challenge = answered(peer, request, 401, (("WWW-Authenticate", 'Digest realm="nordlys.example", nonce="1"'),))
    assert again(peer, request.to_bytes()) == [challenge]


def test_a_copy_by_another_path_is_merged() -> None:
    peer = RawPeer()
    answered(peer, peer.request("SUBSCRIBE"))
    copy = peer.request("SUBSCRIBE")
    (merged,) = again(peer, copy.to_bytes())
    assert merged.data.startswith(b"SIP/2.0 482 ")
    assert again(peer, copy.to_bytes()) == [merged]


def test_a_copy_that_was_merged_leaves_nothing_behind() -> None:
    peer = RawPeer()
    answered(peer, peer.request("SUBSCRIBE"))
    again(peer, peer.request("SUBSCRIBE").to_bytes())
    peer.run(33)
    assert answered(peer, peer.request("SUBSCRIBE")).data.startswith(b"SIP/2.0 200 ")


def test_a_challenged_request_may_come_with_the_same_cseq() -> None:
    peer = RawPeer()
    answered(peer, peer.request("SUBSCRIBE"), 401)
    assert answered(peer, peer.request("SUBSCRIBE")).data.startswith(b"SIP/2.0 200 ")


def test_it_is_new_after_64_t1_and_not_before() -> None:
    peer = RawPeer()
    request = peer.request("OPTIONS")
    answer = answered(peer, request)
    peer.run(0.02)
    later = peer.request("OPTIONS", call_id="later")
    later_answer = answered(peer, later)
    peer.run(31.98)
    assert again(peer, request.to_bytes()) == [answer]
    peer.run(0.02)
    assert again(peer, later.to_bytes()) == [later_answer]
    peer.run(0.06)
    assert not any(peer.stack.counts().values())
    assert answered(peer, request).data == answer.data


def test_over_a_reliable_transport_nothing_comes_again() -> None:
    peer = RawPeer(transport="tcp")
    request = peer.request("OPTIONS")
    answered(peer, request)
    assert not any(peer.stack.counts().values())
    answered(peer, request)


def test_what_is_remembered_is_what_the_table_says_of_completed() -> None:
    completed = {happened: step for (state, happened), step in SERVER_NON_INVITE.table.items() if state == "completed"}
    assert completed == {
        Input.RETRANSMISSION: Step(State.COMPLETED, (Do.SEND_RESPONSE,)),
        Input.TIMER_J: Step(State.TERMINATED, ()),
    }


# --- its memory


def resident() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def test_its_room_is_given_back() -> None:
    peer = RawPeer()
    fields = (("Subject", "x" * 1000),)
    for number in range(100):
        answered(peer, peer.request("OPTIONS", call_id=f"first-{number}"), fields=fields)
    before = resident()
    for number in range(3000):
        answered(peer, peer.request("OPTIONS", call_id=f"call-{number}"), fields=fields)
    assert resident() - before > 3_000_000
    peer.run(33)
    assert resident() - before < 1_000_000


def test_of_a_flood_the_latest_are_known_and_the_first_forgotten() -> None:
    peer = RawPeer()

    def large(number: int) -> Request:
        return peer.request("OPTIONS", call_id=f"{number}-{'x' * 30_000}", branch=f"b{number}")

    before = resident()
    for number in range(3000):
        last = answered(peer, large(number), 403)
        peer.now += 0.001
    assert resident() - before < MOST + 30_000_000
    assert again(peer, large(2999).to_bytes()) == [last]
    assert again(peer, large(2000).to_bytes())
    assert answered(peer, large(0)).data.startswith(b"SIP/2.0 200 ")


def test_what_is_forgotten_before_its_time_is_known_anew_for_all_of_its_time() -> None:
    timers, now = TimerWheel(), EPOCH
    requests = AnsweredRequests(timers)
    large = Datagram(b"x" * (MOST // 8), FLOW)
    for number in range(12):
        requests.remember(None, f"key {number}", None, large, now)
        now += 1.0
    assert requests.find("key 0") is None
    assert requests.find("key 11") == large
    assert len(requests) < 10
    requests.remember(None, "key 0", None, Datagram(b"anew", FLOW), now)
    for timer in timers.expired(now + 31.5):
        assert isinstance(timer.owner, Forgetting)
        requests.forget(timer.owner)
    assert requests.find("key 0") == Datagram(b"anew", FLOW)
    assert len(requests) == 1
    for timer in timers.expired(now + 33.0):
        assert isinstance(timer.owner, Forgetting)
        requests.forget(timer.owner)
    assert len(requests) == 0
    assert requests.find("key 0") is None


@settings(max_examples=40)
@given(
    steps=st.lists(
        st.tuples(st.floats(0.0, 20.0), st.booleans(), st.booleans(), st.sampled_from((0, 100, 70_000, PAGES + 1))),
        max_size=40,
    )
)
def test_it_knows_what_was_answered_within_64_t1(steps: list[tuple[float, bool, bool, int]]) -> None:
    timers, now, known = TimerWheel(), EPOCH, {}
    requests = AnsweredRequests(timers)
    for number, (pause, has_head, may_merge, size) in zip(itertools.count(), steps, strict=False):
        now += pause
        for timer in timers.expired(now):
            assert isinstance(timer.owner, Forgetting)
            requests.forget(timer.owner)
        head = f"OPTIONS {number}".encode() if has_head else None
        merge_key = f"æ {number}" if may_merge else None
        answer = Datagram(b"%d" % number + b"x" * size, FLOW if number % 2 else ELSEWHERE)
        requests.remember(head, f"key {number}", merge_key, answer, now)
        names = [name for name in (head, f"key {number}", merge_key) if name is not None]
        known[number] = now, names, answer
        assert requests.find(f"other {number}") is None
        for at, its_names, its_answer in known.values():
            found = [requests.find(name) for name in its_names]
            if now <= at + 32.0:
                assert found == [its_answer] * len(its_names)
            elif now > at + 32.1:
                assert found == [None] * len(its_names)
    for timer in timers.expired(now + 33.0):
        assert isinstance(timer.owner, Forgetting)
        requests.forget(timer.owner)
    assert len(requests) == 0
    assert requests.find("key 0") is None
