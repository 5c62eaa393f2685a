"""The engine's process shows that packets are worked on, and not only that it is there."""

import os
import signal
import socket
import threading
from pathlib import Path

from media._engine import Engine
from tests.media.running_engine import RunningEngine, port_range
from tests.support.until import until


def test_signs_of_life_stop_with_the_process_and_come_again_with_it(tmp_path: Path) -> None:
    read, write = os.pipe()
    with open(read, "rb") as life:
        engine = RunningEngine(tmp_path, f"--ready-fd={write}", keep=[write])
        os.close(write)
        assert life.read(3) == b"111"
        engine.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, engine.process.pid, os.WSTOPPED)
        os.set_blocking(read, False)
        life.read()
        assert not life.read(), "a sign of one who stands still"
        engine.process.send_signal(signal.SIGCONT)
        os.set_blocking(read, True)
        assert life.read(1) == b"1"
        assert engine.stop() == 0


def test_a_packet_loop_that_does_not_turn_is_not_alive(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "control"))
        listener.listen()
        engine = Engine(listener.fileno(), *port_range())
        assert not engine.lives()
        assert not engine.lives(), "nothing turns yet"
        turning = threading.Thread(target=engine.run)
        turning.start()
        until(engine.lives, "the loop has come round")
        until(engine.lives, "and again")
        engine.stop()
        turning.join()
        engine.lives()
        assert not engine.lives(), "it has ended"
