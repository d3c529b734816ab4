"""The words of Firebreak as frozen values.

Times are aware and in UTC; a naive time does not construct. Ids are `NewType`s, so that a user
principal name cannot be passed where an object id is meant.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, NewType

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

TenantId = NewType("TenantId", str)
ObjectId = NewType("ObjectId", str)
Upn = NewType("Upn", str)
AlertId = NewType("AlertId", str)
CaseId = NewType("CaseId", str)
TaskId = NewType("TaskId", str)
ResponderName = NewType("ResponderName", str)

Utc = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]
Json = dict[str, Any]

SCHEMA = 2
"""Version of every stored row and blob; a reader that meets a higher one stops instead of guessing.

Older ones are migrated as they are read: see shared.store.schema.
"""


class Value(BaseModel):
    """A frozen value; an unknown field is an error, not a surprise."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def digest(*parts: str, length: int = 32) -> str:
    """Name a thing by what it is: the hex SHA-256 of its parts, shortened to `length`."""
    joined = "\x1f".join(parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:length]


class AlertKind(StrEnum):
    """What an alert says happened."""

    RISKY_SIGN_IN = "risky_sign_in"
    RISKY_USER = "risky_user"
    OUTBOUND_SPAM = "outbound_spam"
    OUTBOUND_SPAM_WARNING = "outbound_spam_warning"
    SUSPICIOUS_FORWARDING = "suspicious_forwarding"
    SUSPICIOUS_INBOX_RULE = "suspicious_inbox_rule"
    CONSENT_PHISHING = "consent_phishing"
    ADMIN_REQUEST = "admin_request"
    HARDENING_REQUEST = "hardening_request"
    UNSUPPORTED = "unsupported"


class Severity(StrEnum):
    """How loud the source was; `unknown` is not `low`."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    UNKNOWN = "unknown"


class AccountRef(Value):
    """Who an alert is about, as the source named them. Never a display name.

    Trust falls from top to bottom: the last two are known on premises only, and name somebody
    where exactly one account of the directory has them.
    """

    object_id: ObjectId | None = None
    upn: Upn | None = None
    mailbox: str | None = None
    sid: str | None = None
    """The Entra SID."""
    on_premises_sid: str | None = None
    windows_name: str | None = None
    """`DOMAIN\\name`, as Windows writes it."""

    @property
    def best(self) -> str | None:
        """The most trustworthy identifier there is."""
        cloud = self.object_id or self.upn or self.mailbox or self.sid
        return cloud or self.on_premises_sid or self.windows_name


class AlertDraft(Value):
    """What a parser read: one alert about at most one account, before anybody gave it an id."""

    native_id: str
    kind: AlertKind
    title: str
    severity: Severity
    occurred_at: Utc | None = None
    account: AccountRef | None = None
    evidence: dict[str, str] = {}


class Place(StrEnum):
    """Where an alert can be read again that came before those it is about."""

    SENTINEL_INCIDENT = "sentinel_incident"
    """An incident of Microsoft Sentinel, by its Azure resource id."""
    GRAPH_INCIDENT = "graph_incident"
    """An incident of Microsoft Defender, by its id in Graph."""
    GRAPH_ALERT = "graph_alert"
    """An alert of Microsoft Defender, by its id in Graph."""
    GRAPH_RISK_DETECTION = "graph_risk_detection"
    """A risk detection of Entra ID Protection, by its id."""
    GRAPH_RISKY_USER = "graph_risky_user"
    """A risky user, by object id."""
    O365_CONTENT = "o365_content"
    """Content of the Office 365 activity feed, by its id there."""
    PIECES = "pieces"
    """What was streamed of one alert in several records, by the alert's id; we kept them."""


class PullName(StrEnum):
    """What can be pulled where nothing pushes."""

    ALERTS = "alerts_v2"
    RISK_DETECTIONS = "risk_detections"
    RESTRICTED_SENDERS = "restricted_senders"
    OFFICE_ACTIVITY = "office_activity"


class Awaited(Value):
    """What an alert waits for: the same thing, as its source will tell it later."""

    place: Place
    id: str


