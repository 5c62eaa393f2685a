"""Notices go somewhere."""

from provisioning.problems import Problems, joined
from routing.model import Company


def check_notices(company: Company, problems: Problems) -> None:
    """Note targets that have neither a webhook nor a mail address."""
    for target in company.notices.values():
        if not target.webhook and not target.mail:
            problems.missing(f"{joined('notices', target.name)}.webhook", "a web address, or an address under `mail`")
