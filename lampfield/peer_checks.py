"""What must hold of the configuration's sections about other servers."""

from dataclasses import replace

from lampfield.config_checks import first_line, in_environment
from lampfield.peer_sections import Publisher, WatchedServer
from provisioning.problems import Problems, joined


def publisher_with_password(publisher: Publisher, problems: Problems) -> Publisher:
    """The publisher with its password fetched from where the configuration says it is."""
    key = joined("publishers", publisher.name)
    password = _password(publisher, key, problems)
    if publisher.username is not None and password is None:
        problems.missing(f"{key}.password_file", "a file (or password_env a variable) with the password of username")
    if publisher.username is None and not publisher.sources:
        problems.missing(f"{key}.sources", "addresses it publishes from (or username the account it has)")
    return replace(publisher, password=password or "")


def watched_with_password(watched: WatchedServer, problems: Problems) -> WatchedServer:
    """The watched server with its password fetched from where the configuration says it is; it may do without."""
    password = _password(watched, joined("watch", watched.name), problems)
    return replace(watched, password=password or "")


def _password(section: Publisher | WatchedServer, key: str, problems: Problems) -> str | None:
    if section.password_file is not None and section.password_env is not None:
        problems.add(f"{key}.password_env", section.password_env, "left out, as password_file is given too")
        return ""
    if section.password_file is not None:
        return first_line(section.password_file, f"{key}.password_file", "password", problems)
    if section.password_env is not None:
        return in_environment(section.password_env, f"{key}.password_env", problems)
    return None
