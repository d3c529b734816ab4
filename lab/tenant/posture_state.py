"""What Microsoft Secure Score knows of the tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StateUpdate:
    """What somebody decided about a control."""

    state: str
    comment: str = ""
    by: str = ""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreControl:
    """One control as Microsoft describes it; `updates` come in no promised order."""

    id: str
    title: str
    category: str = "Identity"
    service: str = "AzureAD"
    maximum: float = 10.0
    rank: int = 1
    cost: str = "Low"
    impact: str = "Low"
    deprecated: bool = False
    updates: tuple[StateUpdate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDay:
    """The score of one day: points by control, shares in per cent, averages over others."""

    at: datetime
    maximum: float
    points: Mapping[str, float]
    shares: Mapping[str, float]
    averages: Mapping[str, float]
    users: int = 100


@dataclass(slots=True)
class Posture:
    """The days and controls there are."""

    days: list[ScoreDay] = field(default_factory=list)
    controls: dict[str, ScoreControl] = field(default_factory=dict)
