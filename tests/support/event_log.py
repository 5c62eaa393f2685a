"""What a running server has put on record."""

from sqlalchemy import select

from call_records.models import CallEventRow
from lampfield.database import open_database
from tests.support.server import Server


def recorded(server: Server, kind: str) -> bool:
    """True once an event of this kind is in the server's database."""
    engine = open_database(f"sqlite:///{server.state / 'lampfield.sqlite3'}")
    with engine.connect() as connection:
        found = connection.execute(select(CallEventRow.id).where(CallEventRow.kind == kind)).first()
    engine.dispose()
    return found is not None


def told(server: Server, prompt: str) -> bool:
    """True once the prompt was played to anybody."""
    engine = open_database(f"sqlite:///{server.state / 'lampfield.sqlite3'}")
    with engine.connect() as connection:
        rows = connection.execute(select(CallEventRow.__table__).where(CallEventRow.kind == "PromptPlayed"))
        found = any(f'"{prompt}"' in str(row) for row in rows)
    engine.dispose()
    return found
