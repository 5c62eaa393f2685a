"""A file of passwords, apart from company files, which never hold any."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from media.on_disk import put_in_place
from provisioning.kinds import password
from provisioning.problems import Problems
from provisioning.toml_table import read_toml


@dataclass(frozen=True, slots=True)
class PasswordFile:
    """TOML with a table `[passwords]`: the ids of people and what their phones log in with."""

    path: Path

    def read(self, problems: Problems) -> dict[str, str]:
        """Passwords by id of the person; what is wrong is noted."""
        table = read_toml(self.path, problems)
        part = table.table("passwords")
        passwords = {person: part.take(person, password()) for person in part}
        table.close()
        return passwords

    def read_if_there(self, problems: Problems) -> dict[str, str]:
        """As `read`; nothing where there is no such file."""
        return self.read(problems) if self.path.exists() else {}

    def write(self, passwords: Mapping[str, str]) -> None:
        """Put these in place of what the file held, for its owner alone. Raises OSError and changes nothing then."""
        new = self.path.with_name(f"{self.path.name}.new")
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as stream:
            os.fchmod(file, 0o600)
            stream.write(tomli_w.dumps({"passwords": dict(passwords)}).encode())
        put_in_place({new: self.path})