class AlertState(StrEnum):
    """Where an alert stands; the last four are what a person is shown."""

    RECEIVED = "received"
    TRIAGED = "triaged"
    IGNORED = "ignored"
    UNREADABLE = "unreadable"
    UNRESOLVED = "unresolved"
    POISONED = "poisoned"


class Alert(Value):
    """One normalised message from a carrier, stored before it was acknowledged."""

    id: AlertId
    tenant: TenantId
    source: str
    carrier: str
    native_id: str
    kind: AlertKind
    title: str
    severity: Severity
    occurred_at: Utc
    occurred_at_is_receipt: bool = False
    received_at: Utc
    account: AccountRef | None = None
    evidence: dict[str, str] = {}
    awaits: Awaited | None = None
    """Where it is read again, while it does not say yet who it is about."""
    raw: str
    body_erased: bool = False
    """What lay under `raw` was kept as long as the policy says."""
    state: AlertState = AlertState.RECEIVED
    reason: str = ""
    case: CaseId | None = None


class Origin(Value):
    """Where an alert of a case came from: its carrier, its id there, and who sent it."""

    carrier: str
    native_id: str
    source: str = ""


class Who(Value):
    """The two names a change needs: the object id decides, the UPN routes and is shown."""

    object_id: ObjectId
    upn: Upn


class AccountKind(StrEnum):
    """What an account is; one account can be several. Changes the plan, not the responder."""

    CLOUD = "cloud"
    SYNCED = "synced"
    FEDERATED = "federated"
    GUEST = "guest"
    PRIVILEGED = "privileged"
    RESTRICTED = "restricted"
    ORGANISATION = "organisation"
    """No account at all: the organisation itself, an object of the directory like accounts are."""


class MailboxKind(StrEnum):
    """Where an account's mail is, as Exchange Online sees it."""

    OWN = "own"
    SHARED = "shared"
    """Used by people with accounts of their own; nobody needs to sign in to this one."""
    ELSEWHERE = "elsewhere"
    """On premises or with another organisation: nothing in it can be read from here."""
    NONE = "none"


class Account(Value):
    """A directory user as Graph shows it. `None` means unknown, never no.

    Source: GET /users/{id}, GET /users/{id}/transitiveMemberOf, GET /domains.
    """

    object_id: ObjectId
    upn: Upn
    display_name: str = ""
    mail: str | None = None
    enabled: bool | None = None
    kinds: frozenset[AccountKind] = frozenset()
    sessions_valid_from: Utc | None = None
    last_password_change: Utc | None = None
    groups: frozenset[ObjectId] | None = None
    roles: frozenset[str] | None = None
    on_premises_sid: str | None = None
    """How Active Directory on premises knows a synced account."""
    mailbox: MailboxKind | None = None
    """Asked of Exchange while containment runs, so the policy cannot ask for it."""

    @property
    def who(self) -> Who:
        """Its two names."""
        return Who(object_id=self.object_id, upn=self.upn)

    @property
    def is_organisation(self) -> bool:
        """Whether it stands for the organisation itself, so that nobody signs in with it."""
        return AccountKind.ORGANISATION in self.kinds


class Mode(StrEnum):
    """How far a responder goes: report, ask, or do."""

    OBSERVE = "observe"
    APPROVE = "approve"
    ENFORCE = "enforce"


class Phase(StrEnum):
    """The order in which doors close."""

    CONTAIN = "contain"
    EVICT = "evict"
    RECOVER = "recover"
    HARDEN = "harden"
    CLOSE = "close"


PHASES = tuple(Phase)


class CaseStatus(StrEnum):
    """Where a case stands: work is left, a person is needed, or all that was planned is proven."""

    OPEN = "open"
    WAITING = "waiting"
    CONTAINED = "contained"
    OBSERVED = "observed"
    NEEDS_PERSON = "needs_person"
    CLOSED = "closed"


class Leftover(Value):
    """What a change does not settle: a person has to, unless another responder has settled it."""

    reason: str
    steps: tuple[str, ...]
    unless: frozenset[ResponderName] = frozenset()
    way_in: ObjectId | None = None
    """The account or application elsewhere that it is about: looked at again until it is shut."""

    @property
    def check(self) -> str:
        """Name its line of the checklist: the same thing left is the same line."""
        return f"left-{digest(self.reason, length=8)}"


