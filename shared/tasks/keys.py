"""Where everything is stored: partitions and keys, the tenant always first.

tenant|inbox          alert:ID  todo:ID                  what came in, and what waits for triage
                      shown:TIME:ID  person:TIME:ID      alerts without a case; those for people
                      heard:SOURCE                       when a source was heard last
tenant|cases          TIME:ID  open:TIME:ID  todo:ID     the list of cases, newest first
                      awaited:TIME:ID                    what people are asked, first ending first
tenant|outbox                  TIME:EVENT                what somebody should be told, oldest first
tenant|deliveries     due: dead: EVENT:CHANNEL           what is being told to whom, and what failed
                      sent:DAY:EVENT:CHANNEL             what was told, for a week
                      ticket:CASE:CHANNEL                the ticket that a case has there
tenant|case|ID        case  journal:00000001  task:NAME  one case: all of it in one transaction
                      seal                      what the other rows of the case say
tenant|account|OID    episode  lock                      the open case, and who works on it now
tenant|brakes         pause radius directory burst:RULE  the kill switch and the counters
                      absent                             lines of [protected] that name nobody
                      pause-all                          a provider's switch over all its tenants
tenant|sweeps         lease  run:SWEEP                   which sweep reads now, and how far each is
tenant|sweep|NAME     history:TIME:RUN  kept:KEY         a sweep's runs, newest first; its memory
                      decision:TIME:ID                   what was decided about a control
tenant|findings|NAME  ID                                 one finding a row, spread evenly by id
tenant|schema         list_of_cases  list_of_alerts   how far an upgrade has brought each list
                      list_of_awaited                  how far rows and lines were compared
tenant|audit          line:00000001  head       what is no case's: a chain, and where it ends
                      anchor:DAY                what all chains said on that day
tenant|erasures       order:ID  done:TIME:ID    whose data is being erased; what was, naming nobody
                      held:DIGEST               blobs that may not be erased yet
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from shared.model import AlertId, Case, CaseId, ObjectId, ResponderName, TenantId
from shared.posture import Run, SweepName
from shared.store.verbs import Partition, partition

ABSENT: Final = "absent"
ANCHOR: Final = "anchor:"
AWAITED: Final = "awaited:"
BURST: Final = "burst:"
DUE: Final = "due:"
DEAD: Final = "dead:"
SENT: Final = "sent:"
CASE: Final = "case"
DONE: Final = "done:"
DIRECTORY: Final = "directory"
EPISODE: Final = "episode"
DECISION: Final = "decision:"
HISTORY: Final = "history:"
KEPT: Final = "kept:"
LEASE: Final = "lease"
HELD: Final = "held:"
ORDER: Final = "order:"
PERSON: Final = "person:"
HEAD: Final = "head"
LINE: Final = "line:"
LOCK: Final = "lock"
OPEN: Final = "open:"
PAUSE: Final = "pause"
PAUSE_ALL: Final = "pause-all"
"""A provider's switch over all its tenants, beside its own."""
RADIUS: Final = "radius"
ALERT: Final = "alert:"
HEARD: Final = "heard:"
JOURNAL: Final = "journal:"
LISTED_BY: Final = "list_of_cases"
ALERTS_LISTED_BY: Final = "list_of_alerts"
AWAITED_BY: Final = "list_of_awaited"
LISTED: Final = "0"
"""How the keys of all lines of the list begin: a time of this century has a leading zero."""
RUN: Final = "run:"
SEAL: Final = "seal"
SHOWN: Final = "shown:"
TASK: Final = "task:"
TICKET: Final = "ticket:"
TODO: Final = "todo:"

_END: Final = datetime(2286, 1, 1, tzinfo=UTC)


def inbox(tenant: TenantId) -> Partition:
    """Name the partition of a tenant's alerts."""
    return partition(tenant, "inbox")


def cases(tenant: TenantId) -> Partition:
    """Name the partition that lists a tenant's cases."""
    return partition(tenant, "cases")


def case(tenant: TenantId, case_id: CaseId) -> Partition:
    """Name the partition of one case."""
    return partition(tenant, "case", case_id)


def outbox(tenant: TenantId) -> Partition:
    """Name the partition of what somebody should be told."""
    return partition(tenant, "outbox")


def deliveries(tenant: TenantId) -> Partition:
    """Name the partition of what is being told to whom."""
    return partition(tenant, "deliveries")


def account(tenant: TenantId, oid: ObjectId) -> Partition:
    """Name the partition of one account."""
    return partition(tenant, "account", oid)


def brakes(tenant: TenantId) -> Partition:
    """Name the partition of a tenant's kill switch and counters."""
    return partition(tenant, "brakes")


def sweeps(tenant: TenantId) -> Partition:
    """Name the partition of a tenant's lease and runs; one transaction holds both."""
    return partition(tenant, "sweeps")


