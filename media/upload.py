"""The upload worker: a sound file from anybody to a clean WAV. Runs as a process of its own, once for each file.

It reads one `UploadOrder` as JSON from stdin and writes JSON lines to stdout: `{"progress": 0.4}` again and again, at
last `{"sound": Sound}` or `{"error": why}`. A hostile file costs at most this process: its memory, its time on the
processor and what it may write are limited by the kernel.
"""

import os
import resource
import sys
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import msgspec
from av.container import InputContainer

from media.file_kind import EXPECTED, no_sound_in
from media.filter_chain import Filter, FilterChain
from media.loudness import SILENT_LUFS, Loudness, leveller, meter
from media.riff import promised_seconds
from media.sound_file import Unreadable, opened
from media.upload_order import OUT_OF_MEMORY, Progress, Sound, UploadOrder, plain_of

RATE = 16_000
"""Samples a second of what is written: what G.722 carries, and twice what G.711 does."""
SHORTEST_SECONDS = 0.5
_LENGTH_GRACE = 0.5
"""Seconds by which a sound may be longer: encoders fill the last block up."""
_SILENCE_BELOW = 26.0
"""Decibels below the loudness of the whole from which sound at the ends counts as silence."""
_KEPT_SILENCE = 0.1
"""Seconds of silence left at both ends."""
_MOST_DAMAGED = 0.05
"""Share of a file's packets that may be damaged; who copies old files has a click here and there."""
_SAYS_ITS_LENGTH = frozenset({"wav", "w64", "aiff", "caf", "flac", "mov"})
"""Formats whose header says exactly how long the sound is; the others' lengths are estimates."""


_ENCRYPTED = "it is encrypted, protected by its shop; only who bought it can play it"


class _Pcm:
    """A WAV file as it is written."""

    def __init__(self, path: Path) -> None:
        self._file = wave.open(str(path), "wb")  # noqa: SIM115  closed by `close`
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)
        self.samples = 0

    def write(self, frame: av.AudioFrame) -> None:
        self._file.writeframesraw(bytes(frame.planes[0])[: frame.samples * 2])
        self.samples += frame.samples

    def close(self) -> float:
        """Seconds written."""
        self._file.close()
        return self.samples / RATE


def prepare(order: UploadOrder, progress: Callable[[float], None] = lambda done: None) -> Sound:
    """Read the file, write the target; `progress` is called with what is done, 0 to 1. Raises Unreadable."""
    source, target = Path(order.source), Path(order.target)
    plain = plain_of(target)
    try:
        if why := no_sound_in(source):
            raise Unreadable(f"{why}; {EXPECTED}")
        with opened(source) as container:
            written = _format(container)
            _decode(container, plain, order.longest_seconds, promised_seconds(source), progress)
        seconds = _finish(plain, target, order)
        progress(1.0)
        return Sound(seconds, written)
    except av.FFmpegError as error:
        raise Unreadable(f"it cannot be read ({error.strerror or error}); {EXPECTED}") from error
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error
    finally:
        plain.unlink(missing_ok=True)


def _format(container: InputContainer) -> str:
    stream = container.streams.audio[0]
    # COMPAT(iTunes): sound protected by its shop has this sample entry.
    if stream.codec_context.codec_tag == "drms":
        raise Unreadable(_ENCRYPTED)
    name = container.format.name.partition(",")[0]
    return f"{name} {stream.codec_context.name}, {stream.rate} Hz, {stream.layout.name}"


def _decode(
    container: InputContainer, plain: Path, longest: float, promised: float, progress: Callable[[float], None]
) -> None:
    """The sound as it is, mono, to `plain`."""
    output = _Pcm(plain)
    try:
        for ready in _mono(_frames(container, progress)):
            output.write(ready)
            if output.samples > (longest + _LENGTH_GRACE) * RATE:
                raise Unreadable(f"it is longer than {longest:g} seconds, the longest that is allowed")
    finally:
        seconds = output.close()
    _check_length(container, seconds, promised)


