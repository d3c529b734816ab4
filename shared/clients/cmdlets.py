"""The Exchange cmdlets we run, by the management role that brings each.

A role is there where its cmdlets are: what Exchange lets an application run is the list of
cmdlets of all roles it holds, and names no role.
Source: learn.microsoft.com/powershell/exchange/find-exchange-cmdlet-permissions
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shared.clients import exchange, mail_flow

BY_ROLE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        exchange.MAIL_RECIPIENTS: frozenset(
            {
                "Get-Mailbox",
                "Set-Mailbox",
                "Get-Recipient",
                "Get-CASMailbox",
                "Set-CASMailbox",
                "Get-MailboxPermission",
                "Add-MailboxPermission",
                "Remove-MailboxPermission",
                "Get-RecipientPermission",
                "Add-RecipientPermission",
                "Remove-RecipientPermission",
                "Get-MailboxFolderStatistics",
                "Get-MailboxFolderPermission",
                "Add-MailboxFolderPermission",
                "Set-MailboxFolderPermission",
                "Remove-MailboxFolderPermission",
                "Get-MailboxCalendarFolder",
                "Set-MailboxCalendarFolder",
            }
        ),
        exchange.USER_OPTIONS: frozenset(
            {"Get-InboxRule", "Enable-InboxRule", "Disable-InboxRule"}
        ),
        exchange.AUDIT_LOGS: frozenset(
            {
                "Get-MailboxAuditBypassAssociation",
                "Set-MailboxAuditBypassAssociation",
                "Get-AdminAuditLogConfig",
                "Set-AdminAuditLogConfig",
            }
        ),
        exchange.TRANSPORT_HYGIENE: frozenset(
            {"Get-BlockedSenderAddress", "Remove-BlockedSenderAddress"}
        ),
        exchange.ORGANIZATION_CONFIGURATION: frozenset({"Set-OrganizationConfig"}),
        exchange.VIEW_ONLY_CONFIGURATION: frozenset(
            {"Get-OrganizationConfig", "Get-TransportConfig"}
        ),
        mail_flow.TRANSPORT_RULES: frozenset(
            {"Get-TransportRule", "Enable-TransportRule", "Disable-TransportRule"}
        ),
        mail_flow.CONNECTORS: frozenset(
            {
                "Get-InboundConnector",
                "Set-InboundConnector",
                "Get-OutboundConnector",
                "Set-OutboundConnector",
            }
        ),
    }
)
TOO_FAR: Final[Mapping[str, str]] = MappingProxyType(
    {
        "New-ManagementRoleAssignment": "Role Management",
        "New-MailboxExportRequest": "Mailbox Import Export",
        "Remove-Mailbox": "Mail Recipient Creation",
    }
)
"""Cmdlets of far-reaching roles that nothing of ours runs, and the role that brings each."""
