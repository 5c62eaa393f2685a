"""What of a person's state somebody may see: the state as it is, with all that they may not taken away."""

from typing import Final

import msgspec

from presence_pidf.dialog_state import DialogState
from presence_pidf.person_state import Condition, PersonState

EVERYTHING: Final = ""
HIDDEN: Final = "hidden"
"""The person seems to be gone, always."""

_BUSY: Final[frozenset[Condition]] = frozenset(
    {"ringing", "calling", "talking", "hold", "do-not-disturb", "forwarded", "busy", "meeting"}
)
_BUSY_CALL: Final = DialogState("busy", "initiator", "confirmed")
"""What phones see instead of calls who may know no more than that there are some."""


def seen(state: PersonState, detail: str) -> PersonState:
    """The state as shown by `detail`: `EVERYTHING`, `HIDDEN`, or words parted by `+`.

    `busy`: free, busy or gone. `state`: the whole condition. `callers`, `notes`, `location`: those as well.
    """
    if detail == EVERYTHING:
        return state
    if detail == HIDDEN:
        return PersonState("unregistered", "not shown")
    words = detail.split("+")
    if "state" not in words:
        return _busy_or_free(state)
    changes: dict[str, object] = {}
    if "callers" not in words and state.dialogs:
        changes["dialogs"] = tuple([_without_peer(dialog) for dialog in state.dialogs])
    if "notes" not in words:
        forwarding = state.forwarding
        tuples = tuple([msgspec.structs.replace(each, note="") for each in state.tuples])
        changes |= {"note": "", "notes": (), "back_at": None, "tuples": tuples}
        if forwarding is not None and forwarding.target:
            changes["forwarding"] = msgspec.structs.replace(forwarding, target="")
    return msgspec.structs.replace(state, **changes) if changes else state


def _busy_or_free(state: PersonState) -> PersonState:
    condition: Condition = "idle" if state.reachable else "unregistered"
    if state.condition in _BUSY:
        condition = "busy"
    dialogs = (_BUSY_CALL,) if state.dialogs or state.condition == "talking" else ()
    return PersonState(condition, "", state.registered, dialogs, reachable=state.reachable)


def _without_peer(dialog: DialogState) -> DialogState:
    return msgspec.structs.replace(dialog, remote_identity="", remote_display="", remote_target="")
