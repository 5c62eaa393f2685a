"""The media process: `python -m media.process --control PATH --ports 20000-29999`. Stops cleanly on SIGTERM."""

import argparse
import contextlib
import logging
import os
import resource
import signal
import socket
import sys
import threading
from pathlib import Path

from media._engine import Engine

_logger = logging.getLogger(__name__)

_STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}
_BEAT_SECONDS = 1.0
"""Between two signs of life."""


def port_range(text: str) -> tuple[int, int]:
    """Read `20000-29999`. Raises ValueError saying what was expected."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal()) or not 1 <= int(first) < int(last) <= 65535:
        raise ValueError(f"ports = {text}: must be a range like 20000-29999 within 1 to 65535")
    return int(first), int(last)


def listen(path: Path) -> socket.socket:
    """Bind the control socket, for its owner only. A socket that a dead process left is replaced.

    Raises FileExistsError where another engine listens there, OSError where it cannot be bound.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with contextlib.suppress(FileNotFoundError):
        if path.is_socket():
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
                try:
                    probe.connect(str(path))
                except ConnectionRefusedError:
                    path.unlink()
                else:
                    raise FileExistsError(
                        f"another Lampfield uses this state directory, its media engine listens on {path}"
                    )
    mask = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError as error:
        listener.close()
        raise OSError(f"{path} cannot be made: {error.strerror or error}") from error
    finally:
        os.umask(mask)
    listener.listen(8)
    return listener


def _allow_many_sockets() -> None:
    """Two sockets for each session: take as many as the system lets us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _ask_for_priority() -> None:
    """Let this thread run before all others that are ready: audio is due to the millisecond, and its work is short.

    Without the right to it (CAP_SYS_NICE, or RLIMIT_RTPRIO) it runs like any other.
    """
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_min(os.SCHED_RR)))


def show_life(descriptor: int) -> None:
    """Write one byte for who waits at the other end of the pipe, which does not block; there may be nobody any more."""
    with contextlib.suppress(BlockingIOError, BrokenPipeError):
        os.write(descriptor, b"1")


def run(engine: Engine, life: int | None = None) -> None:
    """Run the engine in a thread of its own until a stop signal comes, which must be blocked.

    The pipe `life` gets a byte now and then as long as packets are worked on.
    """

    def work() -> None:
        _ask_for_priority()
        engine.run()

    thread = threading.Thread(target=work, name="packets")
    thread.start()
    while signal.sigtimedwait(_STOP_SIGNALS, _BEAT_SECONDS) is None:
        if engine.lives() and life is not None:
            show_life(life)
    engine.stop()
    thread.join()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m media.process", description="Run the RTP engine.")
    parser.add_argument("--control", type=Path, required=True, help="path of the Unix socket to be controlled through")
    parser.add_argument("--ports", required=True, help="range of RTP and RTCP ports, for example 20000-29999")
    parser.add_argument(
        "--orphan-seconds", type=int, default=60, help="how long a session without RTP outlives its controller"
    )
    parser.add_argument(
        "--ready-fd", type=int, help="a pipe to write a byte to when commands are taken, and at each sign of life"
    )
    parser.add_argument("--no-io-uring", action="store_true", help="send each packet with a system call of its own")
    options = parser.parse_args(arguments)
    # Blocked in this and all threads to come: only sigwait takes them.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        first, last = port_range(options.ports)
        _allow_many_sockets()
        with listen(options.control) as listener:
            engine = Engine(
                listener.fileno(),
                first,
                last,
                orphan_seconds=options.orphan_seconds,
                batched=not options.no_io_uring,
            )
            _logger.info("media engine: ports %d-%d, control %s", first, last, options.control)
            if options.ready_fd is not None:
                os.set_blocking(options.ready_fd, False)
                show_life(options.ready_fd)
            run(engine, options.ready_fd)
            options.control.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        print(f"media engine: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
