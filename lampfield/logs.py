"""What is told on standard error: one line for each change that a person would tell of."""

import logging
import re
import sys
from collections.abc import Callable

from rich.console import Console
from rich.logging import RichHandler

PLAIN_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
"""What ends a line, and what a terminal obeys."""


class OneLine(logging.Formatter):
    """Keeps each message on one line: what a stranger has dialled is part of some, and shall not pass for others."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        record.message = _CONTROL.sub(lambda sign: sign[0].encode("unicode_escape").decode(), record.message)
        return super().formatMessage(record)


def start_logging(level: str, isatty: Callable[[], bool] = sys.stderr.isatty) -> None:
    """Log to standard error: coloured for a person at a terminal, plain lines for a log collector."""
    if isatty():
        handler: logging.Handler = RichHandler(console=Console(stderr=True), show_path=False, rich_tracebacks=False)
        handler.setFormatter(OneLine("%(message)s", datefmt="%H:%M:%S"))
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(OneLine(PLAIN_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    # Alembic tells of every look at the database; only what it complains of is of interest.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # They would tell every URL with its query, and at DEBUG each header: some have secrets in them.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
