"""One file is one sweep of the tenant's posture; the file is its registration.

Timers that look at our own work (reconcile, pulled sources) lie one floor up: they are no sweeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules

from shared.errors import Defect
from shared.posture import SweepName
from shared.sweeps.sweep import Sweep

type Sweeps = Mapping[SweepName, Sweep]


def sweeps() -> Sweeps:
    """Find every sweep in this folder, by name.

    A module that holds no sweep, or more than one, is a mistake that stops start-up.
    """
    found = [_sweep(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    return {sweep.name: sweep for sweep in sorted(found, key=lambda sweep: sweep.name)}


def _sweep(module: str) -> Sweep:
    classes = [
        thing
        for thing in vars(import_module(module)).values()
        if isinstance(thing, type)
        and issubclass(thing, Sweep)
        and not isabstract(thing)
        and thing.__module__ == module
    ]
    if len(classes) != 1:
        raise Defect(f"{module} holds {len(classes)} sweeps; one file is one sweep")
    return classes[0]()
