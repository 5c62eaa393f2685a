"""All that the status interface is made of, to be handed to the application."""

from collections.abc import Callable
from dataclasses import dataclass

from web.backend import AccessLog
from web.deliveries import Couriers
from web.open_streams import OpenStreams
from web.state_boards import StateBoards
from web.when_free import FreeDesk


@dataclass(frozen=True, slots=True)
class StatusInterface:
    """People's states, who follows them, and the record of who asked."""

    boards: StateBoards
    couriers: Couriers
    free: FreeDesk
    streams: OpenStreams
    log: AccessLog
    url_fault: Callable[[str], str]
    """What the URL of a webhook should be instead; empty where nothing is wrong with it."""
    clock: Callable[[], float]
    """UTC epoch seconds."""
