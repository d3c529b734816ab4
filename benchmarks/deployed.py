"""What is installed here and would not be where the app is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Final

_NEED: Final = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)(\[(?P<extras>[^\]]*)\])?")
_EXTRA: Final = re.compile(r"""extra == ['"](?P<extra>[^'"]+)""")

type Need = tuple[str, frozenset[str]]
"""A distribution and the extras that are asked of it."""


def not_deployed(requirements: Path) -> list[str]:
    """Name the top-level modules installed here that the requirements do not bring.

    Libraries load what they find (httpx loads click, structlog loads rich), and a deployment has
    none of what lab and tests brought here.
    """
    lines = requirements.read_text(encoding="utf-8").splitlines()
    wanted = list(_read(lines))
    deployed: set[Need] = set()
    while wanted:
        need = wanted.pop()
        if need not in deployed:
            deployed.add(need)
            wanted += _needs(*need)
    names = {"firebreak"} | {name for name, _ in deployed}
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not names & {_normal(owner) for owner in owners}
    )


def _needs(name: str, extras: frozenset[str]) -> list[Need]:
    try:
        needs = requires(name) or []
    except PackageNotFoundError:
        return []  # for another system or version of Python
    asked = [
        need
        for need in needs
        if (extra := _EXTRA.search(need)) is None or _normal(extra["extra"]) in extras
    ]
    return list(_read(asked))


def _read(lines: Iterable[str]) -> Iterable[Need]:
    for line in lines:
        if found := _NEED.match(line):
            extras = (found["extras"] or "").split(",")
            yield _normal(found["name"]), frozenset(_normal(e.strip()) for e in extras if e.strip())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
