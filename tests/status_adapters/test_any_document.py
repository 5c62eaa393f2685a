"""Whatever a feed sends, it is read or refused, never a crash."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from status_adapters.operator.documents import UnreadableFeed, read_document
from status_adapters.operator.mapping import NAMES, PRESET_NAMES, preset
from status_adapters.operator.reading import UnreadableRecord, facts_of

LAYOUTS = {name: preset(name) for name in PRESET_NAMES}
VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("nan"))
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(str.encode),
    st.sampled_from(
        [
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"<a>" * 100_000,
            b'a;b\n"1;2',
            b'{"data": {"events": 5}}',
            b'{"data": {"events": [5, null, []]}}',
            b"<statuses next='1'><status><msisdn/></status><!-- --></statuses>",
            b"",
        ]
    ),
)


@given(BODIES, st.sampled_from(PRESET_NAMES))
def test_any_bytes_are_read_or_refused(body: bytes, layout: str) -> None:
    mapping = LAYOUTS[layout]
    with contextlib.suppress(UnreadableFeed):
        for record in read_document(body, {}, mapping.layout).records:
            with contextlib.suppress(UnreadableRecord):
                facts_of(record, mapping)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES.map(str)), st.sampled_from(PRESET_NAMES))
def test_any_values_are_facts_or_refused(values: dict[str, str], layout: str) -> None:
    mapping = LAYOUTS[layout]
    record = {mapping.fields[name]: value for name, value in values.items() if name in mapping.fields}
    with contextlib.suppress(UnreadableRecord):
        facts = facts_of(record, mapping)
        assert facts.latitude is None or -90 <= facts.latitude <= 90
