"""What a watcher knows of somebody's dialogs, from documents that may be lost, late or partial (RFC 4235 §4.3)."""

from typing import Literal

from presence_pidf.dialog_info_reader import DialogInfo
from presence_pidf.dialog_state import DialogState

Taken = Literal["new", "old", "gap"]
"""`new`: the view was changed; `old`: the document was late; `gap`: one is missing, ask for full state."""


class DialogInfoView:
    """The dialogs of one presentity, as one subscription tells of them."""

    __slots__ = ("_dialogs", "_version")

    def __init__(self) -> None:
        self._version = -1
        self._dialogs: dict[str, DialogState] = {}

    @property
    def dialogs(self) -> tuple[DialogState, ...]:
        """The dialogs that live."""
        return tuple(self._dialogs.values())

    def take(self, document: DialogInfo) -> Taken:
        """Take the next document. A partial one that does not follow directly changes nothing."""
        if document.version <= self._version:
            return "old"
        if not document.full and document.version != self._version + 1:
            return "gap"
        if document.full:
            self._dialogs.clear()
        self._version = document.version
        for dialog in document.dialogs:
            if dialog.phase == "terminated":
                self._dialogs.pop(dialog.id, None)
            else:
                self._dialogs[dialog.id] = dialog
        return "new"

    def begin_anew(self) -> None:
        """Another subscription numbers from the beginning; what is known stays until its first document."""
        self._version = -1
