"""The transcoding worker: audio files of any kind to ready RTP frames. Runs as a process of its own.

A damaged or hostile file can cost at most this process: its memory and the size of its output are limited, and
`ClipStore` ends it when it takes too long. It reads requests `{"source", "targets": {codec: path}}` as JSON lines
from stdin and answers each with `{}` or `{"error": why}` on stdout.
"""

import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.fifo import AudioFifo
from av.audio.resampler import AudioResampler

from media.file_kind import EXPECTED
from media.sound_file import Unreadable, opened

_ENCODERS = {"PCMA": ("pcm_alaw", 8000), "PCMU": ("pcm_mulaw", 8000), "G722": ("g722", 16000)}
_FRAME_SIZE = 160
"""Bytes of 20 ms in each of the three codecs."""
_MEMORY_LIMIT = 1 << 30
_OUTPUT_LIMIT = 128 << 20
_LONGEST_SECONDS = 3600


class _Target:
    """One codec's output file, encoded as the sound comes in."""

    def __init__(self, codec: str, path: Path) -> None:
        encoder, rate = _ENCODERS[codec]
        self._resampler = AudioResampler(format="s16", layout="mono", rate=rate)
        self._fifo = AudioFifo()
        self._samples = rate // 50
        self._encoder = cast(AudioCodecContext, AudioCodecContext.create(encoder, "w"))
        self._encoder.sample_rate = rate
        self._encoder.format = "s16"
        self._encoder.layout = "mono"
        self._file: IO[bytes] = path.open("wb")

    def add(self, frame: av.AudioFrame | None) -> None:
        """Take a decoded frame, or None at the end."""
        for resampled in self._resampler.resample(frame):
            resampled.pts = None
            self._fifo.write(resampled)
        while ready := self._fifo.read(self._samples):
            self._encode(ready)

    def finish(self) -> int:
        """Fill the last frame up with silence and close; returns the number of frames written."""
        self.add(None)
        if rest := self._fifo.read(partial=True):
            self._encode(_filled_up(rest, self._samples))
        self._encode(None)
        frames = self._file.tell() // _FRAME_SIZE
        self._file.close()
        return frames

    def _encode(self, frame: av.AudioFrame | None) -> None:
        if frame:
            frame.pts = None
        for packet in self._encoder.encode(frame):
            self._file.write(bytes(packet))


def _filled_up(frame: av.AudioFrame, samples: int) -> av.AudioFrame:
    whole = av.AudioFrame(format="s16", layout="mono", samples=samples)
    whole.sample_rate = frame.sample_rate
    sound = bytes(frame.planes[0])[: frame.samples * 2]
    whole.planes[0].update(sound.ljust(whole.planes[0].buffer_size, b"\0"))
    return whole


def _sound(source: Path) -> Iterator[av.AudioFrame]:
    with opened(source) as container:
        # Of frames without a named channel layout, as plain WAV files give them, a second resampler would take none.
        mono = AudioResampler(layout="mono")
        for frame in container.decode(container.streams.audio[0]):
            if frame.time and frame.time > _LONGEST_SECONDS:
                raise Unreadable(f"longer than {_LONGEST_SECONDS // 60} minutes")
            yield from mono.resample(frame)
        yield from mono.resample(None)


def transcode(source: Path, targets: dict[str, Path]) -> None:
    """Write the sound of a file as 20 ms frames of each codec, as loud as it is. Raises Unreadable."""
    outputs = [_Target(codec, path) for codec, path in targets.items()]
    try:
        for frame in _sound(source):
            for output in outputs:
                output.add(frame)
        frames = [output.finish() for output in outputs]
        if 0 in frames:
            raise Unreadable("there is no sound in it")
    except av.FFmpegError as error:
        reason = error.strerror or str(error)
        away = isinstance(error, OSError)
        raise Unreadable(reason if away else f"it cannot be read ({reason}); {EXPECTED}") from error
    except (OSError, MemoryError) as error:
        raise Unreadable(str(error) or "it needs too much memory") from error


def _limit_resources() -> None:
    # Calls in progress come first.
    os.nice(5)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT, _MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_OUTPUT_LIMIT, _OUTPUT_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    _limit_resources()
    av.logging.set_level(av.logging.PANIC)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        try:
            transcode(Path(request["source"]), {codec: Path(path) for codec, path in request["targets"].items()})
        except Unreadable as error:
            answer["error"] = str(error)
        try:
            print(json.dumps(answer), flush=True)
        except BrokenPipeError:
            # Whoever asked was killed. The interpreter would complain of its own flush at exit.
            os._exit(0)


if __name__ == "__main__":
    main()
