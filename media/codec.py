"""The codecs that are spoken."""

from typing import Literal

Codec = Literal["PCMA", "PCMU", "G722"]
"""By their names in SDP (RFC 3551 §6). A 20 ms frame has 160 bytes in each of them."""
