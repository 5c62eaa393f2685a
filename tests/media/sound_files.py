"""Sound files as people have them, made by FFmpeg's encoders."""

import fractions
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from media.filter_chain import FilterChain
from media.loudness import Loudness, meter
from media.prompts.sound import RATE, Samples

ENCODERS: Mapping[str, tuple[str, str]] = {
    "mp3": ("mp3", "libmp3lame"),
    "wav": ("wav", "pcm_s16le"),
    "wma": ("asf", "wmav2"),
    "m4a": ("mp4", "aac"),
    "ogg": ("ogg", "libopus"),
    "flac": ("flac", "flac"),
    "alac.m4a": ("mp4", "alac"),
    "alaw.wav": ("wav", "pcm_alaw"),
    "24-bit.wav": ("wav", "pcm_s24le"),
    "aiff": ("aiff", "pcm_s16be"),
    "amr": ("amr", "libopencore_amrnb"),
    "mka": ("matroska", "mp2"),
    "avi": ("avi", "ac3"),
    "aac": ("adts", "aac"),
}
"""Container and encoder by what the name ends in."""
RATES: Mapping[str, tuple[int, ...]] = {
    "ogg": (8000, 16000, 48000),
    "amr": (8000,),
    "mka": (16000, 44100, 48000),
    "avi": (44100, 48000),
}
"""Where a format cannot do all of `ALL_RATES`."""
ALL_RATES = (8000, 16000, 44100, 48000)
MONO_ONLY = ("amr",)


def write(
    path: Path,
    samples: Samples,
    rate: int,
    *,
    ending: str = "",
    channels: int = 1,
    tags: Mapping[str, str] | None = None,
    cover: bool = False,
    options: Mapping[str, str] | None = None,
) -> Path:
    """A file of `samples` at `rate`, on every channel, in the format of its name or of `ending`."""
    container_format, encoder = ENCODERS[ending or path.name.partition(".")[2]]
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[channels]
    with av.open(str(path), "w", format=container_format, options=dict(options or {})) as container:
        container.metadata.update(tags or {})
        stream = cast(AudioStream, container.add_stream(encoder, rate=rate))
        stream.layout = layout
        if encoder in ("wmav2", "libopencore_amrnb"):
            stream.bit_rate = 12_200 if encoder != "wmav2" else 64_000
        picture = _add_cover(container) if cover else None
        if encoder.startswith("pcm"):
            stream.format = {"pcm_s24le": "s32"}.get(encoder, "s16")
        if picture is not None:
            container.mux(picture)
        fifo = av.AudioFifo()
        pcm = np.repeat(np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)[:, None], channels, axis=1)
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(format=stream.format, layout=layout, rate=rate)
        for resampled in resampler.resample(frame):
            resampled.pts = 0
            fifo.write(resampled)
        size = stream.codec_context.frame_size or rate // 10
        while part := fifo.read(size) or fifo.read(partial=True):
            part.time_base = fractions.Fraction(1, rate)
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def loudness(path: Path) -> float:
    """How loud a file is as a whole, LUFS (EBU R 128)."""
    measured, chain = Loudness(), None
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            chain = chain or FilterChain(frame, meter(), RATE)
            for ready in chain.send(frame):
                measured.note(ready.metadata)
    return measured.lufs


def _add_cover(container: OutputContainer) -> "av.Packet[VideoStream]":
    """A picture of the album, as MP3 and M4A files carry it."""
    stream = container.add_stream("mjpeg", rate=1)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuvj420p"
    stream.disposition = av.stream.Disposition.attached_pic
    image = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 128, dtype=np.uint8), format="rgb24")
    image = image.reformat(format="yuvj420p")
    packet, *_ = [*stream.encode(image), *stream.encode(None)]
    packet.stream = stream
    return packet
