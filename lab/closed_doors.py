"""An account as containment leaves it: sign-in blocked, and in the group that a policy blocks."""

from __future__ import annotations

from lab.registrations import Registrations
from lab.tenant import SimulatedTenant


def shut(tenant: SimulatedTenant, oid: str) -> None:
    """Close both doors."""
    tenant.change_user(oid, enabled=False)
    group = Registrations(tenant).quarantine()
    held = tenant.state.memberships.get(oid) or frozenset()
    tenant.state.memberships.put(oid, held | {group}, at=tenant.now())
