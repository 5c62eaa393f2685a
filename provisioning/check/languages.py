"""Prompts are recorded in every language in which callers may come to them."""

from collections.abc import Collection, Iterator

from provisioning.check.surroundings import FALLBACK_LANGUAGE, Surroundings
from provisioning.check.ways import BACK, dialled, places_to_return, ways_of
from provisioning.company_kinds import CHOICE, DESTINATION, PROMPT
from provisioning.problems import Problems
from provisioning.sections import SECTIONS
from provisioning.sections.forms import Leaf
from routing.model import Company

_OWN = "own/"
"""What the company records and uploads itself, after its file was imported."""


def check_prompts(company: Company, problems: Problems, surroundings: Surroundings) -> None:
    """Note prompts without a recording, and warn of those that some callers will hear in another language."""
    heard = _languages(company)
    for section in SECTIONS:
        for part, leaf in section.leaves(company):
            prompt = _prompt(leaf)
            if prompt is not None:
                _check(leaf, prompt, sorted(heard.get(part, {company.language})), problems, surroundings.spoken(prompt))


def _check(leaf: Leaf, prompt: str, wanted: list[str], problems: Problems, spoken: Collection[str]) -> None:
    absent = [language for language in wanted if language not in spoken]
    if not absent:
        return
    written = leaf.kind.write(leaf.value)
    if prompt.startswith(_OWN) and not spoken:
        problems.warn(f"{leaf.key} = {written}: is not there until it is recorded or uploaded")
    elif FALLBACK_LANGUAGE in spoken:
        heard = f"{', '.join(absent)}, callers hear it in {FALLBACK_LANGUAGE}"
        problems.warn(f"{leaf.key} = {written}: has no recording in language {heard}")
    else:
        problems.add(leaf.key, written, f"a prompt there is a recording of in language {', '.join(absent)}")


def _prompt(leaf: Leaf) -> str | None:
    if leaf.kind is PROMPT:
        return str(leaf.value)
    if (leaf.kind is DESTINATION or leaf.kind is CHOICE) and leaf.value.kind == "message":
        return str(leaf.value.name)
    return None


def _languages(company: Company) -> dict[str, set[str]]:
    """The languages that callers may be spoken to in at each part of the company that they can come to."""
    ways = ways_of(company)
    onward: dict[str, list[str]] = {}
    for way in ways:
        back = way.destination == BACK
        ends = places_to_return(way.origin, ways, ("menu", "queue")) if back else [way.destination]
        onward.setdefault(way.origin, []).extend(ends)
    heard: dict[str, set[str]] = {}
    behind = [(part, company.language) for part in _entrances(company)]
    while behind:
        part, language = behind.pop()
        language = _spoken_at(company, part) or language
        if language not in heard.setdefault(part, set()):
            heard[part].add(language)
            behind += [(destination, language) for destination in onward.get(part, ())]
    return heard


def _entrances(company: Company) -> Iterator[str]:
    yield from (f"number:{number}" for number in company.main_numbers)
    yield from dialled(company)


def _spoken_at(company: Company, part: str) -> str | None:
    kind, _, name = part.partition(":")
    return company.menus[name].language if kind == "menu" and name in company.menus else None
