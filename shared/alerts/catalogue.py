"""Every carrier there is, found by looking: a file is its registration."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType, ModuleType

import shared.alerts
from shared.alerts.carrier import Carrier, Reading, Recognised, Unreadable
from shared.errors import Defect


@cache
def carriers(package: ModuleType = shared.alerts) -> Mapping[str, Carrier]:
    """Find the carriers of a package by name. Raises `Defect` where two claim one name.

    The folder is looked through once, not for every alert: carriers hold nothing.
    """
    found: dict[str, Carrier] = {}
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for carrier in _defined(importlib.import_module(module.name)):
            if carrier.name in found:
                raise Defect(f"two carriers are called {carrier.name}: one file is one carrier")
            found[carrier.name] = carrier
    return MappingProxyType(dict(sorted(found.items())))


def _defined(module: ModuleType) -> list[Carrier]:
    return [
        member()
        for member in vars(module).values()
        if inspect.isclass(member)
        and issubclass(member, Carrier)
        and member.__module__ == module.__name__
        and not inspect.isabstract(member)
    ]


def recognise(body: bytes) -> list[tuple[str, tuple[Reading, ...]]]:
    """Say which carriers understand a body and what each reads; those that see an alert first."""
    readings = [(name, carrier.read(body)) for name, carrier in carriers().items()]
    understood = [pair for pair in readings if not all(isinstance(r, Unreadable) for r in pair[1])]
    return sorted(understood, key=lambda pair: not any(isinstance(r, Recognised) for r in pair[1]))
