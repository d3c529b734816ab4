"""All operations and cmdlets there are: whatever the modules `graph_*` and `exchange_*` declare."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lab.tenant.cmdlets import Cmdlet
from lab.tenant.operations import Operation


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation of Graph that is simulated."""
    return tuple(found for found in _declared("graph_") if isinstance(found, Operation))


@cache
def cmdlets() -> tuple[Cmdlet, ...]:
    """Every Exchange cmdlet that is simulated."""
    return tuple(found for found in _declared("exchange_") if isinstance(found, Cmdlet))


def _declared(prefix: str) -> Iterator[object]:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith(prefix):
            yield from vars(importlib.import_module(f"lab.tenant.{module.name}")).values()