class Case(Value):
    """One account, one episode: all alerts about it join it, all tasks belong to it."""

    id: CaseId
    tenant: TenantId
    account: Account
    status: CaseStatus = CaseStatus.OPEN
    opened_at: Utc
    compromised_since: Utc
    """The earliest evidence of the intruder; plans look at what changed since then."""
    seen_until: Utc
    """The latest moment the intruder is known or feared to have been in: never before opening."""
    alerts: tuple[AlertId, ...] = ()
    origins: tuple[Origin, ...] = ()
    """The same alerts as their sources know them, so that they can be answered there."""
    kinds: frozenset[AlertKind] = frozenset()
    title: str = ""
    severity: Severity = Severity.UNKNOWN
    reasons: tuple[str, ...] = ()
    """Why the policy and the guards decided as they did, in sentences."""
    dry_run: bool = False
    contained_at: Utc | None = None
    """When all that goes on by itself had ended; later looks count from here."""
    looks: int = 0
    """How many later looks found that nothing came back, since it was contained."""
    look_after: Utc | None = None
    """Not before this: a look was tried and could not be made."""
    proven_at: Utc | None = None
    """When a look found nothing at a time when nothing could come back any more."""
    inquire_after: Utc | None = None
    """Not before this: what is being found out was asked for a moment ago."""
    left: tuple[Leftover, ...] = ()
    """What a person has to do about the account as a whole, whatever became of the tasks."""
    poisonings: int = 0
    """How often its message ended in the poison queue."""
    restored_at: Utc | None = None
    """When the owner was let back in: what is made from then on is the owner's."""
    erased_at: Utc | None = None
    """When it was decided to erase whom and what this is about: from then on nothing of it is
    shown, and nobody acts on it."""

    def owners(self, made_at: datetime | None) -> bool:
        """Whether a thing is the owner's by its time: an unknown time proves nothing."""
        if self.restored_at is None or made_at is None:
            return False
        return made_at >= self.restored_at


class TaskState(StrEnum):
    """What became of a task.

    queued → claimed → {skipped, refused, observed, waiting, failed, applied → verified} → undone
    waiting → queued (released, or planned again) | declined | refused (nobody answered in time)
    """

    QUEUED = "queued"
    CLAIMED = "claimed"
    SKIPPED = "skipped"
    REFUSED = "refused"
    OBSERVED = "observed"
    WAITING = "waiting"
    DECLINED = "declined"
    APPLIED = "applied"
    VERIFIED = "verified"
    FAILED = "failed"
    UNDONE = "undone"


UNFINISHED = frozenset({TaskState.QUEUED, TaskState.CLAIMED, TaskState.APPLIED})
"""States from which the worker goes on by itself; `waiting` goes on when a person says so."""


class Foothold(Value):
    """One thing that lets the intruder stay, as found on the account."""

    kind: str
    label: str
    reasons: tuple[str, ...] = ()


class Difference(Value):
    """One line of a change: what it was and what it becomes. Never holds a secret."""

    what: str
    was: str
    becomes: str


class Actor(Value):
    """Who asked for something: the id is who it is, the name is what is shown."""

    id: str
    name: str


class Consent(Value):
    """One person's yes to one change, named by its fingerprint."""

    by: Actor
    fingerprint: str
    at: Utc


class Wait(Value):
    """How long a change has waited for a person, and until when it may."""

    since: Utc
    escalate_at: Utc
    expires_at: Utc
    escalated: bool = False
    consents: tuple[Consent, ...] = ()
    """Who said yes, where one yes is not enough."""

    @property
    def next_at(self) -> datetime:
        """When somebody has to be told, or it is over."""
        return self.expires_at if self.escalated else min(self.escalate_at, self.expires_at)


class Release(Value):
    """A change that was approved: exactly this one may be made, and what is left of it."""

    fingerprint: str
    change: Json
    by: tuple[Actor, ...]
    begun: bool = False
    """Its change was journalled: what a crash left of it needs no second approval."""


