"""Which rights the app needs: gathered from whoever declares them, and from nowhere else.

Responders and sweeps declare them on their classes, every other part of the app that talks to the
tenant as `NEEDS` in its module. What the policy does not use is not asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

from shared import sweeps as sweeps_package
from shared import tasks as tasks_package
from shared.doctor import checks as checks_package
from shared.model import ResponderName
from shared.needs import Declared, Needs, Rights, Sort
from shared.policy.document import Policy
from shared.responder import Responder
from shared.sweeps.posture import sweeps
from shared.tasks.turns import ONCE

ON_PREMISES: Final = "on_premises"
"""The option that disable_on_premises waits for: a line of the policy."""
_ON_PREMISES: Final = ResponderName("disable_on_premises")


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
            licences=responder.licences,
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
            licences=sweep.licences,
        )
    for module, need in _parts():
        on = not need.option or need.option in chosen
        yield Declared(**dict(need), name=_name(module, need), sort=Sort.PART, on=on)


def _parts() -> Iterator[tuple[str, Needs]]:
    for package, lead in ((tasks_package, ""), (sweeps_package, ""), (checks_package, "doctor_")):
        for found in iter_modules(package.__path__):
            if found.ispkg:
                continue
            declared = getattr(import_module(f"{package.__name__}.{found.name}"), "NEEDS", ())
            for need in (declared,) if isinstance(declared, Needs) else declared:
                yield f"{lead}{found.name}", need


def _name(module: str, need: Needs) -> str:
    return f"{module}:{need.option}" if need.option else module


def _by_right(needs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for name, asked in needs:
        for right in asked:
            found.setdefault(right, []).append(name)
    return {right: tuple(sorted(found[right])) for right in sorted(found)}
