"""Compromises as stories: who was broken into, what the intruder holds, and what the owner owns.

Each story adds its people to a tenant, so that several can be told in one; two healthy bystanders
with habits of their own are always there and must not be touched. Every public function of a file
in this folder is a story, found by being there; what stories share is in `telling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import FunctionType, MappingProxyType
from typing import Final

from lab.carrier_alerts import CarrierAlert
from lab.scenarios.attacks import false_alarm, forwarder, full_house, spammer, token_thief
from lab.scenarios.kinds import (
    admin,
    federated_user,
    guest,
    no_mailbox,
    on_premises_mailbox,
    restricted_user,
    shared_mailbox,
    synced_user,
)
from lab.scenarios.telling import DROP, Story
from lab.stage import Scenario

__all__ = [
    "DROP",
    "STORIES",
    "CarrierAlert",
    "Scenario",
    "Story",
    "admin",
    "false_alarm",
    "federated_user",
    "forwarder",
    "full_house",
    "guest",
    "no_mailbox",
    "on_premises_mailbox",
    "restricted_user",
    "shared_mailbox",
    "spammer",
    "synced_user",
    "token_thief",
]

_SHARED: Final = "telling"


def _told() -> dict[str, Story]:
    modules = sorted(m.name for m in iter_modules(__path__) if m.name != _SHARED)
    return {
        name: thing
        for module in (import_module(f"{__name__}.{name}") for name in modules)
        for name, thing in vars(module).items()
        if isinstance(thing, FunctionType)
        and thing.__module__ == module.__name__
        and not name.startswith("_")
    }


STORIES: Final[Mapping[str, Story]] = MappingProxyType(_told())
"""Every story by its name."""
