"""One file is one remediation; the file is its registration."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from shared.model import ResponderName
from shared.registered import registered
from shared.responder import Responder

type Catalogue = Mapping[ResponderName, Responder[Any]]


@cache
def catalogue() -> Catalogue:
    """Find every responder in this folder, in the order of phases and names.

    A module that holds no responder, or more than one, is a mistake that stops start-up.
    """
    found: list[Responder[Any]] = registered(__name__, __path__, Responder)  # type: ignore[type-abstract]
    phases = list(type(found[0].phase))
    found.sort(key=lambda responder: (phases.index(responder.phase), responder.name))
    return MappingProxyType({responder.name: responder for responder in found})
