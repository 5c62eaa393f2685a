"""Datagrams in batches, on real loopback sockets."""

import errno
import socket

import pytest

from sipcore.io import _batch


def udp(host: str = "127.0.0.1") -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.bind((host, 0))
    return bound


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_hundred_datagrams_arrive_in_order_with_their_source(host: str) -> None:
    with udp(host) as sender, udp(host) as receiver:
        to = receiver.getsockname()[:2]
        sent = [(b"%d" % number, to) for number in range(100)]
        assert _batch.send_batch(sender.fileno(), sent) == (100, [])
        first = _batch.recv_batch(receiver.fileno(), 64)
        second = _batch.recv_batch(receiver.fileno(), 64)
        assert len(first) == 64
        assert [data for data, _ in first + second] == [data for data, _ in sent]
        assert {source for _, source in first + second} == {sender.getsockname()[:2]}


def test_nothing_waiting_is_an_empty_list() -> None:
    with udp() as receiver:
        assert _batch.recv_batch(receiver.fileno(), 64) == []


def test_the_same_source_is_the_same_object() -> None:
    with udp() as sender, udp() as receiver:
        _batch.send_batch(sender.fileno(), [(b"a", receiver.getsockname()), (b"b", receiver.getsockname())])
        (_, one), (_, two) = _batch.recv_batch(receiver.fileno(), 64)
        assert one is two


def test_what_cannot_be_sent_fails_alone() -> None:
    with udp() as sender, udp() as receiver:
        to = receiver.getsockname()
        done, failures = _batch.send_batch(
            sender.fileno(),
            [
                (b"one", to),
                (b"x" * 70_000, to),
                (b"y", ("phone.example", 5060)),
                (b"z", ("127.0.0.1", 99999)),
                (b"two", to),
            ],
        )
        assert done == 5
        assert failures == [(1, errno.EMSGSIZE), (2, errno.EINVAL), (3, errno.EINVAL)]
        assert [data for data, _ in _batch.recv_batch(receiver.fileno(), 64)] == [b"one", b"two"]


def test_the_largest_datagram_is_whole() -> None:
    with udp() as sender, udp() as receiver:
        largest = bytes(range(256)) * 255
        _batch.send_batch(sender.fileno(), [(largest, receiver.getsockname())])
        assert _batch.recv_batch(receiver.fileno(), 1) == [(largest, sender.getsockname())]


def test_misuse_is_an_error_not_a_crash() -> None:
    with udp() as sender:
        for wrong in ([None], [(b"x",)], [("text", ("127.0.0.1", 1))], [(b"x", "127.0.0.1")], [(b"x", (1, 2))]):
            with pytest.raises(TypeError):
                _batch.send_batch(sender.fileno(), wrong)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="Bad file descriptor"):
        _batch.recv_batch(-1, 64)
