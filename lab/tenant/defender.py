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


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityIncident:
    """How people graded an incident; its alerts name it. `oid` is whom its first alert is about."""

    oid: str
    status: str = "active"
    classification: str | None = None
    determination: str | None = None
    updated_at: datetime
    comments: tuple[Comment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Where one recipient's copy of a message went and lies now, in Graph's words."""

    recipient: str
    status: str = "delivered"
    location: str = "inbox_folder"
    purged_at: datetime | None = None
    """When it was asked to be removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """A message that an account sent; `id` is its network message id."""

    id: str
    oid: str
    sender: str
    at: datetime
    subject: str
    ip: str
    deliveries: tuple[Delivery, ...]
    threats: tuple[str, ...] = ()
    """What Defender takes it for: phish, spam, malware."""
    size: int = 24_000
