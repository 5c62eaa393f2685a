"""What must hold within menus."""

from provisioning.check.surroundings import one_of
from provisioning.problems import Problems, joined
from routing.dialplan import extensions
from routing.model import Company, Menu


def check_menus(company: Company, problems: Problems) -> None:
    """Note keys that cannot be told from extensions, and priorities of keys that are not there."""
    numbers = extensions(company)
    for menu in company.menus.values():
        key = joined("menus", menu.name)
        for pressed in menu.keys:
            if menu.extensions and pressed in numbers:
                owner = numbers[pressed]
                problems.sentences.append(f"{joined(f'{key}.keys', pressed)}: is also the extension of {owner}")
        known = _keys(menu)
        for pressed in menu.priorities:
            if pressed not in known:
                full = joined(f"{key}.priorities", pressed)
                problems.sentences.append(f"{full}: must be {one_of('the keys of the menu', pressed, known)}")


def _keys(menu: Menu) -> list[str]:
    return [*menu.keys, *(["0"] if menu.operator is not None else [])]
