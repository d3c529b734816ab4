"""Alerts that Defender raised: about the intruder, and an old one that an analyst has closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from lab.carrier_alerts import suspicious_forwarding
from lab.footholds import Foothold
from lab.stage import Stage


def plant(stage: Stage, oid: str) -> list[Foothold]:
    """Raise two alerts about the intruder; an older one keeps its verdict."""
    _raise(stage, oid, days=40, status="resolved", classification="falsePositive")
    kept = _raise(stage, oid, days=20, status="inProgress")
    alerts = stage.tenant.state.alerts
    before = alerts[kept]
    stage.owned["older alert that an analyst works on"] = lambda: alerts[kept] == before
    _raise(stage, oid)
    _raise(stage, oid, status="inProgress", classification="truePositive")
    return []


def _raise(stage: Stage, oid: str, *, days: int = 0, **grades: Any) -> str:
    at = stage.since + timedelta(minutes=1) - timedelta(days=days)
    alerts = stage.tenant.state.alerts
    known = set(alerts)
    suspicious_forwarding(stage.tenant, stage.user(oid), at=at)
    (added,) = set(alerts) - known
    alerts[added] = replace(alerts[added], **grades)
    return added
