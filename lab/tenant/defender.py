"""What Microsoft Defender knows: its alerts and how people graded them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A line below an alert; comments only grow."""

    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAlert:
    """An alert about one account. `body` is what never changes of it, as Graph shows it."""

    oid: str
    raised_at: datetime
    body: dict[str, Any]
    status: str = "new"
    classification: str | None = None
    determination: str | None = None
    updated_at: datetime
    comments: tuple[Comment, ...] = ()
