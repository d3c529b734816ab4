"""Conditional Access: the policies that stand, as far as they decide whom they block.

Shares Identity Protection's limit of one request a second per tenant, for all applications
(learn.microsoft.com/graph/throttling-limits), and so its turns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from shared.clients.graph import Graph
from shared.model import Json, ObjectId, Value

POLICY_READ_ALL: Final = "Policy.Read.All"
_EVERYTHING: Final = ("all", "All")
_JUDGED: Final = frozenset({"applications", "clientAppTypes", "users"})
_TARGETS: Final = ("applicationFilter", "includeAuthenticationContextClassReferences")
_GUESTS: Final = "excludeGuestsOrExternalUsers"


class AccessPolicy(Value):
    """A Conditional Access policy: whom it is for, whom it leaves out and what it demands.

    `narrowed` names every condition under which it does not apply to all sign-ins.
    """

    id: str
    name: str
    state: str
    controls: frozenset[str]
    groups: frozenset[ObjectId]
    without_groups: frozenset[ObjectId]
    without_users: frozenset[str]
    without_roles: frozenset[str]
    without_guests: bool
    narrowed: tuple[str, ...] = ()


class AccessPolicies:
    """The standing policies. `take_turn` raises `Transient` instead of asking too early."""

    def __init__(self, source: Graph, *, take_turn: Callable[[], None]) -> None:
        self._graph = source
        self._take_turn = take_turn

    async def all(self) -> tuple[AccessPolicy, ...]:
        """List the policies, every page. Needs Entra ID P1.

        Source: GET /identity/conditionalAccess/policies.
        """
        self._take_turn()
        pages = self._graph.pages(
            lambda g: g.identity.conditional_access.policies.to_get_request_information(),
            permission=POLICY_READ_ALL,
        )
        return tuple([_policy(item) async for item in pages])


def _policy(item: Json) -> AccessPolicy:
    conditions = item.get("conditions") or {}
    users = conditions.get("users") or {}
    return AccessPolicy(
        id=str(item["id"]),
        name=str(item.get("displayName") or item["id"]),
        state=str(item.get("state") or "unknown"),
        controls=_set((item.get("grantControls") or {}).get("builtInControls")),
        groups=_set(users.get("includeGroups")),
        without_groups=_set(users.get("excludeGroups")),
        without_users=_set(users.get("excludeUsers")),
        without_roles=_set(users.get("excludeRoles")),
        without_guests=bool(users.get(_GUESTS)),
        narrowed=(*_narrow_targets(conditions), *_narrow_conditions(conditions)),
    )


def _set(values: Any) -> frozenset[Any]:
    return frozenset(str(value) for value in values or ())


def _narrow_targets(conditions: Json) -> tuple[str, ...]:
    apps = conditions.get("applications") or {}
    all_of_them = apps.get("includeApplications") == ["All"]
    left_out = apps.get("excludeApplications") or any(apps.get(name) for name in _TARGETS)
    return () if all_of_them and not left_out else ("applications",)


def _narrow_conditions(conditions: Json) -> tuple[str, ...]:
    clients = conditions.get("clientAppTypes")
    found = () if clients == ["all"] else ("clientAppTypes",)
    others = sorted(conditions.keys() - _JUDGED)
    return (*found, *(n for n in others if "@odata." not in n and _narrows(conditions[n])))


def _narrows(condition: Any) -> bool:
    """Whether a condition picks out some sign-ins: one this reads wrong, it takes for narrow."""
    if not isinstance(condition, dict):
        return bool(condition) and condition != "none"
    told = {name: value for name, value in condition.items() if value and "@odata." not in name}
    return not all(
        name.startswith("include") and value in ([each] for each in _EVERYTHING)
        for name, value in told.items()
    )
