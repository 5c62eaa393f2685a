"""Documents that tell people of themselves: the phones that are registered, and who watches."""

from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.reginfo import RegisteredContact, render_reginfo
from presence_pidf.watcherinfo import ActiveWatcher, render_watcherinfo
from tests.presence_pidf.strategies import NASTY_TEXT, URIS
from tests.support.documents import valid

REGINFO = {"r": "urn:ietf:params:xml:ns:reginfo"}
WATCHERINFO = {"w": "urn:ietf:params:xml:ns:watcherinfo"}
SECONDS = st.floats(-10.0, 2**32)

CONTACTS = st.builds(
    RegisteredContact,
    id=NASTY_TEXT,
    uri=URIS,
    expires=SECONDS,
    q=st.floats(0.0, 1.0),
    call_id=NASTY_TEXT,
    cseq=st.integers(0, 2**31 - 1),
    user_agent=NASTY_TEXT,
)
WATCHERS = st.builds(ActiveWatcher, id=NASTY_TEXT, uri=URIS, expires=SECONDS)


@given(URIS, st.lists(CONTACTS, max_size=3), st.integers(0, 2**32 - 1))
def test_bindings_are_told_in_a_valid_document(aor: str, contacts: list[RegisteredContact], version: int) -> None:
    root = valid(render_reginfo(aor, contacts).body(version))
    assert (root.get("version"), root.get("state")) == (str(version), "full")
    registration = root.find("r:registration", REGINFO)
    assert registration is not None
    assert registration.get("state") == ("active" if contacts else "init")
    left = [int(contact.get("expires") or "") for contact in registration.findall("r:contact", REGINFO)]
    assert left == [max(0, round(contact.expires)) for contact in contacts]


@given(URIS, st.lists(WATCHERS, max_size=3), st.integers(0, 2**32 - 1))
def test_watchers_are_told_in_a_valid_document(resource: str, watchers: list[ActiveWatcher], version: int) -> None:
    root = valid(render_watcherinfo(resource, "presence", watchers).body(version))
    assert (root.get("version"), root.get("state")) == (str(version), "full")
    left = [int(watcher.get("expiration") or "") for watcher in root.findall(".//w:watcher", WATCHERINFO)]
    assert left == [max(0, round(watcher.expires)) for watcher in watchers]
