"""Graph, Exchange and the token endpoint, simulated."""

from __future__ import annotations

from lab.tenant.settings import TenantSettings
from lab.tenant.simulated import SimulatedTenant

__all__ = ["SimulatedTenant", "TenantSettings"]
