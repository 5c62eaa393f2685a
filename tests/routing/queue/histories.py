"""Random histories of a queue: lists of what happens, with delays that often are none, so that things cross."""

import os

from hypothesis import strategies as st

HISTORIES = int(os.environ.get("LAMPFIELD_HISTORIES", "2000"))
"""How many random histories a property is tried on; more with the environment variable."""

delays = st.sampled_from([0.0, 0.0, 0.0, 1.0, 3.0, 5.0, 10.0, 30.0])
"""Seconds before something happens."""
