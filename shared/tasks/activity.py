"""What the account did since the compromise, out of the unified audit log, kept and counted.

The search runs on Microsoft's side for minutes. It has a name made of the case and the question, so
that a pass after a crash finds the one that was started and starts no other.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from shared.clients.audit_search import AUDIT_SEARCH_READ_ALL, AuditRecord
from shared.clients.tenant import Tenant
from shared.model import Case, CaseId, Event, Utc, Value, number_of
from shared.needs import Needs
from shared.pages.findings import Counted, Summary
from shared.store.verbs import Store
from shared.tasks.ledger import Line
from shared.tasks.questions import Question
from shared.tasks.sealed import seal

NEEDS: Final = Needs(
    what="Look up what an account did since the compromise",
    permissions=frozenset({AUDIT_SEARCH_READ_ALL}),
)
MOST: Final = 20_000
"""Rows that are kept; where there are more, that is said."""
_SHOWN: Final = 30
_READ: Final = "MailItemsAccessed"
_DOWNLOADS: Final = frozenset({"FileDownloaded", "FileSyncDownloadedFull"})
_RULES: Final = frozenset(
    {"Enable-InboxRule", "New-InboxRule", "Set-InboxRule", "Set-Mailbox", "UpdateInboxRules"}
)
_CONSENTS: Final = frozenset({"Consent to application."})


class AccountActivity(Value):
    """All rows about an account since a moment, as they are kept."""

    case: CaseId
    since: Utc
    complete: bool
    records: tuple[AuditRecord, ...]


async def ask(case: Case, question: Question, tenant: Tenant, store: Store) -> Line:
    """Collect what was found and keep it. Raises `Transient` until Microsoft has finished."""
    records = await tenant.searches.collect(
        f"firebreak {case.id} {question}",
        who=case.account.upn,
        operations=(),
        since=case.compromised_since,
        most=MOST,
    )
    found = AccountActivity(
        case=case.id,
        since=case.compromised_since,
        complete=len(records) < MOST,
        records=records,
    )
    facts = await seal(found, store, case=case)
    summary = summed(found).model_dump(mode="json")
    data = {**facts, "question": question, "activity": True, "summary": summary}
    said = (
        f"The audit log has {number_of(len(records), 'row')} of what the account did ({question})"
    )
    return Line(event=Event.SEARCHED, text=said, data=data)


def summed(found: AccountActivity) -> Summary:
    """Count what an analyst asks for first."""
    operations = Counter(record.operation for record in found.records)
    addresses = Counter(record.ip for record in found.records if record.ip)
    return Summary(
        records=len(found.records),
        complete=found.complete,
        mail_items=sum(_items(r) for r in found.records if r.operation == _READ),
        downloads=sum(operations[name] for name in _DOWNLOADS),
        rules=sum(operations[name] for name in _RULES),
        consents=sum(operations[name] for name in _CONSENTS),
        operations=_counted(operations),
        addresses=_counted(addresses),
    )


def _items(record: AuditRecord) -> int:
    """Count the items of one row: what was bound within two minutes is one row."""
    said = record.details.get("OperationCount")
    return said if isinstance(said, int) else 1


def _counted(of: Counter[str]) -> tuple[Counted, ...]:
    return tuple(Counted(name=name, count=count) for name, count in of.most_common(_SHOWN))
