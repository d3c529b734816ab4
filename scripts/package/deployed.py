"""Which libraries the deployed app has: what requirements.txt names, and what that brings."""

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


def deployed(requirements: Path) -> frozenset[str]:
    """Name the distributions, as they are installed here, that the requirements bring."""
    lines = requirements.read_text(encoding="utf-8").splitlines()
    wanted = list(_read(lines))
    found: set[Need] = set()
    missing: set[str] = set()
    while wanted:
        need = wanted.pop()
        if need in found:
            continue
        found.add(need)
        try:
            wanted += _needs(*need)
        except PackageNotFoundError:
            missing.add(need[0])  # for another system or version of Python
    return frozenset(name for name, _ in found) - missing


def not_deployed(requirements: Path) -> list[str]:
    """Name the top-level modules installed here that the requirements do not bring.

    Libraries load what they find (httpx loads click, structlog loads rich), and a deployment has
    none of what lab and tests brought here.
    """
    names = {"firebreak"} | deployed(requirements)
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not names & {normal(owner) for owner in owners}
    )


def normal(name: str) -> str:
    """Spell a distribution's name as indexes do."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _needs(name: str, extras: frozenset[str]) -> list[Need]:
    asked = [
        need
        for need in requires(name) or []
        if (extra := _EXTRA.search(need)) is None or normal(extra["extra"]) in extras
    ]
    return list(_read(asked))


def _read(lines: Iterable[str]) -> Iterable[Need]:
    for line in lines:
        if found := _NEED.match(line):
            extras = (found["extras"] or "").split(",")
            yield normal(found["name"]), frozenset(normal(e.strip()) for e in extras if e.strip())
