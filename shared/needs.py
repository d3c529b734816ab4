"""What a part of the app needs of the tenant, declared beside its code as `NEEDS`."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from shared.clients.activity import ACTIVITY_FEED_READ
from shared.clients.exchange import MANAGE_AS_APP
from shared.clients.licences import Plan
from shared.clients.own_tokens import Api
from shared.model import Value

_ELSEWHERE: Final[Mapping[str, Api]] = {
    MANAGE_AS_APP: Api.EXCHANGE,
    ACTIVITY_FEED_READ: Api.ACTIVITY,
}


def api_of(permission: str) -> Api:
    """Say whose permission it is."""
    return _ELSEWHERE.get(permission, Api.GRAPH)


class Sort(StrEnum):
    """What kind of part declares."""

    RESPONDER = "responder"
    SWEEP = "sweep"
    PART = "part"


class Needs(Value):
    """The rights of one part of the app that is neither a responder nor a sweep.

    `option` names what has to be switched on for the part to run at all; empty: it always runs.
    """

    what: str
    """What the part does, as an imperative."""
    permissions: frozenset[str] = frozenset()
    """Application permissions it needs, and nothing it does not."""
    borrows: frozenset[str] = frozenset()
    """Rights to write that a responder brings and that let this part read as well. Never granted
    for its sake: where no responder brings them, what it would have read is unknown, and said."""
    exchange_roles: frozenset[str] = frozenset()
    """Exchange management roles its cmdlets need."""
    azure_roles: frozenset[str] = frozenset()
    """Azure roles on a resource that the option names."""
    licences: frozenset[Plan] = frozenset()
    """Service plans without which it can do nothing at all."""
    option: str = ""


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
