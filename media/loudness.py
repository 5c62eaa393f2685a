"""Loudness after EBU R 128: measured over a whole sound, then set."""

import math
from collections.abc import Mapping

from media.filter_chain import Filter

SILENT_LUFS = -60.0
"""Whoever speaks is louder, over however bad a line."""
PEAK_DBTP = -2.0
"""The highest true peak: a-law and µ-law clip a little above it."""
_WIDEST_LU = 50.0
"""What loudnorm takes as range at most: it turns the whole up or down, and bends nothing but peaks."""


class Loudness:
    """What the meter said last, which is of everything that passed."""

    def __init__(self) -> None:
        self.lufs = -math.inf
        self.range_lu = 0.0
        self.peak_dbtp = -math.inf

    def note(self, metadata: Mapping[str, str]) -> None:
        """Take a frame's metadata, as `meter` leaves it."""
        if "lavfi.r128.I" not in metadata:
            return
        self.lufs = float(metadata["lavfi.r128.I"])
        self.range_lu = float(metadata["lavfi.r128.LRA"])
        peak = float(metadata["lavfi.r128.true_peak"])
        self.peak_dbtp = 20 * math.log10(peak) if peak > 0 else -math.inf


def meter() -> list[Filter]:
    """Filters that measure mono sound and let it pass."""
    return [("aformat", "channel_layouts=mono"), ("ebur128", "metadata=1:peak=true")]


def leveller(measured: Loudness, lufs: float) -> Filter:
    """The filter that brings a measured sound to a loudness."""
    return (
        "loudnorm",
        f"I={lufs}:TP={PEAK_DBTP}:LRA={_WIDEST_LU}:linear=true"
        f":measured_I={measured.lufs:.2f}:measured_TP={max(measured.peak_dbtp, -99.0):.2f}"
        f":measured_LRA={measured.range_lu:.2f}:measured_thresh={max(measured.lufs - 10.0, -99.0):.2f}",
    )
