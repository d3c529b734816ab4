"""What an intruder can plant: one file for each family of footholds, found by being here.

A file has one function `plant(stage, oid) -> list[Foothold]`: it gives the account's owner things
of the same kind that are older than the compromise and must survive (`stage.owned`), and the
intruder theirs.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from lab.footholds import Foothold
from lab.stage import Stage


def plant_all(stage: Stage, oid: str) -> list[Foothold]:
    """Plant every foothold there is."""
    found: list[Foothold] = []
    for module in sorted(iter_modules(__path__), key=lambda module: module.name):
        found += import_module(f"{__name__}.{module.name}").plant(stage, oid)
    return found
