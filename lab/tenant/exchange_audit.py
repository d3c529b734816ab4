"""Whether anything is audited, and whose deeds are not, as Exchange shows and sets it."""

from __future__ import annotations

from dataclasses import replace

from lab.tenant.answers import ExchangeRefusal
from lab.tenant.cmdlets import Json, Output, Run, binding, cmdlet
from lab.tenant.state import Mailbox


@cmdlet(
    "Get-MailboxAuditBypassAssociation", role="Audit Logs", parameters=("Identity", "ResultSize")
)
def get_bypass(run: Run) -> Output:
    """Show whether what an account, or each of them, does goes unwritten."""
    if run.asked("Identity"):
        return [_bypass(run.mailbox("Identity"))]
    return run.listed(run.world.state.mailboxes.values(), _bypass)


@cmdlet(
    "Set-MailboxAuditBypassAssociation",
    role="Audit Logs",
    parameters=("Identity", "AuditBypassEnabled", "Confirm"),
)
def set_bypass(run: Run) -> Output:
    """Let what an account does go unwritten, or no longer."""
    mailbox = run.mailbox("Identity")
    if not run.asked("AuditBypassEnabled"):
        raise binding("Cannot process command because of a missing parameter: AuditBypassEnabled.")
    on = run.switch("AuditBypassEnabled")
    run.world.change_mailbox(mailbox.oid, auditing=replace(mailbox.auditing, bypass=on))
    run.wrote(mailbox.oid, f"audit bypass: {'on' if on else 'off'}")
    return []


@cmdlet("Get-OrganizationConfig", role="View-Only Configuration", parameters=())
def get_organization_config(run: Run) -> Output:
    """Show the organisation's settings, as far as somebody asks for them here."""
    return [{"Name": "contoso.example", "AuditDisabled": run.world.state.audit_disabled}]


@cmdlet(
    "Set-OrganizationConfig",
    role="Organization Configuration",
    parameters=("AuditDisabled", "Confirm"),
)
def set_organization_config(run: Run) -> Output:
    """Switch the auditing of all mailboxes off or on."""
    _customised(run)
    if not run.asked("AuditDisabled"):
        raise binding("Cannot process command because of a missing parameter: AuditDisabled.")
    run.world.state.audit_disabled = run.switch("AuditDisabled")
    run.wrote("", f"organisation: AuditDisabled {run.world.state.audit_disabled}")
    return []


@cmdlet("Get-AdminAuditLogConfig", role="Audit Logs", parameters=())
def get_admin_audit_log_config(run: Run) -> Output:
    """Show whether anything reaches the unified audit log."""
    ingests = run.world.state.log_ingestion
    return [{"Name": "Admin Audit Log Settings", "UnifiedAuditLogIngestionEnabled": ingests}]


@cmdlet(
    "Set-AdminAuditLogConfig",
    role="Audit Logs",
    parameters=("UnifiedAuditLogIngestionEnabled", "Confirm"),
)
def set_admin_audit_log_config(run: Run) -> Output:
    """Let what is audited reach the unified audit log, or not."""
    _customised(run)
    if not run.asked("UnifiedAuditLogIngestionEnabled"):
        raise binding("Cannot process command because of a missing parameter.")
    run.world.state.log_ingestion = run.switch("UnifiedAuditLogIngestionEnabled")
    run.wrote("", f"organisation: unified audit log {run.world.state.log_ingestion}")
    return []


def _customised(run: Run) -> None:
    """Refuse where the organisation's settings still lie in Microsoft's common place."""
    if run.world.state.customised:
        return
    kind = "Microsoft.Exchange.Configuration.Tasks.InvalidOperationInDehydratedContextException"
    raise ExchangeRefusal(
        400,
        kind,
        "The command you tried to run isn't currently allowed in your organization. To run this "
        "command, you first need to run the command: Enable-OrganizationCustomization.",
    )


def _bypass(mailbox: Mailbox) -> Json:
    return {
        "Identity": mailbox.alias,
        "Name": mailbox.alias,
        "ObjectId": mailbox.oid,
        "AuditBypassEnabled": mailbox.auditing.bypass,
    }
