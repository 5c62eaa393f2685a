"""A certificate for loopback that signs itself."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.support.ports import LOOPBACK


class Certificate(NamedTuple):
    """Files in PEM; who is to trust it is given the first."""

    certificate: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Valid for a day."""
    made = Certificate(folder / "api.pem", folder / "api.key")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    name = ["-subj", "/CN=lampfield", "-addext", f"subjectAltName=IP:{LOOPBACK}"]
    files = ["-out", str(made.certificate), "-keyout", str(made.key)]
    subprocess.run(["openssl", "req", "-x509", *curve, "-days", "1", *name, *files], check=True, capture_output=True)
    return made
