"""Lamps, for those who light them: what is told here goes out to phones soon."""

from collections.abc import Callable, Sequence

from lampfield.presence.lamps import Lamps
from presence_pidf.dialog_state import DialogState
from presence_pidf.status_report import StatusReport
from routing.ports import Clock


class Lights:
    """Tells the lamps, and `wake` that there is something to send. Nobody's AOR is passed over."""

    def __init__(self, lamps: Lamps, wake: Callable[[], None], clock: Clock) -> None:
        self._lamps = lamps
        self._wake = wake
        self._clock = clock

    def dialog(self, aor: str, dialog: DialogState) -> None:
        """One of a person's dialogs is new, another, or over."""
        self._lamps.dialog_changed(aor, dialog, self._clock())
        self._wake()

    def light(self, aor: str, lit: bool) -> None:
        """A thing is on, or off."""
        self._lamps.light(aor, lit, self._clock())
        self._wake()

    def thing(self, aor: str, dialogs: Sequence[DialogState]) -> None:
        """A thing shows these dialogs, and no others."""
        self._lamps.show_thing(aor, dialogs, self._clock())
        self._wake()

    def report(self, report: StatusReport) -> None:
        """A source of our own tells of a person."""
        self._lamps.reported(report, self._clock())
        self._wake()
