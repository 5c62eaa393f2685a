"""What people's lamps have shown, as far back as their companies keep it."""

from sqlalchemy import Engine, delete, select

from call_records.event_text import decode_state
from call_records.logged_event import StateLogged
from call_records.models import PersonStateRow


def states_of(engine: Engine, company: str, person: str, since: float = 0.0) -> list[StateLogged]:
    """The states of a person of a company (by its domain) from `since` (UTC epoch seconds) on, in order.

    The first is what was shown at `since`, where that is known.
    """
    columns = PersonStateRow.__table__.c
    theirs = (columns.company == company, columns.person == person)
    later = select(columns.state).where(*theirs, columns.at > since).order_by(columns.at, columns.id)
    at_begin = (
        select(columns.state)
        .where(*theirs, columns.at <= since)
        .order_by(columns.at.desc(), columns.id.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        found = [*connection.execute(at_begin).scalars(), *connection.execute(later).scalars()]
    return [decode_state(state) for state in found]


def forget_states(engine: Engine, company: str, before: float) -> int:
    """Delete a company's states from before that moment (UTC epoch seconds); how many they were."""
    columns = PersonStateRow.__table__.c
    with engine.begin() as connection:
        result = connection.execute(delete(PersonStateRow).where(columns.at < before, columns.company == company))
        return result.rowcount
