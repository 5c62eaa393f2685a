"""One publisher's documents, read one after the other, say what each says by itself."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from presence_pidf.pidf_reader import read_pidf
from presence_pidf.pidf_series import PidfSeries
from presence_pidf.publication import PublishedPresence
from presence_pidf.safe_xml import MOST_BYTES, MalformedDocument
from tests.presence_pidf.test_readers import ASTERISK, PJSUA

_HEADS = (
    b'<?xml version="1.0" encoding="UTF-8"?>\r\n',
    b'<?xml version="1.0" encoding="ISO-8859-1"?>\n',
    b'<?xml version="1.0" encoding="UTF-7"?>\n',
    b"<?xml version='1.0'?>",
    b"\xef\xbb\xbf",
    b"<!DOCTYPE presence>",
    b"",
)
_BODY = (
    b'<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:r="urn:ietf:params:xml:ns:pidf:rpid"'
    b' xmlns:d="urn:ietf:params:xml:ns:pidf:data-model" entity="sip:a@b">'
    b'<note>0</note><tuple id="a"><status><basic>open</basic></status><note><!-- x -->1</note><note>2</note>'
    b"<contact>3</contact><timestamp>4</timestamp></tuple>\n"
    b'<tuple id="b"><note>5<i>6</i>7</note></tuple><note><![CDATA[>8<]]></note><?p >9<?>'
    b"<d:person id='p'><r:activities><r:busy/>A</r:activities><d:note>B</d:note></d:person><x>C</x></presence>"
)
_PLACES = b"0123456789ABC"
"""Each stands in `_BODY` between two tags, or what looks like them, and nowhere else so."""
_SAYINGS = st.one_of(
    st.sampled_from(
        [
            b"",
            b" ",
            b"At lunch",
            b"0",
            b"B",
            b"open",
            b"2026-11-22T08:00:00Z",
            b"&amp;",
            b"&x;",
            b"<b/>",
            b"a > b",
            b"]]>",
            b"a\r\nb",
            b"a\tb",
            b"\x00",
            b"\x7f\xc2\x80\xc2\x85",
            b"\xff",
            b"\xed\xa0\x80",
            b"\xef\xbf\xbe",
            "Kjører æøå 😀\u2028".encode(),
            b"+AGE-",
            b"x" * 600,
            b"y" * MOST_BYTES,
            b"-here-stands-the-note-",
        ]
    ),
    st.text(max_size=12).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=6),
)


def _said(read: Callable[[bytes], PublishedPresence], body: bytes) -> PublishedPresence | str:
    try:
        return read(body)
    except MalformedDocument as fault:
        return str(fault)


def _documents(head: bytes, changes: list[tuple[int, bytes]], *, again: bool) -> list[bytes]:
    """A document, and one after each change of the text at one of `_PLACES`, each change made to the last document."""
    texts = {place: bytes([each]) for place, each in enumerate(_PLACES)}
    bodies = []
    for place, text in changes:
        # A text has changed twice in a row before it is known for one that changes.
        for words in (b"one", b"two", b"three", text) if again else (text,):
            texts[place] = words
            body = _BODY
            for each in texts:
                body = body.replace(b">%c<" % _PLACES[each], b">\x00%d\x00<" % each)
            for each, said in texts.items():
                body = body.replace(b"\x00%d\x00" % each, said)
            bodies.append(head + body)
    return bodies


@given(
    st.sampled_from(_HEADS),
    st.lists(st.tuples(st.integers(0, len(_PLACES) - 1), _SAYINGS), max_size=6),
    st.booleans(),
)
@example(_HEADS[0], [(place, b"Back at 14") for place in range(len(_PLACES))], True)
@example(_HEADS[2], [(0, b"+AGE-")], True)
@example(_HEADS[1], [(0, "æ".encode())], True)
def test_each_document_of_a_series_says_what_it_says_by_itself(
    head: bytes, changes: list[tuple[int, bytes]], again: bool
) -> None:
    series = PidfSeries()
    for body in _documents(head, changes, again=again):
        assert _said(series.read, body) == _said(read_pidf, body)


@given(st.sampled_from([PJSUA, ASTERISK, _BODY]), st.data())
def test_documents_that_were_tampered_with_anywhere_say_what_they_say_by_themselves(
    body: bytes, data: st.DataObject
) -> None:
    series = PidfSeries()
    for _ in range(6):
        at = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(at, min(len(body), at + 8)))
        text = data.draw(st.one_of(_SAYINGS, st.binary(max_size=4)))
        for words in (b"one", b"two", b"three", text):
            tampered = body[:at] + words + body[end:]
            assert _said(series.read, tampered) == _said(read_pidf, tampered)


def test_a_document_that_is_shorter_than_what_stands_around_the_note_is_read_whole() -> None:
    series = PidfSeries()
    head = b'<presence xmlns="urn:ietf:params:xml:ns:pidf"><note><!-- x -->'
    tail = b"<!-- x --></note></presence>"
    for words in (b"one", b"two", b"three", b"four"):
        series.read(head + words + tail)
    shorter = head + b"</note></presence>"
    assert shorter.endswith(tail)
    assert series.read(shorter) == read_pidf(shorter)


@pytest.mark.parametrize(("body", "note", "kept"), [(PJSUA, b"Out for", "notes"), (ASTERISK, b"On the", "tuples")])
def test_of_a_note_that_changes_again_and_again_the_words_alone_are_read(body: bytes, note: bytes, kept: str) -> None:
    series = PidfSeries()
    bodies = [body.replace(note, b"Back at %d" % hour, 1) for hour in range(8, 13)]
    said = [series.read(each) for each in bodies]
    assert said == [read_pidf(each) for each in bodies]
    # What was not read anew is the very same.
    assert getattr(said[4], kept) is getattr(said[3], kept)
