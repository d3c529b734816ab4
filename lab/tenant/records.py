"""What the tenant remembers of those who called it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, whatever came of it. `status` is 0 where the answer was dropped.

    `path` is the template (`/users/{id}`) for Graph and the cmdlet for Exchange.
    """

    method: str
    path: str
    status: int
    at: datetime
    took: float = 0.0
    """Lab seconds until the answer, latency included."""

    @property
    def name(self) -> str:
        """What faults are ordered by: `PATCH /users/{id}`, `Set-Mailbox`."""
        return f"{self.method} {self.path}" if self.path.startswith("/") else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One change that took effect; `what` says it without secrets, `oid` whom it was done to."""

    method: str
    path: str
    actor: str
    at: datetime
    oid: str
    what: str
