"""What the unified audit log says an account did in its mailbox, its files and the directory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from lab.tenant.logbook import AuditRecord
from lab.tenant.world import World


class AuditTrail:
    """Writes rows about one account."""

    def __init__(self, world: World, oid: str) -> None:
        self._world = world
        self._upn = world.state.users[oid].upn

    def mail_read(self, count: int, *, at: datetime, ip: str) -> None:
        """Write that mail items were bound; what happens within two minutes is one row."""
        details = {"MailAccessType": "Bind", "OperationCount": count}
        self._write("MailItemsAccessed", "Exchange", "ExchangeItemAggregated", at, ip, details)

    def downloaded(self, name: str, *, at: datetime, ip: str) -> None:
        """Write that a file was downloaded."""
        details = {"ItemType": "File", "SourceFileName": name}
        self._write("FileDownloaded", "OneDrive", "SharePointFileOperation", at, ip, details)

    def rule_made(self, name: str, *, at: datetime, ip: str, **parameters: str) -> None:
        """Write that an inbox rule was made, with the cmdlet's parameters."""
        given = {"Name": name, **parameters}
        self._admin("New-InboxRule", given, at, ip)

    def forwarded(self, target: str, *, at: datetime, ip: str) -> None:
        """Write that the mailbox was made to forward."""
        given = {"ForwardingSmtpAddress": f"smtp:{target}", "DeliverToMailboxAndForward": "True"}
        self._admin("Set-Mailbox", given, at, ip)

    def consented(self, app: str, *, at: datetime, ip: str) -> None:
        """Write that the account consented to an application."""
        details = {"Target": [{"ID": app, "Type": 2}]}
        self._write("Consent to application.", "Entra", "AzureActiveDirectory", at, ip, details)

    def _admin(self, cmdlet: str, given: dict[str, str], at: datetime, ip: str) -> None:
        parameters = [{"Name": name, "Value": value} for name, value in given.items()]
        self._write(cmdlet, "Exchange", "ExchangeAdmin", at, ip, {"Parameters": parameters})

    def _write(
        self,
        operation: str,
        service: str,
        kind: str,
        at: datetime,
        ip: str,
        details: dict[str, Any],
    ) -> None:
        record = AuditRecord(
            id=self._world.guid(),
            at=at,
            operation=operation,
            service=service,
            kind=kind,
            upn=self._upn,
            object_id=self._upn,
            ip=ip,
            details=details,
        )
        self._world.state.logbook.records.append(record)
