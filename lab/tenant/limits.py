"""Microsoft's published limits, counted as the service counts them.

Source: https://learn.microsoft.com/graph/throttling-limits. Exchange's own REST interface has no
published limit and is not throttled here.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Service(StrEnum):
    """A part of Graph with limits and manners of its own."""

    DIRECTORY = "identity and access"
    IDENTITY_PROTECTION = "identity protection"
    OUTLOOK = "outlook"
    REPORTS = "identity and access reports"
    SECURITY = "security"
    SECURE_SCORE = "secure score"
    TRACING = "message trace"
    FILES = "sharepoint and onedrive"


class Advice(StrEnum):
    """Whether a 429 says how long to wait."""

    RETRY_AFTER = "Retry-After"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` units in `window` seconds."""

    name: str
    most: int
    window: float
    advice: Advice = Advice.RETRY_AFTER


_OUTLOOK: Final = Limit("outlook, per application and mailbox", 10_000, 600.0)
_CONCURRENT: Final = 4
_ALONGSIDE: Final = {
    Service.OUTLOOK: "outlook, MailboxConcurrency",
    Service.SECURE_SCORE: "secure score, concurrency",
}
"""Services that answer few calls of one application (and mailbox) side by side."""
_DIRECTORY_WRITES: Final = Limit("identity and access, writes", 3_000, 150.0)
_OTHERS: Final = {
    Service.IDENTITY_PROTECTION: Limit("identity protection, per tenant", 1, 1.0, Advice.SILENT),
    Service.REPORTS: Limit("identity and access reports, per application", 5, 10.0),
    Service.SECURITY: Limit("security, per application", 150, 60.0),
    # 1,250 resource units a minute for up to 1,000 licences, and five for what is about sharing.
    Service.FILES: Limit("sharepoint, per application", 250, 60.0),
    Service.TRACING: Limit("message trace, per tenant", 100, 300.0),
}
_SECURE_SCORE: Final = Limit("secure score, per application", 10_000, 600.0)
_SMALL_TENANT: Final = 50
_LARGE_TENANT: Final = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """The limit that was hit, and how long to wait in seconds, where the service says so."""

    limit: str
    retry_after: int | None


class Limits:
    """Sliding windows over what was admitted; a refused call costs nothing more."""

    def __init__(self) -> None:
        self._spent: dict[str, deque[tuple[datetime, int]]] = {}
        self._running: Counter[str] = Counter()

    def enter(
        self, service: Service, *, owner: str, cost: int, write: bool, users: int, at: datetime
    ) -> Refused | None:
        """Admit a call or name the limit it hits. `owner` is the mailbox for Outlook."""
        if service in _ALONGSIDE and self._running[owner] >= _CONCURRENT:
            return Refused(_ALONGSIDE[service], 1)
        match service:
            case Service.OUTLOOK:
                return self._spend(_OUTLOOK, cost=1, at=at, owner=owner)
            case Service.SECURE_SCORE:
                # It counts towards what the service takes of anything, too.
                return self._spend(_OTHERS[Service.SECURITY], cost=1, at=at) or self._spend(
                    _SECURE_SCORE, cost=1, at=at
                )
            case other if other in _OTHERS:
                return self._spend(_OTHERS[other], cost=1, at=at)
            case Service.DIRECTORY if write:
                return self._spend(_DIRECTORY_WRITES, cost=1, at=at)
            case _:
                return self._spend(_bucket(users), cost=cost, at=at)

    def begin(self, owner: str) -> None:
        """Count a call that is being answered."""
        self._running[owner] += 1

    def end(self, owner: str) -> None:
        """Count a call that has been answered."""
        self._running[owner] -= 1

    def _spend(self, limit: Limit, *, cost: int, at: datetime, owner: str = "") -> Refused | None:
        spent = self._spent.setdefault(f"{limit.name}|{owner}", deque())
        window = timedelta(seconds=limit.window)
        while spent and spent[0][0] <= at - window:
            spent.popleft()
        if sum(units for _, units in spent) + cost > limit.most:
            left = (spent[0][0] + window - at).total_seconds()
            wait = max(1, round(left + 0.5)) if limit.advice is Advice.RETRY_AFTER else None
            return Refused(limit.name, wait)
        spent.append((at, cost))
        return None


def _bucket(users: int) -> Limit:
    if users < _SMALL_TENANT:
        return Limit("identity and access, small tenant", 3_500, 10.0)
    if users <= _LARGE_TENANT:
        return Limit("identity and access, medium tenant", 5_000, 10.0)
    return Limit("identity and access, large tenant", 8_000, 10.0)