def sweep(tenant: TenantId, name: SweepName) -> Partition:
    """Name the partition of one sweep's history and memory."""
    return partition(tenant, "sweep", name)


def findings(tenant: TenantId, name: SweepName) -> Partition:
    """Name the partition of one sweep's findings."""
    return partition(tenant, "findings", name)


def schema(tenant: TenantId) -> Partition:
    """Name the partition that says which version wrote the tenant's lists."""
    return partition(tenant, "schema")


def run_row(name: SweepName) -> str:
    """Name the row of a sweep's latest run."""
    return f"{RUN}{name}"


def decision_row(at: datetime, what: str) -> str:
    """Name the row of a decision about a control; newest sorts first."""
    return f"{DECISION}{_newest_first(at)}:{what}"


def history_row(run: Run) -> str:
    """Name the row of a run that ended; newest sorts first."""
    return f"{HISTORY}{_newest_first(run.started_at)}:{run.id}"


def audit(tenant: TenantId) -> Partition:
    """Name the partition of a tenant's audit trail and anchors."""
    return partition(tenant, "audit")


def erasures(tenant: TenantId) -> Partition:
    """Name the partition of what is being erased."""
    return partition(tenant, "erasures")


def order_row(order: str) -> str:
    """Name the row of an erasure that is under way."""
    return f"{ORDER}{order}"


def done_row(at: datetime, order: str) -> str:
    """Name the row of an erasure that was done by when it was asked for; newest sorts first."""
    return f"{DONE}{_newest_first(at)}:{order}"


def line_row(seq: int) -> str:
    """Name the row of a line of the audit trail; sorts in the order of the lines."""
    return f"{LINE}{seq:08}"


def anchor_row(day: date) -> str:
    """Name the row of a day's anchor; sorts in the order of the days."""
    return f"{ANCHOR}{day.isoformat()}"


def burst_row(rule: str) -> str:
    """Name the row that counts a rule's new cases."""
    return f"{BURST}{rule}"


def alert_row(alert: AlertId) -> str:
    """Name the row of an alert."""
    return f"{ALERT}{alert}"


def heard_row(source: str) -> str:
    """Name the row that says when a source was heard last."""
    return f"{HEARD}{source}"


def todo_row(what: AlertId | CaseId) -> str:
    """Name the row that says: this is not finished."""
    return f"{TODO}{what}"


def journal_row(seq: int) -> str:
    """Name the row of a journal line; sorts in the order of the lines."""
    return f"{JOURNAL}{seq:08}"


def task_row(responder: ResponderName) -> str:
    """Name the row of a task."""
    return f"{TASK}{responder}"


def shown_row(at: datetime, alert: AlertId) -> str:
    """Name the row of an alert that a person should see; newest sorts first."""
    return f"{SHOWN}{_newest_first(at)}:{alert}"


def person_row(at: datetime, alert: AlertId) -> str:
    """Name the second row of an alert that waits for a person, so that those are found at once."""
    return f"{PERSON}{_newest_first(at)}:{alert}"


def in_list(lines: str, key: str) -> str:
    """Name the row of an alert in one of its lists, `SHOWN` or `PERSON`, by its row in either."""
    return f"{lines}{key.removeprefix(SHOWN).removeprefix(PERSON)}"


def notice_row(at: datetime, event: str) -> str:
    """Name the row of a notice; oldest sorts first."""
    return f"{int(at.timestamp() * 1000):014}:{event}"


def sent_row(at: datetime, delivery: str) -> str:
    """Name the row of what was told; oldest day sorts first."""
    return f"{SENT}{at:%Y%m%d}:{delivery}"


def ticket_row(case_id: CaseId, channel: str) -> str:
    """Name the row of the ticket that a channel keeps for a case."""
    return f"{TICKET}{case_id}:{channel}"


def list_row(case_: Case) -> str:
    """Name the row of a case in the list of cases; newest sorts first."""
    return f"{_newest_first(case_.opened_at)}:{case_.id}"


def opened_before(at: datetime) -> str:
    """Name the place in the list of cases behind which all were opened before a moment."""
    return _newest_first(at)


def open_row(case_: Case) -> str:
    """Name the second row of a case that is not settled, so that those are found at once."""
    return f"{OPEN}{list_row(case_)}"


def awaited_row(expires_at: datetime | None, case_id: CaseId) -> str:
    """Name the row of a case that waits for an answer; what is given up first sorts first.

    One of which that is not known sorts before all others.
    """
    moment = int(expires_at.timestamp() * 1000) if expires_at else 0
    return f"{AWAITED}{moment:014}:{case_id}"


def _newest_first(at: datetime) -> str:
    return f"{int((_END - at).total_seconds() * 1000):014}"
