"""The lines of a case's journal, each of which holds on to the one before."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from shared.model.words import Json, ResponderName, Utc, Value


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
    FALSE_ALARM = "false_alarm"
    TAKEN_BACK = "taken_back"
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
    data: Json = {}  # noqa: RUF012 - pydantic copies it
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


def in_force(entries: Iterable[Entry], responder: ResponderName) -> list[Entry]:
    """List a responder's changes that were not put back, oldest first."""
    ours = [entry for entry in entries if entry.responder == responder]
    undone = {entry.data.get("seq") for entry in ours if entry.event is Event.UNDONE}
    return [entry for entry in ours if entry.event is Event.CHANGE and entry.seq not in undone]
