"""See whether what happens in mailboxes is written down and arrives in the log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from typing import ClassVar, Final

from shared.clients import exchange, graph
from shared.clients.audit import AUDIT_LOG_READ_ALL
from shared.clients.audit_search import AUDIT_SEARCH_READ_ALL
from shared.clients.licences import MOST
from shared.clients.mailbox_lists import Box, Unwritten
from shared.model import Json, Severity
from shared.policy import mailbox_audit
from shared.posture import Certainty, Finding
from shared.sweeps import audit_proof
from shared.sweeps.parts import EXCHANGE, InParts, Part, of_the_whole
from shared.sweeps.sweep import Look, Page

ORGANISATION: Final = "organisation_switch"
INGESTION: Final = "log_ingestion"
BYPASS: Final = "bypass"
_MAILBOXES: Final = 500
"""Mailboxes in a page: each may need its licence looked up, fifteen at a time."""
_ACCOUNTS: Final = 1000


async def _organisation(look: Look, _: Json) -> Page:
    if await look.tenant.auditing.organisation_audits():
        return Page()
    said = "Auditing is switched off for the whole organisation: no mailbox is audited"
    here = look.tenant.id
    return of_the_whole(ORGANISATION, said, Severity.HIGH, mended_at=here, AuditDisabled="True")


async def _ingestion(look: Look, _: Json) -> Page:
    if await look.tenant.auditing.reaches_the_log():
        return Page()
    said = "Nothing reaches the unified audit log, and no alert policy can fire"
    switch = {"UnifiedAuditLogIngestionEnabled": "False"}
    return of_the_whole(INGESTION, said, Severity.HIGH, mended_at=look.tenant.id, **switch)


async def _mailboxes(look: Look, at: Json) -> Page:
    boxes, link = await look.tenant.mailboxes.boxes(size=_MAILBOXES, link=at.get("link"))
    unsure = [box.object_id for box in boxes if mailbox_audit.asks_licence(box)]
    plans = await look.tenant.licences.plans(unsure)
    return Page(
        findings=tuple(
            finding
            for box in boxes
            for finding in mailbox_audit.judge(box, plans.get(box.object_id))
        ),
        tally={"new mailboxes": float(sum(_new(box, look) for box in boxes))},
        subjects=len(boxes),
        calls=1 + ceil(len(unsure) / MOST),
        next={"link": link} if link else None,
    )


async def _bypasses(look: Look, at: Json) -> Page:
    accounts, link = await look.tenant.mailboxes.unwritten(size=_ACCOUNTS, link=at.get("link"))
    found = tuple(_bypass(account) for account in accounts if account.bypassed is not False)
    return Page(findings=found, next={"link": link} if link else None)


def _bypass(account: Unwritten) -> Finding:
    return Finding(
        kind=BYPASS,
        subject=account.object_id,
        account=account.object_id,
        title=f"Nothing that {account.name} does in any mailbox is written down",
        severity=Severity.HIGH,
        weight=1.0,
        evidence={"account": account.name, "AuditBypassEnabled": str(account.bypassed)},
        certainty=Certainty.UNKNOWN if account.bypassed is None else Certainty.SEEN,
    )


def _new(box: Box, look: Look) -> bool:
    since = look.before.started_at if look.before else None
    return since is not None and box.created_at is not None and box.created_at > since


class MailboxAuditing(InParts):
    """See whether what happens in mailboxes is written down and arrives in the log.

    Reads the organisation's two switches, every mailbox's own settings against what its licence
    should have, and everybody who may act unseen; and looks for one event of the day before
    yesterday in the unified log. Group mailboxes have a fixed set and are not read; rooms are not
    audited.
    """

    every = timedelta(days=1)
    budget = EXCHANGE
    calls_per_page = 1 + ceil(_MAILBOXES / MOST)
    kinds: ClassVar[Mapping[str, str]] = {
        ORGANISATION: "Find out who switched it off, and ask for it to be mended: "
        "restore_auditing switches it on",
        INGESTION: "Find out who switched it off, and ask for it to be mended: restore_auditing "
        "switches it on; the log begins within an hour",
        BYPASS: "Ask for it to be mended: enable_mailbox_audit takes the bypass away; "
        "accept it for a backup service that needs it",
        mailbox_audit.SWITCH: "Ask for it to be mended: enable_mailbox_audit sets it on",
        mailbox_audit.ACTIONS: "Ask for it to be mended: enable_mailbox_audit lets "
        "Microsoft choose again",
        mailbox_audit.AGE: "Set-Mailbox -AuditLogAgeLimit 90, or more",
        audit_proof.KIND: "Look in Purview for what is missing, and open a case with Microsoft",
    }
    permissions = frozenset(
        {exchange.MANAGE_AS_APP, graph.USER_READ_ALL, AUDIT_LOG_READ_ALL, AUDIT_SEARCH_READ_ALL}
    )
    exchange_roles = frozenset(
        {exchange.MAIL_RECIPIENTS, exchange.AUDIT_LOGS, exchange.VIEW_ONLY_CONFIGURATION}
    )
    parts = (
        # First, because Microsoft takes minutes for a search: its answer is read last.
        Part("ask", frozenset({audit_proof.KIND}), audit_proof.ask),
        Part("organisation", frozenset({ORGANISATION}), _organisation),
        Part("ingestion", frozenset({INGESTION}), _ingestion),
        Part(
            "mailboxes",
            frozenset({mailbox_audit.SWITCH, mailbox_audit.ACTIONS, mailbox_audit.AGE}),
            _mailboxes,
        ),
        Part("bypasses", frozenset({BYPASS}), _bypasses),
        Part("proof", frozenset({audit_proof.KIND}), audit_proof.read),
    )
