"""Makes the packaged prompts from the text tables by espeak-ng: `python -m media.prompts.make [LANGUAGE|NAME ...]`.

Names, or their beginnings such as `recording/`, limit it to these. Needs espeak-ng and numpy. The same texts give the
same files.
"""

import io
import subprocess
import sys
import tomllib
import wave
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from media.prompts.library import HALF_DAYS, HIGHEST_CLIP, HIGHEST_POSITION, LANGUAGES, PACKAGED
from media.prompts.sound import Samples, equalised, normalised, resampled, trimmed, write_opus

SPEECH_DBFS = -20.0
"""Level of the words; ITU-T P.56 active speech in telephony lies between -26 and -18 dBov."""
BIT_RATE = 16_000
WORDS_A_MINUTE = 145
PITCH = 42

# The voice buzzes below its fundamental and hisses above the telephone band; speech needs neither.
_WARM = {
    0.0: -40.0,
    90.0: -12.0,
    160.0: 0.0,
    1800.0: 0.0,
    2600.0: 1.5,
    3400.0: -1.0,
    5000.0: -9.0,
    7000.0: -24.0,
    8000.0: -40.0,
}


def sentences(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each clip of a text table: its name and what is said. A comma at the end says that the sentence goes on."""
    yield from table["clips"].items()
    yield "position/many", table["position"]["many"]
    yield "position/number", table["position"]["number"]
    for number in range(HIGHEST_CLIP + 1):
        yield f"number/{number}", f"{_said(table, number)}."
    for number in range(1, HIGHEST_POSITION + 1):
        yield f"position/{number}", table["position"]["sentence"].format(number=_said(table, number))
    for hundreds in range(1, 10):
        yield f"number/{hundreds}00", f"{_said(table, hundreds * 100)}."
        yield f"hundreds/{hundreds}", table["hundreds"]["sentence"].format(number=_said(table, hundreds * 100)) + ","
    yield from _times(table, table["times"])
    yield from _dates(table["dates"])


def _said(table: dict[str, Any], number: int) -> str:
    return str(table["numbers"].get(str(number), number))


def _times(table: dict[str, Any], times: dict[str, Any]) -> Iterator[tuple[str, str]]:
    before_minutes = times.get("before_minutes", times["whole"])
    for hour, said in enumerate(times["whole"]):
        yield f"time/{hour}", f"{said.removesuffix('.')}."
    for hour, said in enumerate(before_minutes[:24]):
        yield f"hour/{hour}", f"{said},"
    for minute in range(1, 60):
        said = _said(table, minute)
        yield f"minute/{minute}", (times["below_ten"].format(number=said) if minute < 10 else said) + "."
    for name, said in zip(HALF_DAYS, times.get("half_days", ()), strict=False):
        yield name, said


def _dates(dates: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for day, ordinal in enumerate(dates["ordinals"], start=1):
        yield f"day/{day}", dates["day"].format(ordinal=ordinal) + ","
    for number, month in enumerate(dates["months"], start=1):
        yield f"month/{number}", f"{month}."
    for number, weekday in enumerate(dates["weekdays"], start=1):
        yield f"weekday/{number}", f"{weekday},"


def spoken(text: str, voice: str) -> Samples:
    """What espeak-ng says, shaped for the telephone. Raises CalledProcessError when it refuses."""
    command = ["espeak-ng", "--stdout", "-v", voice, "-s", str(WORDS_A_MINUTE), "-p", str(PITCH), "--", text]
    said = subprocess.run(command, check=True, capture_output=True, timeout=60)
    with wave.open(io.BytesIO(said.stdout)) as recording:
        rate = recording.getframerate()
        # To a pipe espeak-ng cannot write the true length into the header: read what there is.
        pcm = np.frombuffer(recording.readframes(len(said.stdout)), dtype=np.int16)
    return normalised(trimmed(equalised(resampled(pcm / 32768, rate), _WARM)), SPEECH_DBFS)


def make_language(language: str, names: Sequence[str] = ()) -> int:
    """Write the prompts of a language, all or those whose names begin so, and return how many."""
    table = tomllib.loads((PACKAGED / "texts" / f"{language}.toml").read_text(encoding="utf-8"))

    def make(clip: tuple[str, str]) -> None:
        name, text = clip
        write_opus(PACKAGED / language / f"{name}.ogg", spoken(text, table["voice"]), BIT_RATE, "voip")

    wanted = [clip for clip in sentences(table) if not names or clip[0].startswith(tuple(names))]
    with ThreadPoolExecutor() as threads:
        return len(list(threads.map(make, wanted)))


if __name__ == "__main__":
    chosen = [argument for argument in sys.argv[1:] if argument in LANGUAGES]
    only = [argument for argument in sys.argv[1:] if argument not in LANGUAGES]
    for wanted in chosen or LANGUAGES:
        print(f"{wanted}: {make_language(wanted, only)} prompts")
