"""Documents of changes: whoever applies them to what they knew has what is true."""

import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from presence_pidf.dialog_info import render_dialog_changes, render_dialog_info
from presence_pidf.dialog_info_reader import read_dialog_info
from presence_pidf.dialog_info_view import DialogInfoView
from presence_pidf.dialog_state import DialogState
from presence_pidf.partial_pidf import render_pidf_changes, render_pidf_full
from presence_pidf.person_state import PersonState, compose
from presence_pidf.pidf import render_pidf
from presence_pidf.profiles import PLAIN
from presence_pidf.publication import PublishedTuple
from tests.presence_pidf.strategies import NASTY_TEXT, PEOPLE
from tests.support.documents import valid

ANNA = "sip:anna@nordlys.example"
DIFF = "{urn:ietf:params:xml:ns:pidf-diff}"
NAMESPACES = {
    "p": "urn:ietf:params:xml:ns:pidf",
    "dm": "urn:ietf:params:xml:ns:pidf:data-model",
}

TUPLES = st.lists(
    st.builds(
        PublishedTuple,
        id=st.sampled_from(["desk", "mobile", "phone", "it's", "ordi nateur"]),
        open=st.booleans(),
        note=NASTY_TEXT,
    ),
    max_size=4,
    unique_by=lambda each: each.id,
)


@st.composite
def states(draw: st.DrawFn) -> PersonState:
    reports, dialogs, registered, now = draw(PEOPLE)
    notes = tuple(draw(st.lists(NASTY_TEXT, max_size=2)))
    return compose(reports, dialogs, registered, now, tuples=tuple(draw(TUPLES)), notes=notes)


class PartialWatcher:
    """Applies pidf-diff documents to what it knows (RFC 5262 §4, RFC 5261 §4)."""

    def __init__(self) -> None:
        self.known: etree._Element | None = None
        self.version = -1

    def take(self, body: bytes) -> None:
        document = valid(body)
        assert int(document.get("version") or "") == self.version + 1
        self.version += 1
        if document.tag == f"{DIFF}pidf-full":
            self.known = etree.Element("{urn:ietf:params:xml:ns:pidf}presence", entity=document.get("entity") or "")
            self.known.extend(list(document))
            return
        assert document.tag == f"{DIFF}pidf-diff"
        for operation in document:
            self._apply(operation)

    def _find(self, path: str) -> etree._Element:
        assert self.known is not None
        _, _, step = path.partition("/")
        if not step:
            return self.known
        prefixed = re.sub(r"^(?!dm:)", "p:", step)
        found = self.known.findall(prefixed, NAMESPACES)
        assert len(found) == 1
        return found[0]

    def _apply(self, operation: etree._Element) -> None:
        assert self.known is not None
        target = self._find(operation.get("sel") or "")
        content = list(operation)
        if operation.tag == f"{DIFF}remove":
            self.known.remove(target)
        elif operation.tag == f"{DIFF}replace":
            self.known.replace(target, content[0])
        elif operation.get("pos") == "prepend":
            target.insert(0, content[0])
        else:
            assert operation.get("pos") == "after"
            target.addnext(content[0])


Meaning = tuple[str, dict[str, str], str, list["Meaning"]]


def meaning(element: etree._Element) -> Meaning:
    """The element without prefixes, and without the white space between elements: what it says."""
    text = element.text or ""
    names = {str(name): str(value) for name, value in element.attrib.items()}
    return str(element.tag), names, text if not len(element) else "", [meaning(child) for child in element]


@settings(max_examples=50, deadline=None)
@given(st.lists(states(), min_size=1, max_size=4))
def test_after_any_changes_the_watcher_has_the_document_that_is_true(history: list[PersonState]) -> None:
    watcher = PartialWatcher()
    watcher.take(render_pidf_full(ANNA, history[0]).body(0))
    for version, (older, newer) in enumerate(pairwise(history), 1):
        watcher.take(render_pidf_changes(ANNA, older, newer).body(version))
    assert watcher.known is not None
    truth = etree.fromstring(render_pidf(ANNA, history[-1]).body(0))
    assert meaning(watcher.known) == meaning(truth)
    valid(etree.tostring(watcher.known))


def test_a_change_is_told_by_the_elements_that_it_touches() -> None:
    idle = compose((), (), 1, 1000.0, tuples=(PublishedTuple("desk", True), PublishedTuple("gone", True)))
    call = DialogState(id="a", direction="initiator", phase="confirmed")
    talking = compose((), [call], 1, 1000.0, tuples=(PublishedTuple("new", False), PublishedTuple("desk", True)))
    root = valid(render_pidf_changes(ANNA, idle, talking).body(3))
    assert root.tag == f"{DIFF}pidf-diff"
    assert [(etree.QName(operation).localname, operation.get("sel")) for operation in root] == [
        ("remove", "presence/tuple[@id='gone']"),
        ("replace", "presence/tuple[@id='phone']"),
        ("add", "presence/tuple[@id='phone']"),
        ("replace", "presence/note"),
        ("replace", "presence/dm:person[@id='person']"),
    ]


@settings(max_examples=50, deadline=None)
@given(st.lists(states(), min_size=1, max_size=4))
def test_partial_dialogs_lead_to_the_dialogs_there_are(history: list[PersonState]) -> None:
    view = DialogInfoView()
    assert view.take(read_dialog_info(render_dialog_info(ANNA, history[0], PLAIN).body(0), 0.0)) == "new"
    for version, (older, newer) in enumerate(pairwise(history), 1):
        document = render_dialog_changes(ANNA, older, newer, PLAIN).body(version)
        valid(document)
        assert view.take(read_dialog_info(document, 0.0)) == "new"
    full = DialogInfoView()
    full.take(read_dialog_info(render_dialog_info(ANNA, history[-1], PLAIN).body(0), 0.0))
    by_id = {dialog.id: dialog for dialog in view.dialogs}
    assert by_id == {dialog.id: dialog for dialog in full.dialogs}
