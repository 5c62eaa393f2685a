"""The figures to reach, and those of the peers: benchmarks/targets.toml."""

from pathlib import Path
from typing import Literal

import msgspec

TARGETS = Path(__file__).parent / "targets.toml"


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one row is to reach."""

    row: str
    work: str
    unit: str
    reach: float
    asterisk: str = ""
    kamailio: str = ""
    better: Literal["less", "more"] = "less"
    runs: int = 99
    """How often it is measured at the most: a long one less often."""
    later: str = ""
    """Why the row is not measured yet."""

    def reached(self, value: float) -> bool:
        """Whether a measured value is good enough."""
        return value <= self.reach if self.better == "less" else value >= self.reach


class Targets(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, in the order in which they are told."""

    peers: str
    """How the peers were measured."""
    targets: tuple[Target, ...]

    def by_row(self) -> dict[str, Target]:
        return {target.row: target for target in self.targets}


def load_targets(file: Path = TARGETS) -> Targets:
    return msgspec.toml.decode(file.read_bytes(), type=Targets)
