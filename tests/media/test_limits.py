"""Limits: ports, bad commands, and nothing left behind."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from media.client import MediaError
from media.process import port_range
from tests.media.phone import Phone
from tests.media.running_engine import RunningEngine, clip, connected, real_time, until
from tests.media.running_engine import port_range as free_ports


def _open_files(engine: RunningEngine) -> int:
    return len(list(Path(f"/proc/{engine.process.pid}/fd").iterdir()))


def _resident_kib(engine: RunningEngine) -> int:
    fields = Path(f"/proc/{engine.process.pid}/status").read_text().split()
    return int(fields[fields.index("VmRSS:") + 1])


@real_time
async def test_two_thousand_sessions_leave_nothing_behind(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    music = clip(tmp_path, "M", 5)

    async def live(name: str, phone: Phone) -> None:
        await controller.call(name, phone)
        client.play(name, [music], layer="music", loop=True)
        client.send_dtmf(name, "123")
        await client.close(name)

    assert await client.sessions() == []
    files = _open_files(engine)
    with Phone() as phone:
        for index in range(200):
            await live(f"w{index}", phone)
        memory = _resident_kib(engine)
        for index in range(0, 2000, 50):
            await asyncio.gather(*(live(f"s{index + i}", phone) for i in range(50)))
    assert await client.sessions() == []

    async def closed() -> bool:
        await asyncio.sleep(0.1)
        return _open_files(engine) <= files

    await until(closed, within=30)
    assert _resident_kib(engine) - memory < 1024
    await client.disconnect()


@real_time
async def test_used_up_ports_are_a_clear_error_and_come_back(tmp_path: Path) -> None:
    first, _ = free_ports()
    engine = RunningEngine(tmp_path, ports=(first, first + 7))
    controller = await connected(engine)
    client = controller.client
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as squatter:
        squatter.bind(("127.0.0.1", first + 3))
        ports = [await client.open(f"s{index}", "127.0.0.1") for index in range(3)]
        assert sorted(ports) == [first, first + 4, first + 6]
        with pytest.raises(MediaError, match=r"s3: .*RTP ports"):
            await client.open("s3", "127.0.0.1")
    assert await client.open("s3", "127.0.0.1") == first + 2
    with pytest.raises(MediaError, match="all RTP ports are in use"):
        await client.open("s4", "127.0.0.1")
    await client.close("s0")
    await client.open("s4", "127.0.0.1")
    await client.disconnect()
    assert engine.stop() == 0


@real_time
async def test_ports_rest_as_long_as_there_are_others(engine: RunningEngine) -> None:
    controller = await connected(engine)
    client = controller.client
    seen = set()
    for index in range(100):
        seen.add(await client.open(f"s{index}", "127.0.0.1"))
        await client.close(f"s{index}")
    assert len(seen) == 100
    await client.disconnect()


@real_time
async def test_a_dropped_session_is_closed_though_nothing_else_is_commanded(engine: RunningEngine) -> None:
    client = (await connected(engine)).client
    await client.open("a", "127.0.0.1")
    files = _open_files(engine)
    client.drop("a")

    async def closed() -> bool:
        await asyncio.sleep(0)
        return _open_files(engine) < files

    await until(closed)
    await client.disconnect()


@real_time
async def test_a_dropped_session_gives_its_port_to_the_next(tmp_path: Path) -> None:
    first, _ = free_ports()
    engine = RunningEngine(tmp_path, ports=(first, first + 1))
    client = (await connected(engine)).client
    assert await client.open("a", "127.0.0.1") == first
    client.drop("a")
    assert await client.open("b", "127.0.0.1") == first
    await client.disconnect()
    assert engine.stop() == 0


BAD = [
    ("x", "expected: verb session key=value ..."),
    ("dance a", "no such verb"),
    ("close nobody", "no such session"),
    ("close " + "n" * 64, "1 to 63"),
    ("close a b", "expected key=value"),
    ("close a =b", "expected key=value"),
    ("close a k=1 k=2", "given twice"),
    ("close a " + " ".join(f"k{i}=1" for i in range(17)), "more than 16"),
    ("open a address=127.0.0.1", "open already"),
    ("open b", "address is missing"),
    ("open b address=localhost", "IP literal"),
    ("open b address=127.0.0.1 timeout=x", "0 to 86400"),
    ("open b address=%zz", "percent-encoded"),
    ("open b address=127.0.0.1 lable=x", "lable is not known here"),
    ("open b address=192.0.2.1", "Cannot assign requested address"),
    ("configure a payload=8", "needed"),
    ("configure a codec=GSM payload=3", "codec=GSM is not known"),
    ("configure a codec=PCMA payload=128", "0 to 127"),
    ("configure a codec=PCMA payload=8 dtmf=8", "must differ"),
    ("configure a codec=PCMA payload=8 dtmf=101 own_dtmf=8", "must differ"),
    ("configure a codec=PCMA payload=8 own_dtmf=128", "0 to 127"),
    ("configure a codec=PCMA payload=8 remote=127.0.0.1", "remote must be like"),
    ("configure a codec=PCMA payload=8 remote=127.0.0.1:0", "remote must be like"),
    ("configure a codec=PCMA payload=8 remote=[::1]:5", "another IP version"),
    ("configure a codec=PCMA payload=8 direction=up", "direction=up is not known"),
    ("play a clips=x.pcma", "layer is missing"),
    ("play a layer=music", "clips is missing"),
    ("play a layer=music clips=", "clips is empty"),
    ("play a layer=music clips=%00", "percent-encoded"),
    ("play a layer=music clips=/dev/null.pcma", "No such file"),
    ("play a layer=music loop=2 clips=x.pcma", "0 to 1"),
    ("bridge a with=a", "with itself"),
    ("bridge a with=nobody", "no open session"),
    ("bridge a with=c", "configured first"),
    ("dtmf a digits=1", "configured first"),
    ("dtmf a digits=1 duration_ms=39", "40 to 5000"),
    ("stop a layer=drums", "layer=drums is not known"),
    ("stop_record a", "not being recorded"),
    ("record a path=/tmp/x", "configured first"),
    ("close a\0", "zero byte"),
    ("play a clips=" + "x" * 40000, "above 32768"),
]


@real_time
async def test_every_bad_command_is_answered_with_what_is_wrong(engine: RunningEngine) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, str(engine.control))

        async def ask(packet: bytes) -> list[str]:
            await loop.sock_sendall(connection, packet)
            return (await asyncio.wait_for(loop.sock_recv(connection, 65536), 5)).decode().splitlines()

        (opened, _) = await ask(b"open a address=127.0.0.1 id=1\nopen c address=127.0.0.1 id=2\n")
        assert opened.startswith("ok a id=1 port=")
        for line, why in BAD:
            (answer,) = await ask(line.encode())
            assert answer.startswith("error "), line[:60]
            assert why in unquote(answer), (line[:60], answer)
        # Many in one packet are answered in one, in order; only those with an id when all is well.
        answers = await ask(b"nonsense\n\nclose c\nstatus - id=9\nclose a id=3\n")
        assert [answer.split(" ")[0] for answer in answers] == ["error", "ok", "ok"]
        assert answers[1].startswith("ok - id=9 sessions=1 ")


@pytest.mark.parametrize("text", ["", "1", "5-4", "0-10", "1-70000", "a-b"])
def test_a_bad_port_range_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="must be a range like 20000-29999"):
        port_range(text)


def test_a_control_socket_in_use_is_refused(engine: RunningEngine) -> None:
    command = [sys.executable, "-m", "media.process", f"--control={engine.control}", "--ports=30000-30001"]
    second = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert second.returncode == 1
    assert f"another Lampfield uses this state directory, its media engine listens on {engine.control}" in second.stderr


def test_a_control_socket_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "media.process", f"--control={tmp_path}/none/control", "--ports=30000-30001"]
    engine = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    assert engine.returncode == 1
    assert f"{tmp_path}/none/control cannot be made: No such file or directory" in engine.stderr


def test_the_socket_is_its_owners_alone_and_goes_with_the_engine(engine: RunningEngine) -> None:
    assert engine.control.stat().st_mode & 0o777 == 0o600
    assert engine.stop() == 0
    assert not engine.control.exists()
