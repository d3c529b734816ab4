"""What Microsoft's services write down: sign-ins and the unified audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in; `error` is Entra's code, 0 for a success."""

    id: str
    oid: str
    at: datetime
    ip: str
    app: str = "Office 365 Exchange Online"
    client: str = "Browser"
    error: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """A row of the unified audit log. `service` is the workload, `kind` the record's type."""

    id: str
    at: datetime
    operation: str
    service: str
    kind: str
    upn: str
    object_id: str
    ip: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """A search of the unified audit log; empty filters let everything through."""

    id: str
    name: str | None
    started_at: datetime
    start: datetime | None
    end: datetime | None
    upns: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    def wants(self, record: AuditRecord) -> bool:
        """Whether the search looks for this record."""
        within = (self.start is None or record.at >= self.start) and (
            self.end is None or record.at <= self.end
        )
        return (
            within
            and (not self.upns or record.upn.casefold() in {u.casefold() for u in self.upns})
            and (not self.operations or record.operation in self.operations)
            and (not self.services or record.service in self.services)
        )


class Logbook:
    """Both logs of a tenant, in the order in which things were written down."""

    def __init__(self) -> None:
        self.sign_ins: list[SignIn] = []
        self.records: list[AuditRecord] = []
        self.searches: dict[str, AuditSearch] = {}
        self.given_up: set[str] = set()
        """Searches that Microsoft failed to finish."""
