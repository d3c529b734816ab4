"""What a provider's list of tenants shows: for each, what waits and whether it is paused."""

from __future__ import annotations

from shared.model import Mode, Utc, Value


class TenantLine(Value):
    """One tenant, in short."""

    name: str
    """Empty for the provider's own."""
    title: str
    base: str
    """What the paths of its pages begin with."""
    people: int
    """Cases that wait for a person."""
    running: int
    ceiling: Mode
    """How far its switches let anything go; below `enforce` it is paused."""
    paused_by: str = ""


class TenantsView(Value):
    """The tenants that one reader may see."""

    at: Utc
    tenants: tuple[TenantLine, ...]
