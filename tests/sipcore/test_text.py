"""What peers sent is kept as text, whatever bytes it was."""

import msgspec
import pytest

from sipcore.text import as_text


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (b"Karen", "Karen"),
        ("Müller ☎".encode(), "Müller ☎"),
        ("Müller".encode("latin-1"), "Müller"),
        (b"", ""),
        (b"\xed\xa0\x80", "\u00ed\u00a0\u0080"),
    ],
)
def test_bytes_that_are_no_utf_8_are_read_as_latin_1(sent: bytes, text: str) -> None:
    assert as_text(sent.decode("utf-8", "surrogateescape")) == text
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(text)) == text
