"""One file is one check; the file is its registration."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules

from shared.doctor.check import Check
from shared.errors import Defect

type Checks = Mapping[str, Check]


def checks() -> Checks:
    """Find every check in this folder, by name.

    A module that holds no check, or more than one, is a mistake that a test names.
    """
    found = [_check(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {check.name: check for check in sorted(found, key=lambda check: check.name)}


def _check(module: str) -> Check:
    classes = [
        thing
        for thing in vars(import_module(module)).values()
        if isinstance(thing, type)
        and issubclass(thing, Check)
        and not isabstract(thing)
        and thing.__module__ == module
    ]
    if len(classes) != 1:
        raise Defect(f"{module} holds {len(classes)} checks; one file is one check")
    return classes[0]()