class Task(Value):
    """One responder for one case."""

    id: TaskId
    tenant: TenantId
    case: CaseId
    responder: ResponderName
    phase: Phase
    mode: Mode
    state: TaskState = TaskState.QUEUED
    attempts: int = 0
    owner: str | None = None
    """The pass that claimed it; whoever holds the account's lock may take it over."""
    not_before: Utc | None = None
    held_since: Utc | None = None
    """Since when a limit holds it up; no failure, so it is bounded by time and not by tries."""
    change: Json | None = None
    """The change as planned last (waiting, applied), as JSON; the responder knows its type."""
    fingerprint: str | None = None
    resume: bool = False
    """The change was begun and refused before it took effect: make it, without planning again."""
    wait: Wait | None = None
    release: Release | None = None
    spared: tuple[str, ...] = ()
    """Pieces of its changes that a person took out: they are the owner's, and stay."""
    summary: str = ""
    differences: tuple[Difference, ...] = ()
    footholds: tuple[Foothold, ...] = ()
    reason: str = ""
    steps: tuple[str, ...] = ()
    """What a person does by hand: instead of a task that was refused, or after one that is done."""
    unless: frozenset[ResponderName] = frozenset()
    """Responders of which each settles, when it is proven, what is left for a person here."""
    created_at: Utc
    applied_at: Utc | None = None
    finished_at: Utc | None = None


def left_for_people(tasks: tuple[Task, ...]) -> tuple[Task, ...]:
    """Pick the tasks that ended well or refused, and leave to a person what nothing else settles.

    A disable that a directory sync will undo is settled by a block that it does not undo.
    """
    proven = {task.responder for task in tasks if task.state is TaskState.VERIFIED}
    return tuple(
        task
        for task in tasks
        if (task.state is TaskState.REFUSED or (task.state is TaskState.VERIFIED and task.steps))
        and not task.unless & proven
    )


def task_id(tenant: TenantId, account: ObjectId, case: CaseId, responder: ResponderName) -> TaskId:
    """Name a task by what it is, so that ten alerts about one account make one task."""
    return TaskId(digest(tenant, account, case, responder))


class Event(StrEnum):
    """What a journal entry records."""

    OPENED = "opened"
    JOINED = "joined"
    DECIDED = "decided"
    EVIDENCE = "evidence"
    SEARCHING = "searching"
    SEARCHED = "searched"
    RIPPLE = "ripple"
    LOOKED = "looked"
    CHANGE = "change"
    APPLIED = "applied"
    VERIFIED = "verified"
    REAPPEARED = "reappeared"
    SKIPPED = "skipped"
    REFUSED = "refused"
    OBSERVED = "observed"
    WAITING = "waiting"
    APPROVED = "approved"
    RELEASED = "released"
    DECLINED = "declined"
    ESCALATED = "escalated"
    EXPIRED = "expired"
    SINCE = "since"
    DELAYED = "delayed"
    FAILED = "failed"
    UNDO_ASKED = "undo_asked"
    UNDOING = "undoing"
    UNDONE = "undone"
    CONFIRMED = "confirmed"
    RESTORE_ASKED = "restore_asked"
    RESTORED = "restored"
    PASS_ASKED = "pass_asked"  # noqa: S105 - an event
    PASS_ISSUED = "pass_issued"  # noqa: S105 - an event
    STATUS = "status"
    ERASED = "erased"


class Chained(Value):
    """One line of a chain: it only grows, and each line carries the hash of the one before.

    What a line says of people can be erased and the chain still holds: it holds on to `said`.
    """

    seq: int
    at: Utc
    actor: str
    text: str
    data: Json = {}
    salt: str
    """Random, and erased with what it protects: from `said` nobody can guess what was said."""
    said: str
    """Digest of salt, actor, text and data."""
    before: str
    hash: str


class Entry(Chained):
    """One line of a case's journal."""

    event: Event
    responder: ResponderName | None = None


def now() -> datetime:
    """Tell the time. The default clock; whatever needs the time takes a clock as an argument."""
    return datetime.now(UTC)


TOKEN_LIFE = timedelta(minutes=65)
"""How long an access token that nobody can revoke may still work (no continuous evaluation)."""
CAE_LIFE = timedelta(minutes=15)
"""How long until continuous access evaluation has cut off the clients and services that know it."""
