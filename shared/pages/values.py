"""What a case's page says, as frozen values: the JSON of the API has exactly these fields.

Whatever is a choice has a closed set of words, in `choices`.
"""

from __future__ import annotations

from typing import Literal

from shared.model import (
    AccountKind,
    AccountRef,
    AlertId,
    AlertKind,
    AlertState,
    CaseId,
    CaseStatus,
    Event,
    Judgement,
    MailboxKind,
    Mode,
    ObjectId,
    Phase,
    ResponderName,
    Severity,
    TaskId,
    TaskState,
    Upn,
    Utc,
    Value,
)
from shared.pages.choices import ChainState, Fate, Limit, Made, Need, Tone
from shared.pages.findings import Findings
from shared.policy.checklist import CheckLine
from shared.policy.score_links import Effect


class Answer(Value):
    """The first thing a person reads: a word and a sentence."""

    tone: Tone
    word: str
    sentence: str


class IntruderClock(Value):
    """Until when the intruder can act. Times are `None` where there is no limit to tell."""

    limit: Limit
    since: Utc | None = None
    """From when on no new access token was issued."""
    continuous_until: Utc | None = None
    """The end for services with continuous access evaluation: Exchange, SharePoint, Teams."""
    latest_until: Utc | None = None
    """The end for every service."""
    sentence: str
    conditions: tuple[str, ...] = ()
    """What the limit does not cover."""


class Person(Value):
    """Who the case is about."""

    display_name: str
    upn: Upn
    object_id: ObjectId
    kinds: tuple[AccountKind, ...]
    mailbox: MailboxKind | None = None


class FootholdFound(Value):
    """One foothold and its fate.

    `died_at` is when it was removed, `proven_at` when that was read back from the tenant.
    """

    kind: str
    label: str
    reasons: tuple[str, ...]
    responder: ResponderName
    phase: Phase
    fate: Fate
    why: str
    died_at: Utc | None
    proven_at: Utc | None


class Changed(Value):
    """One line of what was changed, or would be."""

    responder: ResponderName
    what: str
    was: str
    becomes: str
    made: Made
    at: Utc | None


class Open(Value):
    """One thing that is not finished, and what a person does about it."""

    need: Need
    responder: ResponderName | None
    title: str
    reason: str
    steps: tuple[str, ...] = ()
    permission: str | None = None
    next_try: Utc | None = None


class Happened(Value):
    """One line of what happened when; `after_s` are seconds since the first alert came in."""

    at: Utc
    after_s: float
    event: Event | None
    """`None`: what the alert says happened, or its arrival, before there was a journal."""
    text: str
    actor: str
    responder: ResponderName | None = None
    seq: int | None = None


class TaskLine(Value):
    """One responder's task."""

    id: TaskId
    responder: ResponderName
    phase: Phase
    mode: Mode
    state: TaskState
    attempts: int
    summary: str
    reason: str
    created_at: Utc
    started_at: Utc | None
    applied_at: Utc | None
    finished_at: Utc | None
    next_try: Utc | None


class AlertLine(Value):
    """One alert as it came. `raw` is text from outside, cut, and only there where it was asked."""

    id: AlertId
    source: str
    carrier: str
    native_id: str
    kind: AlertKind
    title: str
    severity: Severity
    occurred_at: Utc
    occurred_at_is_receipt: bool
    received_at: Utc
    account: AccountRef | None
    """Who it is about, as the source named them."""
    evidence: dict[str, str]
    state: AlertState
    reason: str
    case: CaseId | None
    raw: str | None = None


class WayBack(Value):
    """What stands between the owner and the account, and who let the owner back in."""

    lines: tuple[CheckLine, ...]
    green: bool
    asked: bool
    """Somebody has asked to let the owner back in."""
    asked_by: str = ""
    override: str = ""
    """Why it was asked for although the checklist was not green."""
    restored_at: Utc | None = None


class Hardening(Value):
    """A control of Secure Score that answers what was found in a case."""

    control: str
    effect: Effect
    reason: str
    because: tuple[str, ...]
    """The kinds of alert and foothold that it answers."""


class CaseView(Value):
    """All that a case page says."""

    shape: Literal[1] = 1
    """Version of these fields for whoever reads them as JSON; a field that goes or changes its
    meaning raises it, a new one does not."""
    id: CaseId
    at: Utc
    """The moment the view was made for: what is relative is relative to it."""
    status: CaseStatus
    answer: Answer
    who: Person
    title: str
    severity: Severity
    kinds: tuple[AlertKind, ...]
    dry_run: bool
    judgement: Judgement | None = None
    """What a person said that it was; nobody said so, where it is null."""
    opened_at: Utc
    compromised_since: Utc
    first_alert_at: Utc
    """When the first alert was received; the zero of every "after"."""
    clock: IntruderClock
    contain_s: float | None
    """Seconds from the first alert to the last closed door; `None` while one is open."""
    contain_note: str
    open: tuple[Open, ...]
    footholds: tuple[FootholdFound, ...]
    unlooked: tuple[ResponderName, ...]
    """Whoever did not look, or not yet, so that no foothold found there means nothing."""
    changes: tuple[Changed, ...]
    way_back: WayBack
    tasks: tuple[TaskLine, ...]
    happened: tuple[Happened, ...]
    reasons: tuple[str, ...]
    alerts: tuple[AlertLine, ...]
    chain: ChainState
    findings: Findings
    hardening: tuple[Hardening, ...]
    """What of Microsoft's advice would have stopped or shortened this case."""
    refresh_s: int | None
    """Seconds after which a reader should look again; `None` where nothing goes on by itself."""
