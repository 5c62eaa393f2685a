"""What a stranger has sent as JSON."""

from typing import Final

import msgspec

NO_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What reading it raises: it is no JSON, or another than was expected; its text is no UTF-8; it is nested too deep."""
