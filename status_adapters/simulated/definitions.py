"""Checks requests and answers with an OpenAPI 3.0 definition."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FOLDER = Path(__file__).parent / "camara_definitions"
_ROOT = "urn:definition"


class Definition:
    """One definition file."""

    def __init__(self, name: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document = yaml.load((FOLDER / f"{name}.yaml").read_bytes(), Loader=loader)
        self.paths: dict[str, Any] = document["paths"]
        self.version: str = document["info"]["version"]
        resource: Resource[Any] = Resource.from_contents(document, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(_ROOT, resource)
        self._validator = _validator()
        self._validators: dict[str, Any] = {}

    def wrong_request(self, method: str, path: str, body: object) -> str:
        """What is wrong with a request's body, empty where nothing is."""
        return self._wrong(f"/paths/{_escaped(path)}/{method}/requestBody/content/application~1json/schema", body)

    def wrong_answer(self, method: str, path: str, status: int, body: object) -> str:
        """What is wrong with an answer's body."""
        responses = self.paths[path][method]["responses"]
        if str(status) not in responses:
            return f"status {status} is none of {', '.join(responses)}"
        if status == 204:
            return ""
        if status >= 400:
            return self._wrong("/components/schemas/ErrorInfo", body)
        pointer = f"/paths/{_escaped(path)}/{method}/responses/{status}"
        reference = responses[str(status)].get("$ref")
        if reference:
            pointer = str(reference).removeprefix("#")
        return self._wrong(f"{pointer}/content/application~1json/schema", body)

    def wrong_event(self, body: object) -> str:
        """What is wrong with an event."""
        return self._wrong("/components/schemas/CloudEvent", body)

    def _wrong(self, pointer: str, body: object) -> str:
        validator = self._validators.get(pointer)
        if validator is None:
            schema = {"$ref": f"{_ROOT}#{pointer}"}
            validator = self._validator(schema, registry=self._registry, format_checker=FormatChecker())
            self._validators[pointer] = validator
        error = next(validator.iter_errors(body), None)
        return "" if error is None else f"{'/'.join(map(str, error.path)) or 'body'}: {error.message[:200]}"


@cache
def definition(name: str) -> Definition:
    """The definition of this name; reading one takes a while."""
    return Definition(name)


def _validator() -> Any:
    """JSON Schema with the one keyword of OpenAPI that says which of several schemas a value has to fulfil."""
    followed: set[int] = set()

    def discriminator(validator: Any, rule: Any, value: object, schema: Any) -> Iterator[ValidationError]:
        # What the mapping leads to comes back here by `allOf`.
        if not isinstance(value, dict) or id(value) in followed:
            return
        target = rule.get("mapping", {}).get(value.get(rule["propertyName"]))
        if target is None:
            return
        followed.add(id(value))
        try:
            yield from validator.descend(value, {"$ref": target})
        finally:
            followed.discard(id(value))

    return extend(Draft202012Validator, {"discriminator": discriminator})  # type: ignore[no-untyped-call]


def _escaped(path: str) -> str:
    """A key in a JSON pointer (RFC 6901 §3) within a URI (§6)."""
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
