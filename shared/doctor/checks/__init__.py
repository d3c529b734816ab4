"""One file is one check; the file is its registration."""

from __future__ import annotations

from collections.abc import Mapping

from shared.doctor.check import Check
from shared.registered import registered

type Checks = Mapping[str, Check]


def checks() -> Checks:
    """Find every check in this folder, by name.

    A module that holds no check, or more than one, is a mistake that a test names.
    """
    found = registered(__name__, __path__, Check)  # type: ignore[type-abstract]
    return {check.name: check for check in found}
