"""Whether anything is audited, and whose deeds are not, as Exchange shows and sets it."""

from __future__ import annotations

from dataclasses import replace

from lab.tenant.cmdlets import Output, Run, binding, cmdlet


@cmdlet(
    "Get-MailboxAuditBypassAssociation", role="Audit Logs", parameters=("Identity", "ResultSize")
)
def get_bypass(run: Run) -> Output:
    """Show whether what an account does goes unwritten."""
    mailbox = run.mailbox("Identity")
    return [
        {
            "Identity": mailbox.alias,
            "Name": mailbox.alias,
            "ObjectId": mailbox.oid,
            "AuditBypassEnabled": mailbox.auditing.bypass,
        }
    ]


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
