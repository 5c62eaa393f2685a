"""Who may take a colleague's call. Pure."""

from routing.model import Company


def may_pick_up(company: Company, person: str, rings_at: str) -> bool:
    """Whether the person may take a call that rings at a colleague's phone; always where it rings at their own.

    Those who share a pickup group may, and in a company without groups everybody.
    """
    if person == rings_at or not company.pickup_groups:
        return True
    return any(person in group and rings_at in group for group in company.pickup_groups.values())


def may_take_over(company: Company, person: str, talks: str) -> bool:
    """Whether the person may take the place of who talks: their own always, a colleague's where the company allows."""
    return person == talks or (company.calls.take_over and may_pick_up(company, person, talks))
