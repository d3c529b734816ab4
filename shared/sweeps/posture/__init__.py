"""One file is one sweep of the tenant's posture; the file is its registration.

Timers that look at our own work (reconcile, pulled sources) lie one floor up: they are no sweeps.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.posture import SweepName
from shared.registered import registered
from shared.sweeps.sweep import Sweep

type Sweeps = Mapping[SweepName, Sweep]


def sweeps() -> Sweeps:
    """Find every sweep in this folder, by name.

    A module that holds no sweep, or more than one, is a mistake that stops start-up.
    """
    found = registered(__name__, __path__, Sweep)  # type: ignore[type-abstract]
    return {sweep.name: sweep for sweep in found}
