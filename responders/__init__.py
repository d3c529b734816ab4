"""One file is one remediation; the file is its registration."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from inspect import isabstract
from pkgutil import iter_modules
from typing import Any

from shared.errors import Defect
from shared.model import ResponderName
from shared.responder import Responder

type Catalogue = Mapping[ResponderName, Responder[Any]]


def catalogue() -> Catalogue:
    """Find every responder in this folder, in the order of phases and names.

    A module that holds no responder, or more than one, is a mistake that stops start-up.
    """
    found = [_responder(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
    phases = list(type(found[0].phase))
    found.sort(key=lambda responder: (phases.index(responder.phase), responder.name))
    return {responder.name: responder for responder in found}


def _responder(module: str) -> Responder[Any]:
    classes = [
        thing
        for thing in vars(import_module(module)).values()
        if isinstance(thing, type)
        and issubclass(thing, Responder)
        and not isabstract(thing)
        and thing.__module__ == module
    ]
    if len(classes) != 1:
        raise Defect(f"{module} holds {len(classes)} responders; one file is one responder")
    return classes[0]()
