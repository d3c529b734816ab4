"""Incidents of Sentinel: one about the intruder's account, one that an analyst has closed."""

from __future__ import annotations

import uuid
from typing import Any

from lab.footholds import Foothold
from lab.stage import Stage
from lab.tenant.sentinel import Incident, account_entity


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Raise an incident about the account; an older one keeps its verdict."""
    _raise(stage, oid, "new")
    kept = _raise(stage, oid, "old", status="Closed", classification="FalsePositive")
    incidents = stage.tenant.workspace.incidents
    before = incidents[kept]
    stage.owned["Sentinel incident that an analyst has closed"] = lambda: incidents[kept] == before
    return []


def _raise(stage: Stage, oid: str, which: str, **wishes: Any) -> str:
    name = str(uuid.uuid5(uuid.UUID(oid), which))
    stage.tenant.workspace.incidents[name] = Incident(
        name=name,
        title="Atypical travel",
        product="Azure Active Directory Identity Protection",
        created_at=stage.since,
        entities=(account_entity(oid, aadUserId=oid),),
        **wishes,
    )
    return name
