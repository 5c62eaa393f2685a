"""What must hold between the parts of a company, and between it and the server that it is for."""

from provisioning.check.company import check_company
from provisioning.check.surroundings import Surroundings

__all__ = ["Surroundings", "check_company"]
