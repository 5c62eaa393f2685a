"""What the pages say, in five languages, and how it looks."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from tests.web.pages.visitor import House, Visitor
from web.pages import rendering
from web.pages.words import LANGUAGES, Fault, Words, language_of, load_words

STYLE = Path(rendering.__file__).with_name("static") / "pages.css"


def placeholders(sentence: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", sentence))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_and_names_the_same_facts(language: str) -> None:
    spoken, english = (msgspec.structs.asdict(load_words()[each]) for each in (language, "en"))
    for name in Words.__struct_fields__:
        assert spoken[name].strip()
        assert placeholders(spoken[name]) == placeholders(english[name]), name


def test_there_is_a_sentence_for_each_fault() -> None:
    for fault in get_args(Fault):
        assert load_words()["en"].told(fault, 30)


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("", "en"),
        ("da", "da"),
        ("no, en;q=0.5", "nb"),
        ("nn-NO", "nb"),
        ("fr-FR, fr;q=0.9, de;q=0.6, sv;q=0.7", "sv"),
        ("de-AT;q=0.8, en-GB;q=0.8", "de"),
        ("sv;q=0, da;q=0.1", "da"),
        ("sv;q=much, *;q=0.5", "en"),
        ("fr", "en"),
    ],
)
def test_the_language_is_the_one_that_the_browser_likes_best(accepted: str, spoken: str) -> None:
    assert language_of((), accepted) == spoken
    assert language_of(("tlh", "nb"), accepted) == "nb", "what was chosen goes first"


def test_a_language_that_was_chosen_is_kept(house: House) -> None:
    visitor = Visitor(house, language="sv")
    assert visitor.page.get("lang") == "sv"
    assert "Åtkomstnyckel" in visitor.text
    visitor.visit("/sign-in?language=de")
    visitor.visit("/sign-in")
    assert visitor.page.get("lang") == "de"
    assert visitor.page.xpath("//footer//a[@aria-current]/text()") == ["Deutsch"]
    for odd in ("/sign-in?language=<b>", "/sign-in?language=tlh"):
        visitor.visit(odd)
        assert visitor.page.get("lang") == "de"


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1])
def test_all_text_stands_out_from_what_is_behind_it(scheme: int) -> None:
    light, dark = (
        dict(re.findall(r"--([\w-]+): (#\w{6});", block)) for block in STYLE.read_text().split(":root {")[1:3]
    )
    colours = (light, dark)[scheme]
    pairs = [(text, ground) for text in ("text", "faint", "main") for ground in ("page", "card")]
    pairs += [("text", "notice"), ("wrong-text", "wrong"), ("on-main", "main"), ("on-danger", "danger")]
    for text, ground in pairs:
        bright, dull = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        assert (bright + 0.05) / (dull + 0.05) >= 4.5, (text, ground)
