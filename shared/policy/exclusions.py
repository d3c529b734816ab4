"""Which groups Conditional Access leaves out, and which of them an account came into. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from shared.clients.access_policies import AccessPolicy
from shared.clients.audit import DirectoryAudit
from shared.model import ObjectId, Utc

_JOINED = "Add member to group"
_IN_FORCE = "enabled"


def left_out(policies: Iterable[AccessPolicy]) -> dict[ObjectId, tuple[str, ...]]:
    """Name, for each group that a policy in force leaves out, the policies that do.

    Every demand counts, not only that for a second factor: whoever is left out of a demand for a
    known device signs in from any. One that is only reported on demands nothing yet.
    """
    found: dict[ObjectId, tuple[str, ...]] = {}
    for policy in policies:
        if policy.state == _IN_FORCE:
            found |= {g: (*found.get(g, ()), policy.name) for g in policy.without_groups}
    return {group: tuple(sorted(names)) for group, names in found.items()}


def joined_since(changes: Iterable[DirectoryAudit]) -> dict[ObjectId, Utc]:
    """Tell when the account was first let into each group, of what the audit log shows."""
    found: dict[ObjectId, Utc] = {}
    for change in sorted(changes, key=lambda change: change.at, reverse=True):
        if change.activity == _JOINED and change.result != "failure":
            found |= {ObjectId(target.id): change.at for target in change.targets if target.id}
    return found
