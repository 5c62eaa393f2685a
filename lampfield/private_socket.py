"""Unix sockets between the processes of a server, which nobody else may open."""

import os
import socket
from pathlib import Path


def private_socket(path: Path) -> socket.socket:
    """A socket bound to `path`, in the place of what was there, that only this user may open. Raises OSError."""
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        bound.bind(str(path))
    except OSError:
        bound.close()
        raise
    finally:
        os.umask(before)
    return bound
