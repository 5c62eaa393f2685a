"""The database, as the commands open it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from lampfield.cli.terminal import give_up
from lampfield.configuration import Configuration
from lampfield.database import open_database, upgrade


@contextmanager
def database(configuration: Configuration) -> Iterator[Engine]:
    """The database, brought up to date; ends the command with a clear word where it is away, locked or full."""
    url = make_url(configuration.database_url)
    engine = open_database(configuration.database_url)
    try:
        if url.get_backend_name() == "sqlite" and url.database:
            # It holds what phones log in with: nobody else needs to look into the folder.
            Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        upgrade(engine)
        yield engine
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        give_up(
            f"The database {url.render_as_string(hide_password=True)} cannot be used: {reason}",
            ["Nothing was changed. Is it there, may you write to it, is there room on the disk?"],
        )
    except OSError as error:
        give_up(f"The folder of the database cannot be made: {error}")
    finally:
        engine.dispose()
