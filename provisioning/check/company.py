"""Every name leads somewhere, every number to one place, every way ends, and all is within its limits."""

from provisioning.check.languages import check_prompts
from provisioning.check.lists import check_lists
from provisioning.check.loops import endless_ways
from provisioning.check.mail import check_mail
from provisioning.check.menus import check_menus
from provisioning.check.notices import check_notices
from provisioning.check.numbers import check_numbers
from provisioning.check.pickup import check_pickup
from provisioning.check.privacy import check_privacy
from provisioning.check.queues import check_queues
from provisioning.check.references import check_references
from provisioning.check.surroundings import Surroundings
from provisioning.problems import Problems
from routing.model import Company


def check_company(company: Company, problems: Problems, surroundings: Surroundings) -> None:
    """Note everything about a company that cannot be, and warn of what is probably not meant."""
    check_references(company, problems, surroundings)
    check_prompts(company, problems, surroundings)
    check_menus(company, problems)
    check_queues(company, problems)
    check_notices(company, problems)
    check_mail(company, problems, surroundings)
    check_privacy(company, problems)
    check_pickup(company, problems)
    check_lists(company, problems)
    check_numbers(company, problems)
    for key, way in endless_ways(company):
        problems.sentences.append(f"{key}: goes round without end and without a key pressed: {' -> '.join(way)}")