def _mono(frames: Iterator[av.AudioFrame]) -> Iterator[av.AudioFrame]:
    """What is put together of several files changes in the midst: from mono to stereo, or to another rate."""
    chain: FilterChain | None = None
    for frame in frames:
        if chain is not None and not chain.takes(frame):
            yield from chain.send(None)
            chain = None
        chain = chain or FilterChain(frame, [("aresample", str(RATE))], RATE)
        yield from chain.send(frame)
    if chain is not None:
        yield from chain.send(None)


def _frames(container: InputContainer, progress: Callable[[float], None]) -> Iterator[av.AudioFrame]:
    """Decoded frames; packets that are damaged are passed over, unless they are too many."""
    stream = container.streams.audio[0]
    size = container.size or 1
    packets = damaged = 0
    told = 0.0
    for packet in container.demux(stream):
        packets += 1
        # As ISO/IEC 23001-7 says; to a decoder it is noise, of which now and then something can be decoded.
        if packet.has_sidedata("encryption_info"):
            raise Unreadable(_ENCRYPTED)
        try:
            yield from packet.decode()
        except (av.error.InvalidDataError, av.error.PermissionError):
            damaged += 1
        if packet.pos is not None and (done := packet.pos / size) > told + 0.01:
            told = done
            progress(min(0.8, 0.8 * done))
    if damaged > max(1, packets * _MOST_DAMAGED):
        raise Unreadable(f"it is damaged: {damaged} of its {packets} parts cannot be read")


def _check_length(container: InputContainer, seconds: float, promised: float) -> None:
    if not _SAYS_ITS_LENGTH.isdisjoint(container.format.name.split(",")) and container.duration:
        promised = max(promised, container.duration / av.time_base)
    if promised > seconds * 1.1 + 1.0:
        raise Unreadable(f"it is cut short or damaged: it promises {promised:.0f} seconds and holds {seconds:.0f}")
    if seconds < SHORTEST_SECONDS:
        raise Unreadable(f"it is shorter than {SHORTEST_SECONDS:g} seconds")


def _finish(plain: Path, target: Path, order: UploadOrder) -> float:
    """Trim and level `plain` into `target`; returns its seconds."""
    loudness, trimming = _loudness(plain, []), list[Filter]()
    if loudness.lufs <= SILENT_LUFS:
        raise Unreadable("there is only silence in it")
    if order.trim:
        threshold = f"{loudness.lufs - _SILENCE_BELOW:.1f}dB"
        cut = ("silenceremove", f"start_periods=1:start_threshold={threshold}:start_silence={_KEPT_SILENCE}")
        trimming = [cut, ("areverse", ""), cut, ("areverse", "")]
        loudness = _loudness(plain, trimming)
    output = _Pcm(target)
    try:
        for frame in _filtered(plain, [*trimming, leveller(loudness, order.loudness)]):
            output.write(frame)
    finally:
        seconds = output.close()
    return seconds


def _loudness(plain: Path, filters: list[Filter]) -> Loudness:
    """How loud it is behind these filters."""
    loudness = Loudness()
    for frame in _filtered(plain, [*filters, *meter()]):
        loudness.note(frame.metadata)
    return loudness


def _filtered(plain: Path, filters: list[Filter]) -> Iterator[av.AudioFrame]:
    with opened(plain) as container:
        chain: FilterChain | None = None
        for frame in container.decode(container.streams.audio[0]):
            chain = chain or FilterChain(frame, filters, RATE)
            yield from chain.send(frame)
        if chain is not None:
            yield from chain.send(None)


def _tell(line: Progress) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(line) + b"\n")
    sys.stdout.buffer.flush()


def _limit_resources(order: UploadOrder) -> None:
    # Calls in progress come first.
    os.nice(5)
    written = int(order.longest_seconds * RATE * 2 * 1.5) + (1 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (order.memory_bytes, order.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (order.cpu_seconds, order.cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, written))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """The process's entry."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=UploadOrder)
    _limit_resources(order)
    av.logging.set_level(av.logging.PANIC)
    try:
        _tell(Progress(sound=prepare(order, lambda done: _tell(Progress(progress=done)))))
    except Unreadable as error:
        _tell(Progress(error=str(error)))
    except MemoryError:
        # To say so would take memory.
        os._exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    main()
