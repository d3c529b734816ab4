"""Judge JSON by Graph's own type model: an unknown property is not Graph."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

SHARED: Final = Path(__file__).resolve().parents[2] / ".." / "shared" / "graph"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z")
_PRIMITIVES: Final[dict[str, Callable[[Any], bool]]] = {
    "Edm.String": lambda v: isinstance(v, str),
    "Edm.Boolean": lambda v: isinstance(v, bool),
    "Edm.Int32": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "Edm.Double": lambda v: isinstance(v, (int, float)),
    "Edm.DateTimeOffset": lambda v: isinstance(v, str) and _TIME.fullmatch(v) is not None,
    "Edm.Guid": lambda v: isinstance(v, str) and str(uuid.UUID(v)) == v,
}


def load(name: str) -> Any:
    """Read one of the shared files, or skip the test where they are not."""
    path = SHARED / name
    if not path.exists():
        pytest.skip("Graph's reference data is not beside this checkout")
    return json.loads(path.read_text())


class Types:
    """Graph's type model."""

    def __init__(self) -> None:
        self._types: dict[str, Any] = load("types-v1.0.json")

    def knows(self, name: str) -> bool:
        """Whether the model has this type."""
        return name in self._types

    def properties(self, name: str) -> dict[str, tuple[str, bool]]:
        """All properties of a type, inherited ones too."""
        found: dict[str, tuple[str, bool]] = {}
        at: str | None = name
        while at:
            found = {**self._types[at]["props"], **found}
            at = self._types[at]["base"]
        return found

    def faults(self, value: Any, name: str, *, where: str = "") -> Iterator[str]:
        """Say what about an object does not fit a type; `@odata.type` names a derived one."""
        declared = str(value.get("@odata.type", "")).removeprefix("#")
        if declared and not self._derives(declared, name):
            yield f"{where}: {declared} is no {name}"
            return
        name = declared or name
        properties = self.properties(name)
        for key, item in value.items():
            if "@odata." in key or self._is_dictionary(name):
                continue
            if key not in properties:
                yield f"{where}/{key}: {name} has no such property"
                continue
            yield from self._value(item, *properties[key], where=f"{where}/{key}", within=name)

    def _value(
        self, value: Any, kind: str, nullable: object, *, where: str, within: str
    ) -> Iterator[str]:
        if value is None:
            if not nullable or kind.startswith("Collection("):
                yield f"{where}: must not be null"
        elif kind.startswith("Collection("):
            inner = kind.removeprefix("Collection(").removesuffix(")")
            for index, item in enumerate(value):
                yield from self._value(item, inner, None, where=f"{where}[{index}]", within=within)
        elif kind in _PRIMITIVES:
            if not _PRIMITIVES[kind](value):
                yield f"{where}: {value!r} is no {kind}"
        else:
            yield from self._named(value, self._resolve(kind, within), where=where)

    def _named(self, value: Any, name: str, *, where: str) -> Iterator[str]:
        if "enum" not in self._types[name]:
            yield from self.faults(value, name, where=where)
        elif value not in self._types[name]["enum"]:
            yield f"{where}: {value!r} is no {name}"

    def _resolve(self, kind: str, within: str) -> str:
        prefix, _, rest = kind.partition(".")
        return {"graph": "microsoft.graph", "self": within.rpartition(".")[0]}[prefix] + "." + rest

    def _is_dictionary(self, name: str) -> bool:
        """Whether a type has any property; other open types take what tenants add, and none is."""
        return bool(self._types[name]["open"]) and not self._types[name]["props"]

    def _derives(self, name: str, base: str) -> bool:
        at: str | None = name
        while at and at in self._types:
            if at == base:
                return True
            at = self._types[at]["base"]
        return False
