"""What every leg and call needs around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lampfield.call_control.recordings import Recordings
from lampfield.call_control.sip_port import SipPort
from lampfield.call_control.tasks import Tasks
from lampfield.sounds import Sounds
from lampfield.trunks import Trunks
from media.client import MediaClient
from media.spare_sessions import SpareSessions
from presence_pidf.dialog_state import DialogState
from routing.ports import Clock, EventSink
from sipcore.registrar import Registrar

if TYPE_CHECKING:
    from lampfield.call_control.legs import Legs
    from lampfield.call_control.voice_leg import VoiceLeg


@dataclass(frozen=True, slots=True)
class Services:
    """One of each in the signalling process, shared by all calls."""

    sip: SipPort
    media: MediaClient
    spares: SpareSessions
    sounds: Sounds
    recordings: Recordings
    registrar: Registrar
    trunks: Trunks
    show: Callable[[str, DialogState], None]
    """Shows a dialog of the person with this AOR on the lamps of those who watch."""
    talking: Callable[[VoiceLeg, VoiceLeg], None]
    """Takes note of a caller and who talks to them, as what was agreed with their phones stands now."""
    legs: Legs
    tasks: Tasks
    emit: EventSink
    clock: Clock
    token: Callable[[], str]
    rtp_timeout: float
    """Seconds without audio after which a phone is asked whether it is there; 0 is never."""
    sdp_address: str
    """The one that SDP names; another one behind NAT."""
