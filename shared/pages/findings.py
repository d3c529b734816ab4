"""What was found out about a case beside its footholds, read off the journal. Pure.

The journal says what was kept and vouches for it by its hash; what is listed here is counted there,
so that a page needs to open none of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from pydantic import computed_field

from shared.model import CaseId, Entry, Event, ObjectId, Utc, Value
from shared.policy.checklist import WAYS_IN


class SectionLine(Value):
    """One part of the evidence; `count` is `None` where it could not be read, and why is said."""

    name: str
    count: int | None
    unknown: str = ""


class EvidenceKept(Value):
    """What was read before anything was removed."""

    at: Utc
    sha256: str
    sections: tuple[SectionLine, ...]


class SearchState(StrEnum):
    """How far a search of the audit log has come."""

    RUNNING = "running"
    FOUND = "found"
    UNKNOWN = "unknown"


class Counted(Value):
    """How often an operation stands in the log."""

    name: str
    count: int


class Summary(Value):
    """What an account did, counted; `complete` is false where there was more than is kept."""

    records: int
    complete: bool
    mail_items: int
    """Mail items that were read; none written down is not "none read"."""
    downloads: int
    rules: int
    consents: int
    operations: tuple[Counted, ...]
    addresses: tuple[Counted, ...]
    """Where it was done from, most used first."""


class Activity(Value):
    """One search of the unified audit log for what the account did since the compromise."""

    question: str
    at: Utc
    state: SearchState
    sha256: str | None = None
    summary: Summary | None = None
    unknown: tuple[str, ...] = ()


class Linked(Value):
    """Another account that the same intruder may hold. Proposed, and never acted on by itself."""

    object_id: ObjectId
    upn: str
    reasons: tuple[str, ...]
    of: CaseId
    """The case that it is linked to."""
    case: CaseId | None = None
    """The case it has already."""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def command(self) -> str:
        """What opens a case for it. Ids alone: a reason may hold a name that an intruder chose."""
        return f"firebreak respond {self.object_id} --reason 'Linked to case {self.of}'"


class Ripple(Value):
    """Where else the intruder may be, and where nobody could look."""

    at: Utc
    linked: tuple[Linked, ...]
    unknown: tuple[str, ...]


class Findings(Value):
    """All of it; `None` and empty where nobody has looked yet."""

    evidence: EvidenceKept | None = None
    activity: tuple[Activity, ...] = ()
    ripple: Ripple | None = None


def findings(entries: Iterable[Entry]) -> Findings:
    """Read off the journal what was found out; lines whose words were erased say nothing."""
    entries = tuple(entry for entry in entries if entry.data)
    kept = [e for e in entries if e.event is Event.EVIDENCE]
    searches = {
        e.data["question"]: _activity(e)
        for e in entries
        if e.event in {Event.SEARCHING, Event.SEARCHED} and e.data.get("activity")
    }
    return Findings(
        evidence=_evidence(kept) if kept else None,
        activity=tuple(searches.values()),
        ripple=_ripple([e for e in entries if e.event is Event.RIPPLE]),
    )


def _evidence(entries: list[Entry]) -> EvidenceKept:
    """Put together what was read at first and what was read when a limit let it be."""
    counts: dict[str, int] = {}
    unknown: dict[str, str] = {}
    for entry in entries:
        counts |= entry.data.get("counts", {})
        unknown |= entry.data.get("unknown", {})
    known = [SectionLine(name=name, count=count) for name, count in counts.items()]
    blind = [
        SectionLine(name=name, count=None, unknown=why)
        for name, why in unknown.items()
        if name not in counts
    ]
    first = entries[0]
    return EvidenceKept(at=first.at, sha256=first.data["sha256"], sections=(*known, *blind))


def _activity(entry: Entry) -> Activity:
    state = SearchState.RUNNING
    if entry.event is Event.SEARCHED:
        state = SearchState.UNKNOWN if entry.data.get("unknown") else SearchState.FOUND
    return Activity(
        question=entry.data["question"],
        at=entry.at,
        state=state,
        sha256=entry.data.get("sha256"),
        summary=entry.data.get("summary"),
        unknown=tuple(entry.data.get("unknown", ())),
    )


def _ripple(entries: list[Entry]) -> Ripple | None:
    """Put together what the single looks found; an account has all its reasons in one place."""
    told = (e for e in entries if WAYS_IN not in e.data or e.data["linked"] or e.data["unknown"])
    if not any(told):
        # Only what the account made elsewhere was looked for yet, and it made nothing.
        return None
    found: dict[ObjectId, Linked] = {}
    for item in (Linked(**item) for e in entries for item in e.data["linked"]):
        known = found.get(item.object_id, item)
        reasons = tuple(dict.fromkeys((*known.reasons, *item.reasons)))
        case = known.case or item.case
        found[item.object_id] = item.model_copy(update={"reasons": reasons, "case": case})
    unknown = tuple(dict.fromkeys(why for e in entries for why in e.data["unknown"]))
    return Ripple(at=entries[-1].at, linked=tuple(found.values()), unknown=unknown)
