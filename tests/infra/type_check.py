"""Hold a resource against the reviewed table: every complaint is a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pycep.models import BicepElement

from tests.infra.bicep_files import Declared, is_expression
from tests.infra.reviewed_optional_types import TYPES
from tests.infra.shapes import ListOf, Plain, Shape

_EVERYWHERE = frozenset({"parent", "scope", "dependsOn", "depends_on"})


def complaints(found: Declared) -> list[str]:
    """Say what of a resource the table does not know."""
    known = TYPES.get(found.kind)
    if known is None:
        return [f"{found.kind} is not reviewed: look it up and add it to the table"]
    own = {key: value for key, value in found.body.items() if key not in _EVERYWHERE}
    shape = known.shape
    if found.existing:
        shape = {key.removesuffix("!"): each for key, each in shape.items()}
    return list(_object(own, shape, found.name))


def _object(node: Mapping[str, Any], shape: Mapping[str, Shape], at: str) -> Iterator[str]:
    allowed = {key.removesuffix("!"): value for key, value in shape.items()}
    for key, value in node.items():
        if key not in allowed:
            yield f"{at}.{key} is not in the reviewed table"
        else:
            yield from _value(value, allowed[key], f"{at}.{key}")
    for key in shape:
        if key.endswith("!") and key.removesuffix("!") not in node:
            yield f"{at}.{key.removesuffix('!')} is required"


def _value(node: Any, shape: Shape, at: str) -> Iterator[str]:
    if shape is Plain.OPEN or node is None:
        return
    if isinstance(node, dict) and "loop_type" in node:
        node = [node["config"]]
    if is_expression(node):
        yield from _branches(node, shape, at)
    elif not isinstance(node, BicepElement):
        yield from _literal(node, shape, at)


def _branches(node: Mapping[str, Any], shape: Shape, at: str) -> Iterator[str]:
    found = node.get("operator", {})
    if found.get("type") == "conditional":
        for branch in ("true_value", "false_value"):
            yield from _value(found["operands"][branch], shape, at)


def _literal(node: Any, shape: Shape, at: str) -> Iterator[str]:
    match shape, node:
        case ListOf(), list():
            for each in node:
                yield from _value(each, shape.shape, f"{at}[]")
        case Mapping(), dict():
            yield from _object(node, shape, at)
        case frozenset(), _ if node not in shape:
            yield f"{at} is {node!r}, and may be {', '.join(sorted(shape))}"
        case ((ListOf() | Mapping()), _):
            yield f"{at} is {node!r}, and should have parts"
        case Plain(), _ if type(node) is not shape.value:
            yield f"{at} is {node!r}, and should be {shape.value.__name__}"
