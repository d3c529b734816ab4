"""Which rights the app needs: gathered from whoever declares them, and from nowhere else.

Responders and sweeps declare them on their classes, every other part of the app that talks to the
tenant as `NEEDS` in its module. What the policy does not use is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from shared import sweeps as sweeps_package
from shared import tasks as tasks_package
from shared.clients.activity import ACTIVITY_FEED_READ
from shared.clients.exchange import MANAGE_AS_APP
from shared.model import ResponderName, Value
from shared.needs import Needs
from shared.policy.document import Policy
from shared.responder import Responder
from shared.sweeps.posture import sweeps
from shared.tasks.turns import ONCE

ON_PREMISES: Final = "on_premises"
"""The option that disable_on_premises waits for: a line of the policy."""
_ON_PREMISES: Final = ResponderName("disable_on_premises")


class Api(StrEnum):
    """Whose application permissions they are, by application id; the same in every cloud."""

    GRAPH = "00000003-0000-0000-c000-000000000000"
    EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
    ACTIVITY = "c5393580-f805-4401-95e8-94b7a6ef2fc2"
    """The Office 365 Management APIs."""


API_NAMES: Final[Mapping[Api, str]] = {
    Api.GRAPH: "Microsoft Graph",
    Api.EXCHANGE: "Office 365 Exchange Online",
    Api.ACTIVITY: "Office 365 Management APIs",
}
_ELSEWHERE: Final = {MANAGE_AS_APP: Api.EXCHANGE, ACTIVITY_FEED_READ: Api.ACTIVITY}


class Sort(StrEnum):
    """What kind of part declares."""

    RESPONDER = "responder"
    SWEEP = "sweep"
    PART = "part"


class Declared(Needs):
    """The rights of one part, with its name; `on` says whether policy and options want them."""

    name: str
    sort: Sort
    on: bool = True


class Rights(Value):
    """The rights of a deployment: each with the names of the parts that need it."""

    permissions: dict[str, tuple[str, ...]]
    exchange_roles: dict[str, tuple[str, ...]]
    azure_roles: dict[str, tuple[str, ...]]
    unmet: dict[str, tuple[str, ...]]
    """Rights to write that would only let something be read: not granted, and who goes without."""
    declared: tuple[Declared, ...]

    def of(self, api: Api) -> tuple[str, ...]:
        """List the permissions of one API."""
        return tuple(name for name in self.permissions if api_of(name) is api)


def api_of(permission: str) -> Api:
    """Say whose permission it is."""
    return _ELSEWHERE.get(permission, Api.GRAPH)


def options() -> tuple[str, ...]:
    """Name everything that may be switched on beside the policy."""
    return tuple(sorted({need.option for _, need in _parts() if need.option}))


def rights(
    policy: Policy, catalogue: Mapping[ResponderName, Responder[Any]], chosen: Collection[str] = ()
) -> Rights:
    """Gather the rights that a policy and the chosen options need."""
    everything = tuple(_declared(policy, catalogue, frozenset(chosen)))
    live = [one for one in everything if one.on]
    permissions = _by_right((one.name, one.permissions) for one in live)
    borrowed = _by_right((one.name, one.borrows) for one in live)
    return Rights(
        permissions=permissions,
        exchange_roles=_by_right((one.name, one.exchange_roles) for one in live),
        azure_roles=_by_right((one.name, one.azure_roles) for one in live),
        unmet={right: names for right, names in borrowed.items() if right not in permissions},
        declared=everything,
    )


def enabled(
    policy: Policy, catalogue: Mapping[ResponderName, Responder[Any]]
) -> frozenset[ResponderName]:
    """Say which responders may run.

    They are those in a rule, and those of the way back, to which any case may come.
    """
    named = {name for rule in policy.rules for name in rule.responders}
    back = ONCE & catalogue.keys()
    off = set() if policy.on_premises.defender_for_identity else {_ON_PREMISES}
    return frozenset((named | back) - off)


def _declared(
    policy: Policy, catalogue: Mapping[ResponderName, Responder[Any]], chosen: frozenset[str]
) -> Iterator[Declared]:
    wanted = enabled(policy, catalogue)
    for name, responder in catalogue.items():
        yield Declared(
            name=name,
            sort=Sort.RESPONDER,
            what=responder.summary,
            permissions=responder.permissions,
            exchange_roles=responder.exchange_roles,
            option=ON_PREMISES if name == _ON_PREMISES else "",
            on=name in wanted,
        )
    for sweep_name, sweep in sweeps().items():
        yield Declared(
            name=sweep_name,
            sort=Sort.SWEEP,
            what=sweep.summary,
            permissions=sweep.permissions,
            borrows=sweep.borrows,
            exchange_roles=sweep.exchange_roles,
        )
    for module, need in _parts():
        on = not need.option or need.option in chosen
        yield Declared(**dict(need), name=_name(module, need), sort=Sort.PART, on=on)


def _parts() -> Iterator[tuple[str, Needs]]:
    for package in (tasks_package, sweeps_package):
        for found in iter_modules(package.__path__):
            if found.ispkg:
                continue
            declared = getattr(import_module(f"{package.__name__}.{found.name}"), "NEEDS", ())
            for need in (declared,) if isinstance(declared, Needs) else declared:
                yield found.name, need


def _name(module: str, need: Needs) -> str:
    return f"{module}:{need.option}" if need.option else module


def _by_right(needs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, asked in needs:
        for right in asked:
            found.setdefault(right, []).append(name)
    return {right: tuple(sorted(found[right])) for right in sorted(found)}
