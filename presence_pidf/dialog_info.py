"""A person's dialogs as application/dialog-info+xml (RFC 4235)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from presence_pidf.dialog_state import DialogState
from presence_pidf.document import Document
from presence_pidf.person_state import Condition, PersonState
from presence_pidf.profiles import Profile
from presence_pidf.xml_text import attributes, escape, escape_uri

CONTENT_TYPE: Final = "application/dialog-info+xml"

_NAMESPACE: Final = "urn:ietf:params:xml:ns:dialog-info"

_ELSEWHERE: Final = DialogState("elsewhere", "recipient", "confirmed")
"""What lights the lamp of somebody who has no call here."""

_LIT: Final[frozenset[Condition]] = frozenset({"talking", "busy", "do-not-disturb", "forwarded"})
"""What lights it: who talks on a phone that is not ours, as another system says, or takes no calls. Most phones watch
nothing but dialogs, and a lamp that is dark says: call me. Who is in a meeting, away or on vacation may well be called.
"""


def _identity(uri: str, display: str) -> str:
    shown = f' display="{escape(display)}"' if display else ""
    return f"<identity{shown}>{escape_uri(uri)}</identity>" if uri else ""


def _target(uri: str, *, held: bool = False) -> str:
    if not held:
        return f'<target uri="{escape(uri)}"/>'
    # The target carries its Contact parameters (RFC 4235 §4.1); +sip.rendering "no" is a call on hold (§5.2).
    return f'<target uri="{escape(uri)}"><param pname="+sip.rendering" pval="no"/></target>'


def _dialog(dialog: DialogState, entity: str) -> str:
    """One dialog element; sources of the parts: RFC 4235 §4.1."""
    names = attributes(
        (
            ("id", dialog.id),
            ("call-id", dialog.call_id),
            ("local-tag", dialog.local_tag),
            ("remote-tag", dialog.remote_tag),
            ("direction", dialog.direction),
        )
    )
    local = dialog.local_identity or entity
    remote = _identity(dialog.remote_identity, dialog.remote_display)
    remote_uri = dialog.remote_target or dialog.remote_identity
    remote += _target(remote_uri) if remote_uri else ""
    return (
        f"<dialog{names}><state>{dialog.phase}</state>"
        f"<local>{_identity(local, '')}{_target(local, held=dialog.held)}</local>"
        + (f"<remote>{remote}</remote>" if remote else "")
        + "</dialog>"
    )


def _shown(state: PersonState, profile: Profile) -> tuple[DialogState, ...]:
    """The dialogs that the phone is told of, as it is told of them."""
    if not state.dialogs and state.condition in _LIT:
        return (_ELSEWHERE,)
    dialogs = state.dialogs[:1] if profile.single_dialog else state.dialogs
    if profile.calling_is_busy:
        return tuple([_busy_when_calling(dialog) for dialog in dialogs])
    return dialogs


def _busy_when_calling(dialog: DialogState) -> DialogState:
    return msgspec.structs.replace(dialog, phase="confirmed") if dialog.direction == "initiator" else dialog


def _document(entity: str, state: str, dialogs: Iterable[str]) -> Document:
    body = "\n".join(dialogs)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<dialog-info xmlns="{_NAMESPACE}" version="'
    tail = f'" state="{state}" entity="{escape_uri(entity)}">\n{body}\n</dialog-info>\n'
    return Document(CONTENT_TYPE, head.encode(), tail.encode())


def render_dialog_info(entity: str, state: PersonState, profile: Profile) -> Document:
    """Render full state: every live dialog, or only the first where the profile takes one.

    `entity` is the AOR that is watched. Nobody's dialog is an empty list, or one terminated dialog where the phone
    needs an element to turn its lamp to idle.
    """
    dialogs = [_dialog(dialog, entity) for dialog in _shown(state, profile)]
    if not dialogs and profile.idle_dialog:
        dialogs = ['<dialog id="idle"><state>terminated</state></dialog>']
    return _document(entity, "full", dialogs)


def render_dialog_changes(entity: str, older: PersonState, newer: PersonState, profile: Profile) -> Document:
    """Render partial state: the dialogs that are new, another or over since the older state (RFC 4235 §4.1)."""
    before = {dialog.id: dialog for dialog in _shown(older, profile)}
    after = {dialog.id: dialog for dialog in _shown(newer, profile)}
    over = [f'<dialog id="{escape(id)}"><state>terminated</state></dialog>' for id in before if id not in after]
    changed = [_dialog(dialog, entity) for id, dialog in after.items() if before.get(id) != dialog]
    return _document(entity, "partial", over + changed)
