"""What the tenant reports without being asked: risk detections, and its activity feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskDetection:
    """One detection of Identity Protection. `body` is as Graph shows it."""

    oid: str
    updated_at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """Audit records that became available together."""

    id: str
    created_at: datetime
    records: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class ActivityLog:
    """The activity feed of one content type: whether it was subscribed to, and what it holds."""

    started: bool = False
    contents: list[Content] = field(default_factory=list)
