"""Conditional Access: the policies that stand, as far as they decide whom they block.

Shares Identity Protection's limit of one request a second per tenant, for all applications
(learn.microsoft.com/graph/throttling-limits), so its allowance too.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from pydantic import Field

from shared.clients.graph import Graph
from shared.model import Json, ObjectId, Value

POLICY_READ_ALL: Final = "Policy.Read.All"
SOME_TENANTS: Final = "some"
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
    users: frozenset[str] = frozenset()
    """Object ids, or `All`, or `GuestsOrExternalUsers`."""
    roles: frozenset[str] = frozenset()
    """Role definitions."""
    guests: frozenset[str] = frozenset()
    """The kinds of guest it is for; one called `some` says that not every home tenant is meant."""
    guests_left_out: frozenset[str] = frozenset()
    needs_all: bool = False
    """Whether every demand is to be met, not one of them."""
    strength: frozenset[str] | None = Field(default=None)
    """The combinations of methods that pass; empty where Graph names none, `None` for no demand."""
    other_demands: bool = False
    """Whether terms of use or another product may be asked for as well."""


class AccessPolicies:
    """The standing policies. `remembering` shares one reading among the plans of one pass."""

    def __init__(
        self,
        source: Graph,
        *,
        memory: dict[str, asyncio.Task[tuple[AccessPolicy, ...]]] | None = None,
    ) -> None:
        self._graph = source
        self._memory = memory

    def remembering(self) -> AccessPolicies:
        """Make a view that asks once."""
        return AccessPolicies(self._graph, memory={})

    async def all(self) -> tuple[AccessPolicy, ...]:
        """List the policies, every page. Needs Entra ID P1.

        Source: GET /identity/conditionalAccess/policies.
        """
        if self._memory is None:
            return await self._read()
        if "all" not in self._memory:
            self._memory["all"] = asyncio.ensure_future(self._read())
        return await asyncio.shield(self._memory["all"])

    async def _read(self) -> tuple[AccessPolicy, ...]:
        pages = self._graph.pages(
            lambda g: g.identity.conditional_access.policies.to_get_request_information(),
            permission=POLICY_READ_ALL,
        )
        return tuple([_policy(item) async for item in pages])

    async def security_defaults(self) -> bool | None:
        """Read whether security defaults are on; `None` where Graph does not say.

        Source: GET /policies/identitySecurityDefaultsEnforcementPolicy.
        """
        found = await self._graph.get(
            lambda g: (
                g.policies.identity_security_defaults_enforcement_policy.to_get_request_information()
            ),
            permission=POLICY_READ_ALL,
        )
        enabled = found.get("isEnabled")
        return enabled if isinstance(enabled, bool) else None


def _policy(item: Json) -> AccessPolicy:
    conditions = item.get("conditions") or {}
    users = conditions.get("users") or {}
    grant = item.get("grantControls") or {}
    return AccessPolicy(
        id=str(item["id"]),
        name=str(item.get("displayName") or item["id"]),
        state=str(item.get("state") or "unknown"),
        controls=_set(grant.get("builtInControls")),
        groups=_set(users.get("includeGroups")),
        without_groups=_set(users.get("excludeGroups")),
        without_users=_set(users.get("excludeUsers")),
        without_roles=_set(users.get("excludeRoles")),
        without_guests=bool(users.get(_GUESTS)),
        narrowed=(*_narrow_targets(conditions), *_narrow_conditions(conditions)),
        users=_set(users.get("includeUsers")),
        roles=_set(users.get("includeRoles")),
        guests=_guests(users.get("includeGuestsOrExternalUsers")),
        guests_left_out=_guests(users.get(_GUESTS)),
        needs_all=grant.get("operator") == "AND",
        strength=_strength(grant.get("authenticationStrength")),
        other_demands=bool(grant.get("termsOfUse") or grant.get("customAuthenticationFactors")),
    )


def _guests(meant: Json | None) -> frozenset[str]:
    """Read kinds of guest. Source: conditionalAccessGuestsOrExternalUsers, a list with commas."""
    if not meant:
        return frozenset()
    kinds = str(meant.get("guestOrExternalUserTypes") or "").split(",")
    tenants = meant.get("externalTenants") or {}
    some = [SOME_TENANTS] if tenants.get("membershipKind", "all") != "all" else []
    return frozenset([kind.strip() for kind in kinds if kind.strip()] + some)


def _strength(found: Json | None) -> frozenset[str] | None:
    return None if not found else _set(found.get("allowedCombinations"))


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
