"""Tells the service manager that started the server how it is, by the protocol of sd_notify(3)."""

import logging
import os
import socket

logger = logging.getLogger(__name__)

VARIABLE = "NOTIFY_SOCKET"
"""Names the manager's Unix datagram socket, which is in the abstract namespace where it begins with @."""


class ServiceManager:
    """Who waits to hear that the server is ready; without one nothing is told.

    The variable is taken out of the environment, since what is said there is the supervisor's alone to say.
    """

    def __init__(self) -> None:
        self._address = os.environ.pop(VARIABLE, "")

    def ready(self, status: str) -> None:
        """Phones and callers are served; `status` is for people."""
        self._tell(f"READY=1\nSTATUS={status}")

    def status(self, status: str) -> None:
        """It is served as `status` says from now on."""
        self._tell(f"STATUS={status}")

    def stopping(self) -> None:
        """No new calls are taken, those in progress end."""
        self._tell("STOPPING=1\nSTATUS=calls in progress end")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as manager:
                manager.connect(address)
                manager.sendall(state.encode())
        except OSError as error:
            logger.warning("the service manager at %s cannot be told: %s", self._address, error)
