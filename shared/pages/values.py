"""What a page says, as frozen values: the JSON of the API has exactly these fields.

Whatever is a choice has a closed set of words here; how each is said on a page stands in `words`.
"""

from __future__ import annotations

from enum import StrEnum
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
from shared.pages.findings import Findings
from shared.policy.checklist import CheckLine
from shared.policy.score_links import Effect


class Tone(StrEnum):
    """How a state is felt. Never the only sign: each state has its word and its own shape."""

    GOOD = "good"
    BUSY = "busy"
    PERSON = "person"
    BAD = "bad"
    QUIET = "quiet"


class ChainState(StrEnum):
    """Whether each line of the journal carries the hash of the one before."""

    INTACT = "intact"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Fate(StrEnum):
    """What became of a foothold."""

    GONE = "gone"
    APPLIED = "applied"
    PLANNED = "planned"
    WAITING = "waiting"
    OBSERVED = "observed"
    LEFT = "left"
    DECLINED = "declined"
    FAILED = "failed"
    BACK = "back"
    UNDONE = "undone"


ALIVE = frozenset(Fate) - {Fate.GONE, Fate.APPLIED}
"""Fates of footholds that may serve the intruder still."""


class Made(StrEnum):
    """Whether a change was made to the tenant; `unsure` is neither yes nor no."""

    YES = "yes"
    UNDER_WAY = "under_way"
    PLANNED = "planned"
    UNSURE = "unsure"
    UNDONE = "undone"


class Limit(StrEnum):
    """What is known about until when the intruder can act."""

    NOBODY = "nobody"
    """Nobody is known to be in: the case was asked for, to mend a setting."""
    UNTOUCHED = "untouched"
    NONE = "none"
    CONDITIONAL = "conditional"
    LIMITED = "limited"
    OVER = "over"


class Need(StrEnum):
    """Why something is still open."""

    APPROVAL = "approval"
    BY_HAND = "by_hand"
    PERMISSION = "permission"
    FAILED = "failed"
    UNDECIDED = "undecided"
    RUNNING = "running"


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


class CaseRow(Value):
    """A case's line in the list."""

    id: CaseId
    upn: str
    display_name: str
    status: CaseStatus
    title: str
    severity: str
    kinds: tuple[str, ...]
    opened_at: Utc
    updated_at: Utc
    waiting: int
    footholds: int
    object_id: str = ""
    phase: Phase | None = None
    """The first phase in which something is not finished."""
    rules: tuple[str, ...] = ()
    """The rules of the policy that decided."""
    found: tuple[str, ...] = ()
    """The kinds of foothold that were found."""
    expires_at: Utc | None = None
    """When the first of what waits is given up."""
    judgement: Judgement | None = None


class CasesView(Value):
    """The list of cases, sorted by who has to act next; cut, with how many there are in all."""

    at: Utc
    for_people: tuple[CaseRow, ...]
    """What waits for whoever reads this first, then the gravest."""
    mine: int
    """How many of all that wait wait for whoever reads this."""
    people_in_all: int
    running: tuple[CaseRow, ...]
    running_in_all: int
    settled: tuple[CaseRow, ...]
    after: str
    """Behind which line the settled ones go on; empty: nowhere."""
    alerts_needing_people: int
    refresh_s: int | None
    alerts_cut: bool = False
    """Whether even more alerts need a person: their number is then the least it can be."""
    cut: bool = False
    """Whether more cases are unsettled than were looked at: the newest were."""


class FoundView(Value):
    """What a search in the list of cases found, newest first."""

    at: Utc
    found: tuple[CaseRow, ...]
    read: int
    """How many cases were looked at for it."""
    after: str
    """Behind which line the search goes on; empty: it came to the end."""


class Tally(Value):
    """How many there are, as far as one page can count."""

    number: int = 0
    more: bool = False
    """Whether there are more than that."""


class AlertFilters(Value):
    """Which alerts a list was asked for; empty: all."""

    state: AlertState | None = None
    people: bool = False
    """Only those that wait for a person."""
    source: str = ""
    since: str = ""


class AlertsView(Value):
    """Alerts that opened no case, sorted by whether a person has to look."""

    at: Utc
    for_people: tuple[AlertLine, ...]
    ignored: tuple[AlertLine, ...]
    people: Tally = Tally()
    """How many need a person in all, whatever this page was asked for."""
    filters: AlertFilters = AlertFilters()
    older: str | None = None
    """Where the next page begins, if there is one."""
