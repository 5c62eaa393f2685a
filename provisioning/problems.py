"""Everything that is wrong with a file, gathered so that a person can mend it in one go."""

import difflib
import json
import re
from collections.abc import Iterable

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


class Problems:
    """A list of sentences, each naming the key, the value and what was expected."""

    def __init__(self) -> None:
        self.sentences: list[str] = []
        self.warnings: list[str] = []
        """What may be used as it is, and is probably not meant so; they do not count as problems."""

    def __bool__(self) -> bool:
        return bool(self.sentences)

    def add(self, key: str, value: object, expected: str) -> None:
        """`queues.sales.ring_seconds = 5: must be between 15 and 40 seconds`."""
        self.sentences.append(f"{key} = {written(value)}: must be {expected}")

    def add_secret(self, key: str, expected: str) -> None:
        """As `add`, for a value that nobody shall read over a shoulder."""
        self.sentences.append(f"{key}: must be {expected}")

    def warn(self, sentence: str) -> None:
        self.warnings.append(sentence)

    def missing(self, key: str, expected: str) -> None:
        self.sentences.append(f"{key}: missing, must be {expected}")

    def unknown(self, key: str, siblings: Iterable[str]) -> None:
        """A key nobody reads; `siblings` are the keys that may stand there."""
        known = list(siblings)
        prefix, _, last = key.rpartition(".")
        near = nearest(last, known)
        if near is not None:
            hint = f"did you mean {prefix + '.' if prefix else ''}{near}?"
        else:
            hint = f"known here are {', '.join(sorted(known))}" if known else "nothing may stand here"
        self.sentences.append(f"{key}: unknown key, {hint}")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant, None when none is close."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return matches[0] if matches else None


def joined(prefix: str, key: str) -> str:
    """A dotted TOML key, the last part quoted where TOML asks for it."""
    part = key if _BARE_KEY.fullmatch(key) else _quoted(key)
    return f"{prefix}.{part}" if prefix else part


def written(value: object) -> str:
    """A value as it would stand in the file, shortened where it is long."""
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            text = _quoted(value)
        case float() if value.is_integer():
            text = str(int(value))
        case list() | tuple():
            text = f"[{', '.join(written(item) for item in value)}]"
        case dict():
            text = "{" + ", ".join(f"{joined('', str(key))} = {written(item)}" for key, item in value.items()) + "}"
        case _:
            text = str(value)
    return text if len(text) <= 200 else f"{text[:196]} ..."


def _quoted(text: str) -> str:
    """In quotes on one line: what breaks a line or cannot be seen is escaped as TOML does."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in quoted)
