"""Whose the files of the state directory are: root may type commands, while another user serves."""

import os
from pathlib import Path


def hand_over(*made: Path) -> None:
    """Give what root has made to the owner of the folder that it is in, who is the one to read it. Raises OSError."""
    if os.geteuid() != 0:
        return
    for path in made:
        folder = path.parent.stat()
        os.chown(path, folder.st_uid, folder.st_gid, follow_symlinks=False)
