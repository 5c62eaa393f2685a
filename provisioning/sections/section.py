"""A section of the company file: one noun, of which a company has any number by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from provisioning.company_kinds import EXTENSION, NAME
from provisioning.kinds import Kind, optional
from provisioning.problems import joined
from provisioning.sections.forms import Field, Leaf, leaves_of, read_fields, written_fields
from provisioning.toml_table import TomlTable
from routing.model import Company, DestinationKind

_EXTENSION = optional(EXTENSION, empty="none")


@dataclass(frozen=True, slots=True)
class Section:
    """A noun of the company file: `[queues.sales]` is the part `sales` of the section `queues`."""

    key: str
    """The table of the file, and the field of Company that holds the parts by name."""
    struct: type[msgspec.Struct]
    fields: tuple[Field, ...]
    meaning: str
    called: str
    """What documents call a part's name, such as NAME."""
    example: str
    kind: DestinationKind | Literal["notice"]
    """Of the destinations that lead to a part; to notices none does."""
    names: Kind[str] = NAME
    name_field: str = "name"
    """The field of the struct that holds the name."""
    extensions: str = ""
    """The field of Company that holds the internal numbers of parts, where these are no fields of the struct."""

    def read(self, table: TomlTable, head: Mapping[str, Any]) -> dict[str, Any]:
        """The section as fields of Company."""
        table.check_names(self.key, self.names)
        parts: dict[str, msgspec.Struct] = {}
        numbers: dict[str, str] = {}
        for name, part in table.tables(self.key):
            if self.extensions:
                _take_extension(part, name, numbers)
            values = read_fields(self.struct, self.fields, part, head)
            part.close()
            parts[name] = self.struct(**{self.name_field: name}, **values)
        return {self.key: parts} | ({self.extensions: numbers} if self.extensions else {})

    def written(self, company: Company) -> dict[str, object]:
        """The section's tables by name, in the company's order."""
        numbers = {name: {"extension": number} for number, name in self.extensions_of(company).items()}
        return {
            name: numbers.get(name, {}) | written_fields(part, self.fields, company)
            for name, part in self.parts_of(company).items()
        }

    def parts_of(self, company: Company) -> dict[str, msgspec.Struct]:
        parts: dict[str, msgspec.Struct] = getattr(company, self.key)
        return parts

    def extensions_of(self, company: Company) -> dict[str, str]:
        """Names by internal number; empty where the extension is a setting like others."""
        return getattr(company, self.extensions) if self.extensions else {}

    def leaves(self, company: Company) -> Iterator[tuple[str, Leaf]]:
        """Every value of every part, each with the destination that leads to its part: `queue:sales`."""
        for name, part in self.parts_of(company).items():
            for leaf in leaves_of(part, self.fields, joined(self.key, name)):
                yield f"{self.kind}:{name}", leaf


def _take_extension(table: TomlTable, name: str, numbers: dict[str, str]) -> None:
    if (extension := table.take("extension", _EXTENSION, None)) is None:
        return
    if extension in numbers:
        table.problems.add(table.key("extension"), extension, f"its own, {numbers[extension]} has it too")
    else:
        numbers[extension] = name
