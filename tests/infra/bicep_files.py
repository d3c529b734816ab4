"""The Bicep files as a parser sees them: resources, modules, and what each expression names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from pycep import BicepParser

ROOT: Final = Path(__file__).resolve().parents[2]
INFRA: Final = ROOT / "infra"
FILES: Final = tuple(sorted(path.relative_to(INFRA).as_posix() for path in INFRA.rglob("*.bicep")))
_TEXT: Final = re.compile(r"'((?:\\'|\$\{(?:[^{}']|'[^']*')*\}|[^'])*)'")
_IN_TEXT: Final = re.compile(r"\$\{((?:[^{}']|'[^']*')*)\}")


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource or module: what it is, and its body without condition or loop."""

    name: str
    kind: str
    body: Mapping[str, Any]
    existing: bool = False


@cache
def parsed(name: str) -> Mapping[str, Any]:
    """Parse a file; a syntax error raises with its line."""
    return parser().parse(text=(INFRA / name).read_text(encoding="utf-8"))


@cache
def parser() -> BicepParser:
    return BicepParser()


def resources(name: str) -> list[Declared]:
    """Give a file's resources, each as `type@version`."""
    return [
        Declared(
            label,
            f"{found['type']}@{found['api_version']}",
            body(found["config"]),
            existing=found["existing"],
        )
        for label, found in parsed(name).get("resources", {}).items()
    ]


def modules(name: str) -> list[Declared]:
    """Give the modules a file calls, each with the path of its file in infra/."""
    here = (INFRA / name).parent
    return [
        Declared(
            label,
            (here / found["detail"]["path"]).resolve().relative_to(INFRA).as_posix(),
            body(found["config"]),
        )
        for label, found in parsed(name).get("modules", {}).items()
    ]


def body(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Take a body out of the loop or condition around it."""
    while "config" in config and ("condition" in config or "loop_type" in config):
        config = config["config"]
    return config


def is_expression(node: Any) -> bool:
    """Whether a node is computed: what it gives is not known here."""
    if not isinstance(node, dict) or len(node) != 1:
        return isinstance(node, dict) and node.get("type") == "lambda_expression"
    (key,) = node
    return key in {"operator", "function"} and isinstance(node[key], dict) and "type" in node[key]


def code(name: str) -> str:
    """Give a file's code: no comments, of texts only the expressions in them."""
    return bare((INFRA / name).read_text(encoding="utf-8"))


def bare(text: str) -> str:
    """Take comments out of Bicep code, and of its texts all but the expressions in them."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("//")]
    return _TEXT.sub(_expressions, "\n".join(lines))


def _expressions(text: re.Match[str]) -> str:
    found = [re.sub(r"'[^']*'", "''", each) for each in _IN_TEXT.findall(text[1])]
    return f"'' + {' + '.join(found)}" if found else "''"


def literals(node: Any) -> Iterator[tuple[str, Any]]:
    """Walk every key and value of a tree."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key).strip("'"), value
            yield from literals(value)
    elif isinstance(node, list):
        for value in node:
            yield from literals(value)
