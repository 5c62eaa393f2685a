"""A row of FFmpeg's audio filters that frames are sent through."""

import fractions
from collections.abc import Iterator, Sequence

import av
from av.filter import Graph

Filter = tuple[str, str]
"""Name and arguments, as FFmpeg's documentation has them."""


class FilterChain:
    """Takes frames of one sample rate, format and layout; what comes out is mono, 16 bit, at `rate`.

    Raises av.FFmpegError where a frame is not like the first: `takes` tells.
    """

    def __init__(self, first: av.AudioFrame, filters: Sequence[Filter], rate: int) -> None:
        graph = Graph()
        self._source = graph.add_abuffer(
            sample_rate=first.sample_rate,
            format=first.format.name,
            layout=first.layout.name,
            time_base=fractions.Fraction(1, first.sample_rate),
        )
        end = self._source
        for name, arguments in (*filters, ("aformat", f"sample_fmts=s16:channel_layouts=mono:sample_rates={rate}")):
            following = graph.add(name, arguments)
            end.link_to(following)
            end = following
        self._sink = graph.add("abuffersink")
        end.link_to(self._sink)
        graph.configure()
        self._graph = graph
        self._samples = 0
        self._kind = _kind(first)

    def takes(self, frame: av.AudioFrame) -> bool:
        """Whether the frame is like the first."""
        return _kind(frame) == self._kind

    def send(self, frame: av.AudioFrame | None) -> Iterator[av.AudioFrame]:
        """What comes out for a frame, or for None at the end."""
        if frame is not None:
            # Files lie about time as well, or have gaps: sound is what follows sound.
            frame.pts = self._samples
            frame.time_base = fractions.Fraction(1, frame.sample_rate)
            self._samples += frame.samples
        self._source.push(frame)
        while True:
            try:
                ready = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            assert isinstance(ready, av.AudioFrame)
            yield ready


def _kind(frame: av.AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.format.name, frame.layout.name
