"""Describe `policy.toml` for editors, as JSON Schema made from the values that read it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

from shared.model import Json, Mode, ResponderName, Value
from shared.policy.document import Document
from shared.responder import Responder

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema(catalogue: Mapping[ResponderName, Responder[Any]]) -> Json:
    """Make the schema: every key with what it means, every responder with what it does."""
    made: Json = Document.model_json_schema()
    described = {cls.__name__: cls for cls in _values(Document)}
    for name, part in ((Document.__name__, made), *made["$defs"].items()):
        if cls := described.get(name):
            _describe(part, cls)
    _as_read(made)
    made["$defs"]["Rule"]["properties"]["responders"] = _responders(catalogue)
    return {"$schema": _DIALECT, **made, "title": "Firebreak's policy"}


def _as_read(part: object) -> None:
    """Let an editor allow what the reader allows: the same item twice in a list is no mistake."""
    if isinstance(part, dict):
        part.pop("uniqueItems", None)
        part = list(part.values())
    for inner in part if isinstance(part, list) else ():
        _as_read(inner)


def _responders(catalogue: Mapping[ResponderName, Responder[Any]]) -> Json:
    """List the responders a rule may name; one that cannot be put back says so."""
    return {
        "type": "object",
        "description": "Which responders answer, and how far each may go.",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            str(name): {"enum": [str(mode) for mode in Mode], "description": _said(responder)}
            for name, responder in catalogue.items()
        },
    }


def _said(responder: Responder[Any]) -> str:
    if responder.reversible:
        return responder.summary
    return f"{responder.summary} Cannot be put back: to enforce it, write irreversible = true."


def _values(cls: type[Value]) -> set[type[Value]]:
    """Find the values that a value is made of, itself and what it inherits from included."""
    found: set[type[Value]] = {cls}
    for field in cls.model_fields.values():
        for part in _inside(field.annotation):
            found |= _values(part)
    return found


def _inside(annotation: object) -> list[type[Value]]:
    if isinstance(annotation, type) and issubclass(annotation, Value):
        return [annotation]
    return [one for part in getattr(annotation, "__args__", ()) for one in _inside(part)]


def _describe(part: Json, cls: type[Value]) -> None:
    """Put the words that stand below each field in the code beside its key."""
    said = {name: text for base in reversed(cls.__mro__) for name, text in _docs(base).items()}
    for name, known in part["properties"].items():
        known.pop("title", None)
        if name in said:
            known["description"] = said[name]


def _docs(cls: type) -> dict[str, str]:
    if not issubclass(cls, Value) or cls is Value:
        return {}
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
