"""Files that a power cut leaves whole: as they were before, or as they were to be."""

import os
from collections.abc import Mapping
from pathlib import Path


def put_in_place(finished: Mapping[Path, Path]) -> None:
    """Give finished files the names they map to, in place of what had them; on disk when this returns. Raises OSError.

    None has its new name before all are on disk: a name that leads to half a file would be taken for the whole one.
    """
    for part in finished:
        with part.open("rb") as file:
            os.fsync(file.fileno())
    for part, path in finished.items():
        part.replace(path)
    for folder in {path.parent for path in finished.values()}:
        sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Put the names of new files on disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
