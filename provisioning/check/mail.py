"""What is to be mailed can be."""

from provisioning.check.surroundings import Surroundings
from provisioning.problems import Problems, joined
from routing.model import Company


def check_mail(company: Company, problems: Problems, surroundings: Surroundings) -> None:
    """Warn of addresses to which nothing comes, since the server has no mail server."""
    if surroundings.mails:
        return
    addresses = {joined("boxes", box.name): box.mail for box in company.boxes.values()}
    addresses |= {joined("notices", target.name): target.mail for target in company.notices.values()}
    for key, address in addresses.items():
        if address:
            problems.warn(f"{key}.mail = {address}: gets no mail, the server's configuration has no mail.host")
