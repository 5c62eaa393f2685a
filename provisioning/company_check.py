"""What must hold between the parts of a company: every name leads somewhere and every number to one place."""

from collections.abc import Callable, Collection, Iterator

from provisioning.company_loops import endless_ways
from provisioning.problems import Problems, joined, nearest
from routing.model import Company, Destination


def check_company(
    company: Company,
    problems: Problems,
    *,
    prompt_exists: Callable[[str], bool],
    music_exists: Callable[[str], bool],
) -> None:
    """Note every reference that leads nowhere, every number used twice and every way that never ends."""
    for key, destination in destinations(company):
        _check_destination(company, key, destination, problems, prompt_exists)
    for key, prompt in _prompts(company):
        if not prompt_exists(prompt):
            problems.add(key, prompt, f"a prompt there is a recording of in language {company.language}")
    for queue in company.queues.values():
        key = joined("queues", queue.name)
        if not music_exists(queue.music):
            problems.add(f"{key}.music", queue.music, "a music list that has at least one piece")
        for member in queue.members:
            if member not in company.people:
                problems.add(f"{key}.members", member, _one_of("people", member, company.people))
    for main_number in company.main_numbers.values():
        if main_number.hours is not None and main_number.hours not in company.hours:
            key = joined("main_numbers", main_number.number)
            problems.add(f"{key}.hours", main_number.hours, _one_of("opening hours", main_number.hours, company.hours))
    _check_extensions(company, problems)
    for key, way in endless_ways(company):
        problems.sentences.append(f"{key}: goes round without end and without a key pressed: {' -> '.join(way)}")


def destinations(company: Company) -> Iterator[tuple[str, Destination]]:
    """Every destination of a company under its key in the company file."""
    for number in company.main_numbers.values():
        key = joined("main_numbers", number.number)
        yield f"{key}.open", number.open
        yield f"{key}.closed", number.closed
    for menu in company.menus.values():
        key = joined("menus", menu.name)
        yield from ((joined(f"{key}.keys", pressed), chosen) for pressed, chosen in menu.keys.items())
        if menu.operator is not None:
            yield f"{key}.operator", menu.operator
        yield f"{key}.timeout_destination", menu.timeout_destination
    for queue in company.queues.values():
        key = joined("queues", queue.name)
        yield f"{key}.on_full", queue.on_full
        yield f"{key}.on_no_members", queue.on_no_members
        yield f"{key}.on_timeout", queue.on_timeout
    for person in company.people.values():
        key = joined("people", person.id)
        if person.on_busy is not None:
            yield f"{key}.on_busy", person.on_busy
        if person.on_no_answer is not None:
            yield f"{key}.on_no_answer", person.on_no_answer


def _check_destination(
    company: Company, key: str, destination: Destination, problems: Problems, prompt_exists: Callable[[str], bool]
) -> None:
    match destination.kind:
        case "person" if destination.name not in company.people:
            problems.add(key, str(destination), _one_of("people", destination.name, company.people))
        case "queue" if destination.name not in company.queues:
            problems.add(key, str(destination), _one_of("queues", destination.name, company.queues))
        case "menu" if destination.name not in company.menus:
            problems.add(key, str(destination), _one_of("menus", destination.name, company.menus))
        case "message" if not prompt_exists(destination.name):
            problems.add(key, str(destination), f"a prompt there is a recording of in language {company.language}")


def _one_of(group: str, name: str, known: Collection[str]) -> str:
    near = nearest(name, known)
    if near is not None:
        return f"one of the company's {group}, did you mean {near}?"
    return f"one of the company's {group}, which are {', '.join(known) if known else 'none'}"


def _prompts(company: Company) -> Iterator[tuple[str, str]]:
    for number in company.main_numbers.values():
        if number.greeting is not None:
            yield f"{joined('main_numbers', number.number)}.greeting", number.greeting
    for menu in company.menus.values():
        key = joined("menus", menu.name)
        yield f"{key}.prompt", menu.prompt
        yield f"{key}.silence_prompt", menu.silence_prompt
        yield f"{key}.invalid_prompt", menu.invalid_prompt
    for queue in company.queues.values():
        if queue.welcome_prompt is not None:
            yield f"{joined('queues', queue.name)}.welcome_prompt", queue.welcome_prompt


def _check_extensions(company: Company, problems: Problems) -> None:
    """Menus and queues come first, as a menu's or a queue's number is already known to be its own among its kind."""
    owners: dict[str, str] = {}
    for group, extensions in (("menus", company.menu_extensions), ("queues", company.queue_extensions)):
        for extension, name in extensions.items():
            _claim(owners, extension, joined(group, name), problems)
    for person in company.people.values():
        if person.extension:
            _claim(owners, person.extension, joined("people", person.id), problems)


def _claim(owners: dict[str, str], extension: str, owner: str, problems: Problems) -> None:
    if extension in owners:
        problems.add(f"{owner}.extension", extension, f"a number of its own, {owners[extension]} has it too")
    owners.setdefault(extension, owner)
