"""The kinds of adapter there are: ours and those of other packages, found by entry point.

    [project.entry-points."lampfield.status_adapters"]
    cuckoo = "our_package.cuckoo:KIND"

The entry point's name is what `kind` in the configuration says; it leads to an `AdapterKind`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from provisioning.kinds import Kind, perhaps, text
from provisioning.problems import Problems
from provisioning.settings import Section, settings
from status_adapters.adapter import Adapter

if TYPE_CHECKING:
    # HTTP is loaded with the first adapter, not with the configuration of every command.
    from status_adapters.means import Means

GROUP = "lampfield.status_adapters"

SECRET: Kind[str] = text("the name of one of [secrets.NAME]", r"[A-Za-z0-9_-]+")
"""The kind of a setting that names a secret: the value is `means.secret(NAME)`, and `lampfield check` looks for it."""
NO_SECRET: Kind[str] = perhaps(SECRET, empty="none")
URL: Kind[str] = text("an http or https URL", r"https?://[^\s/?#]+\S*", max_length=2000)

S = TypeVar("S", bound=Section)


def _nothing_more(settings: object, key: str, problems: Problems) -> None:
    """There is nothing to check between settings."""


def _takes_none(settings: object) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class AdapterKind(Generic[S]):
    """One kind of adapter."""

    settings: type[S]
    """A dataclass of `provisioning.settings`; its docstring says what the adapter is for."""
    make: "Callable[[str, S, Means], Adapter]"
    """Makes the adapter of that name. Opens nothing and raises nothing: that is for `run`."""
    check: Callable[[S, str, Problems], None] = _nothing_more
    """Notes what is wrong between settings; the text is the key of the section, such as `adapters.telenor`."""
    takes_hooks: Callable[[S], bool] = _takes_none
    """Whether it is sent requests, so that the configuration has to say where we listen."""


class UnknownKind(Exception):
    """There is no adapter of the kind, or it cannot be loaded; the text continues "must be ..."."""


@cache
def _found() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}


def kind_names() -> list[str]:
    """What `kind` may say on this machine."""
    return sorted(_found())


def kind_named(name: str) -> AdapterKind[Any]:
    """The kind of this name. Raises UnknownKind."""
    entry = _found().get(name)
    if entry is None:
        raise UnknownKind(f"one of {', '.join(kind_names())}")
    try:
        kind = entry.load()
    except Exception as error:
        # Another package's module may fail in any way; the server starts with what is right.
        raise UnknownKind(f"a kind that can be loaded ({entry.value}: {type(error).__name__}: {error})") from error
    if not isinstance(kind, AdapterKind):
        raise UnknownKind(f"a kind whose entry point {entry.value} leads to an AdapterKind")
    return kind


def secrets_of(section: Section) -> dict[str, str]:
    """The names of secrets that settings name, by key."""
    return {
        entry.name: value
        for entry, known in settings(type(section))
        if known.kind in (SECRET, NO_SECRET) and (value := getattr(section, entry.name))
    }
