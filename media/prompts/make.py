"""Makes the packaged prompts from the text tables through espeak-ng: `python -m media.prompts.make [LANGUAGE ...]`.

Needs espeak-ng and numpy. The same texts give the same files.
"""

import io
import subprocess
import sys
import tomllib
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from media.prompts.library import HIGHEST_NUMBER, LANGUAGES, PACKAGED
from media.prompts.sound import Samples, equalised, normalised, resampled, trimmed, write_opus

SPEECH_DBFS = -20.0
"""Level of the words; ITU-T P.56 active speech in telephony lies between -26 and -18 dBov."""
BIT_RATE = 20_000
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
    """Each clip of a text table: its name and what is said."""
    words = table["numbers"]
    yield from table["clips"].items()
    yield "position/many", table["position"]["many"]
    for number in range(HIGHEST_NUMBER + 1):
        said = words.get(str(number), str(number))
        yield f"number/{number}", f"{said}."
        if number:
            yield f"position/{number}", table["position"]["sentence"].format(number=said)


def spoken(text: str, voice: str) -> Samples:
    """What espeak-ng says, shaped for the telephone. Raises CalledProcessError when it refuses."""
    command = ["espeak-ng", "--stdout", "-v", voice, "-s", str(WORDS_A_MINUTE), "-p", str(PITCH), "--", text]
    said = subprocess.run(command, check=True, capture_output=True, timeout=60)
    with wave.open(io.BytesIO(said.stdout)) as recording:
        rate = recording.getframerate()
        # To a pipe espeak-ng cannot write the true length into the header: read what there is.
        pcm = np.frombuffer(recording.readframes(len(said.stdout)), dtype=np.int16)
    return normalised(trimmed(equalised(resampled(pcm / 32768, rate), _WARM)), SPEECH_DBFS)


def make_language(language: str) -> int:
    """Write all prompts of a language and return how many."""
    table = tomllib.loads((PACKAGED / "texts" / f"{language}.toml").read_text(encoding="utf-8"))

    def make(clip: tuple[str, str]) -> Path:
        name, text = clip
        path = PACKAGED / language / f"{name}.ogg"
        write_opus(path, spoken(text, table["voice"]), BIT_RATE, "voip")
        return path

    with ThreadPoolExecutor() as threads:
        return len(list(threads.map(make, sentences(table))))


if __name__ == "__main__":
    for wanted in sys.argv[1:] or LANGUAGES:
        print(f"{wanted}: {make_language(wanted)} prompts")
