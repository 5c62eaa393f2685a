"""Bodies packed and unpacked, and which packing a peer is sent."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.content_encoding import CODINGS, Spliced, chosen, packed, unpacked
from sipcore.errors import ProtocolViolation


@pytest.mark.parametrize(
    ("asked", "coding"),
    [
        ([], ""),
        (["identity"], ""),
        (["*"], ""),
        (["gzip"], "gzip"),
        (["deflate"], "deflate"),
        (["deflate", "gzip"], "gzip"),
        (["gzip;q=0.4", "deflate;q=0.5"], "deflate"),
        (["gzip;q=0"], ""),
        (["gzip;q=0.5", "identity"], ""),
        (["gzip", "identity"], "gzip"),
        (["GZIP ; Q=0.3"], "gzip"),
        (["gzip;q=many"], ""),
        (["br"], ""),
    ],
)
def test_a_body_is_packed_where_the_peer_asks_for_it_by_name(asked: list[str], coding: str) -> None:
    assert chosen(asked) == coding


@given(st.binary(max_size=2000), st.binary(max_size=2000), st.integers(0, 2**32 - 1))
def test_what_is_spliced_into_a_packed_document_is_read_by_every_unpacker(
    head: bytes, tail: bytes, version: int
) -> None:
    whole = b"%b%d%b" % (head, version, tail)
    assert gzip.decompress(Spliced(head, tail, "gzip").around(b"%d" % version)) == whole
    assert zlib.decompress(Spliced(head, tail, "deflate").around(b"%d" % version)) == whole


@given(st.binary(max_size=5000), st.sampled_from(CODINGS))
def test_what_was_packed_is_unpacked(body: bytes, coding: str) -> None:
    assert unpacked(packed(body, coding), coding, len(body)) == body


def test_deflate_is_read_with_and_without_its_wrapping() -> None:
    raw = zlib.compressobj(wbits=-15)
    assert unpacked(raw.compress(b"list") + raw.flush(), "deflate", 100) == b"list"


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (b"text", "br", 415),
        (b"no gzip", "gzip", 400),
        (packed(b"cut short" * 50, "gzip")[:-9], "gzip", 400),
        (packed(b"0" * 1_000_000, "deflate"), "deflate", 413),
    ],
)
def test_what_is_unknown_broken_or_huge_is_refused(body: bytes, coding: str, status: int) -> None:
    with pytest.raises(ProtocolViolation) as refused:
        unpacked(body, coding, 65_536)
    assert refused.value.status == status
