"""What the call flow needs for voicemail."""

from dataclasses import dataclass

from routing.pins import Pins
from routing.voicemail.postbox import Postbox


@dataclass(frozen=True, slots=True)
class Voicemail:
    """A company's boxes and what opens them."""

    postbox: Postbox
    pins: Pins
