"""How each state is said, felt and drawn: every choice of `model` and `values` has its word."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from shared.diagnosis import Grade
from shared.model import (
    AccountKind,
    AlertKind,
    AlertState,
    CaseStatus,
    Event,
    Judgement,
    MailboxKind,
    Mode,
    Phase,
    Place,
    PullName,
    Severity,
    TaskState,
)
from shared.pages.channel_view import Reach
from shared.pages.choices import ChainState, Fate, Limit, Made, Need, Tone
from shared.pages.findings import SearchState
from shared.policy.checklist import Light
from shared.policy.score_links import Effect

type Sign = tuple[str, Tone, str]
"""The word, the tone, and the name of the shape drawn beside it."""

# By class first: members of two `StrEnum`s with the same value are the same key.
SIGNS: Final[dict[type[StrEnum], dict[StrEnum, Sign]]] = {
    CaseStatus: {
        CaseStatus.OPEN: ("Running", Tone.BUSY, "running"),
        CaseStatus.WAITING: ("Waits for approval", Tone.PERSON, "person"),
        CaseStatus.CONTAINED: ("Contained", Tone.GOOD, "done"),
        CaseStatus.OBSERVED: ("Observed only", Tone.QUIET, "eye"),
        CaseStatus.NEEDS_PERSON: ("Needs a person", Tone.PERSON, "person"),
        CaseStatus.CLOSED: ("Closed", Tone.QUIET, "off"),
    },
    Judgement: {
        Judgement.FALSE_ALARM: ("A false alarm", Tone.QUIET, "off"),
        Judgement.COMPROMISE: ("No false alarm", Tone.PERSON, "mark"),
    },
    TaskState: {
        TaskState.QUEUED: ("Queued", Tone.BUSY, "running"),
        TaskState.CLAIMED: ("Running", Tone.BUSY, "running"),
        TaskState.SKIPPED: ("Nothing to do", Tone.QUIET, "off"),
        TaskState.REFUSED: ("Left to a person", Tone.PERSON, "person"),
        TaskState.OBSERVED: ("Reported only", Tone.QUIET, "eye"),
        TaskState.WAITING: ("Waits for approval", Tone.PERSON, "person"),
        TaskState.DECLINED: ("Declined by a person", Tone.QUIET, "off"),
        TaskState.APPLIED: ("Done, not proven yet", Tone.BUSY, "half"),
        TaskState.VERIFIED: ("Done and proven", Tone.GOOD, "done"),
        TaskState.FAILED: ("Failed", Tone.BAD, "failed"),
        TaskState.UNDONE: ("Put back", Tone.QUIET, "undone"),
    },
    Fate: {
        Fate.GONE: ("Gone, proven", Tone.GOOD, "done"),
        Fate.APPLIED: ("Removed, not proven yet", Tone.BUSY, "half"),
        Fate.PLANNED: ("Being removed", Tone.BUSY, "running"),
        Fate.WAITING: ("Waits for approval", Tone.PERSON, "person"),
        Fate.OBSERVED: ("Still there: observed only", Tone.PERSON, "eye"),
        Fate.LEFT: ("Still there: left to a person", Tone.PERSON, "person"),
        Fate.DECLINED: ("Still there: a person said so", Tone.QUIET, "off"),
        Fate.FAILED: ("Removal failed", Tone.BAD, "failed"),
        Fate.BACK: ("Came back", Tone.BAD, "failed"),
        Fate.UNDONE: ("Put back", Tone.QUIET, "undone"),
    },
    Made: {
        Made.YES: ("Changed", Tone.GOOD, "done"),
        Made.UNDER_WAY: ("Being changed", Tone.BUSY, "running"),
        Made.PLANNED: ("Not changed", Tone.QUIET, "eye"),
        Made.UNSURE: ("Unknown: begun", Tone.BAD, "half"),
        Made.UNDONE: ("Put back", Tone.QUIET, "undone"),
    },
    Need: {
        Need.APPROVAL: ("To approve", Tone.PERSON, "person"),
        Need.BY_HAND: ("To do by hand", Tone.PERSON, "person"),
        Need.PERMISSION: ("Permission missing", Tone.BAD, "failed"),
        Need.FAILED: ("Failed", Tone.BAD, "failed"),
        Need.UNDECIDED: ("To decide", Tone.PERSON, "person"),
        Need.RUNNING: ("Goes on by itself", Tone.BUSY, "running"),
    },
    SearchState: {
        SearchState.RUNNING: ("Searching", Tone.BUSY, "running"),
        SearchState.FOUND: ("Collected", Tone.GOOD, "done"),
        SearchState.UNKNOWN: ("Not known", Tone.PERSON, "unknown"),
    },
    Limit: {
        Limit.NOBODY: ("Nobody is known to be in", Tone.QUIET, "eye"),
        Limit.UNTOUCHED: ("No limit: nothing was changed", Tone.PERSON, "eye"),
        Limit.NONE: ("No limit yet", Tone.BAD, "failed"),
        Limit.CONDITIONAL: ("Limited, on conditions", Tone.PERSON, "half"),
        Limit.LIMITED: ("Limited", Tone.BUSY, "half"),
        Limit.OVER: ("Over", Tone.GOOD, "done"),
    },
    Light: {
        Light.GREEN: ("So", Tone.GOOD, "done"),
        Light.NOT_YET: ("Not yet", Tone.PERSON, "half"),
        Light.UNKNOWN: ("Unknown", Tone.BAD, "unknown"),
    },
    AlertState: {
        AlertState.RECEIVED: ("Received", Tone.BUSY, "running"),
        AlertState.TRIAGED: ("In a case", Tone.GOOD, "done"),
        AlertState.IGNORED: ("Ignored", Tone.QUIET, "off"),
        AlertState.UNREADABLE: ("Unreadable", Tone.BAD, "failed"),
        AlertState.UNRESOLVED: ("Account not found", Tone.BAD, "failed"),
        AlertState.POISONED: ("Failed again and again", Tone.BAD, "failed"),
    },
    Severity: {
        Severity.INFORMATIONAL: ("Informational", Tone.QUIET, "low"),
        Severity.LOW: ("Low", Tone.QUIET, "low"),
        Severity.MEDIUM: ("Medium", Tone.PERSON, "medium"),
        Severity.HIGH: ("High", Tone.BAD, "high"),
        Severity.UNKNOWN: ("Severity unknown", Tone.QUIET, "unknown"),
    },
    Grade: {
        Grade.OK: ("Well", Tone.GOOD, "done"),
        Grade.NOTE: ("To know", Tone.QUIET, "eye"),
        Grade.UNKNOWN: ("Not known", Tone.PERSON, "unknown"),
        Grade.BAD: ("To do", Tone.BAD, "failed"),
    },
    Reach: {
        Reach.NOBODY: ("Reached nobody", Tone.BAD, "failed"),
        Reach.STRUGGLES: ("Does not take it yet", Tone.PERSON, "half"),
        Reach.REACHES: ("Reaches people", Tone.GOOD, "done"),
        Reach.UNUSED: ("Told nothing this week", Tone.QUIET, "off"),
    },
    ChainState: {
        ChainState.INTACT: ("Intact", Tone.GOOD, "done"),
        ChainState.BROKEN: ("Broken", Tone.BAD, "failed"),
        ChainState.UNKNOWN: ("Not checked", Tone.PERSON, "unknown"),
    },
    Event: {
        Event.OPENED: ("opened", Tone.BUSY, "mark"),
        Event.JOINED: ("alert joined", Tone.BUSY, "mark"),
        Event.DECIDED: ("decided", Tone.QUIET, "mark"),
        Event.EVIDENCE: ("evidence", Tone.QUIET, "mark"),
        Event.SEARCHING: ("searching", Tone.BUSY, "running"),
        Event.SEARCHED: ("searched", Tone.QUIET, "eye"),
        Event.RIPPLE: ("others looked for", Tone.QUIET, "eye"),
        Event.LOOKED: ("looked again", Tone.QUIET, "eye"),
        Event.CHANGE: ("change begun", Tone.BUSY, "running"),
        Event.APPLIED: ("changed", Tone.BUSY, "half"),
        Event.VERIFIED: ("proven", Tone.GOOD, "done"),
        Event.REAPPEARED: ("found again", Tone.BAD, "failed"),
        Event.SKIPPED: ("nothing to do", Tone.QUIET, "off"),
        Event.REFUSED: ("left to a person", Tone.PERSON, "person"),
        Event.OBSERVED: ("reported", Tone.QUIET, "eye"),
        Event.WAITING: ("waits", Tone.PERSON, "person"),
        Event.APPROVED: ("first approval", Tone.PERSON, "person"),
        Event.RELEASED: ("released", Tone.BUSY, "person"),
        Event.DECLINED: ("declined", Tone.QUIET, "off"),
        Event.ESCALATED: ("escalated", Tone.PERSON, "person"),
        Event.EXPIRED: ("expired", Tone.BAD, "person"),
        Event.SINCE: ("new start", Tone.PERSON, "mark"),
        Event.FALSE_ALARM: ("false alarm", Tone.PERSON, "person"),
        Event.TAKEN_BACK: ("no false alarm", Tone.PERSON, "person"),
        Event.DELAYED: ("delayed", Tone.BUSY, "running"),
        Event.FAILED: ("failed", Tone.BAD, "failed"),
        Event.UNDO_ASKED: ("undo asked", Tone.PERSON, "person"),
        Event.UNDOING: ("putting back", Tone.BUSY, "running"),
        Event.UNDONE: ("put back", Tone.QUIET, "undone"),
        Event.CONFIRMED: ("confirmed", Tone.GOOD, "person"),
        Event.RESTORE_ASKED: ("owner's return asked", Tone.PERSON, "person"),
        Event.RESTORED: ("owner let back in", Tone.GOOD, "done"),
        Event.PASS_ASKED: ("access pass asked", Tone.PERSON, "person"),
        Event.PASS_ISSUED: ("access pass issued", Tone.GOOD, "done"),
        Event.STATUS: ("status", Tone.QUIET, "mark"),
        Event.ERASED: ("erased", Tone.QUIET, "off"),
    },
}

SHAPES: Final = {
    Tone.GOOD: "done",
    Tone.BUSY: "running",
    Tone.PERSON: "person",
    Tone.BAD: "failed",
    Tone.QUIET: "eye",
}

SAID: Final[dict[type[StrEnum], dict[StrEnum, str]]] = {
    PullName: {
        PullName.ALERTS: "alerts of Microsoft Defender",
        PullName.RISK_DETECTIONS: "risk detections",
        PullName.RESTRICTED_SENDERS: "restricted senders",
        PullName.OFFICE_ACTIVITY: "Office 365 activity",
    },
    Effect: {
        Effect.STOPPED: "would have stopped it",
        Effect.SHORTENED: "would have shortened it",
    },
    AlertKind: {
        AlertKind.RISKY_SIGN_IN: "risky sign-in",
        AlertKind.RISKY_USER: "risky user",
        AlertKind.OUTBOUND_SPAM: "outbound spam, blocked",
        AlertKind.OUTBOUND_SPAM_WARNING: "outbound spam, warning",
        AlertKind.SUSPICIOUS_FORWARDING: "suspicious forwarding",
        AlertKind.SUSPICIOUS_INBOX_RULE: "suspicious inbox rule",
        AlertKind.CONSENT_PHISHING: "consent phishing",
        AlertKind.ADMIN_REQUEST: "asked for by an administrator",
        AlertKind.HARDENING_REQUEST: "hardening asked for by an administrator",
        AlertKind.UNSUPPORTED: "kind not supported",
    },
    AccountKind: {
        AccountKind.CLOUD: "cloud account",
        AccountKind.SYNCED: "synced from on premises",
        AccountKind.FEDERATED: "federated",
        AccountKind.GUEST: "guest",
        AccountKind.PRIVILEGED: "privileged",
        AccountKind.RESTRICTED: "restricted management unit",
        AccountKind.ORGANISATION: "no account: a setting for everybody",
    },
    Place: {
        Place.SENTINEL_INCIDENT: "incident of Microsoft Sentinel",
        Place.GRAPH_INCIDENT: "incident of Microsoft Defender",
        Place.GRAPH_ALERT: "alert of Microsoft Defender",
        Place.GRAPH_RISK_DETECTION: "risk detection of Entra ID Protection",
        Place.GRAPH_RISKY_USER: "risky user of Entra ID Protection",
        Place.O365_CONTENT: "content of the Office 365 activity feed",
        Place.PIECES: "alert streamed by Microsoft Defender, row by row",
    },
    MailboxKind: {
        MailboxKind.OWN: "mailbox of its own",
        MailboxKind.SHARED: "shared mailbox",
        MailboxKind.ELSEWHERE: "mailbox outside Exchange Online",
        MailboxKind.NONE: "no mailbox",
    },
    Mode: {
        Mode.OBSERVE: "observe",
        Mode.APPROVE: "approve",
        Mode.ENFORCE: "enforce",
    },
    Phase: {
        Phase.CONTAIN: "contain",
        Phase.EVICT: "evict",
        Phase.RECOVER: "recover",
        Phase.HARDEN: "harden",
        Phase.CLOSE: "close",
    },
}


_SHORT: Final = {"ip": "IP", "url": "URL", "mfa": "MFA", "upn": "UPN"}


def sign(state: StrEnum) -> Sign:
    """Look up the word, tone and shape of a state."""
    return SIGNS[type(state)][state]


def said(choice: object) -> str:
    """Say a choice in words; a text that is no known choice is said as it is, without `_`."""
    if isinstance(choice, StrEnum) and type(choice) in SAID:
        return SAID[type(choice)][choice]
    return " ".join(_SHORT.get(word, word) for word in str(choice).split("_"))


def kind_said(kind: str) -> str:
    """Say a kind of alert that is on record as a text; one that is not known any more as it is."""
    return said(AlertKind(kind) if kind in AlertKind else kind)


def named(responder: str) -> str:
    """Say the name of a responder or of a sweep as a heading."""
    name = said(responder)
    return name[:1].upper() + name[1:]
