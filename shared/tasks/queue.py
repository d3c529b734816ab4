"""What travels on the one queue: ids, never anything about a person.

Triage and tasks share the queue, so that the first message wakes the poller for the rest.
"""

from __future__ import annotations

import json
from typing import Final, Literal

from pydantic import ValidationError

from shared.errors import Undecodable
from shared.model import AlertId, CaseId, TaskId, TenantId, Value
from shared.posture import RunId, SweepName

QUEUE_NAME = "remediate"
POISON_QUEUE_NAME = "remediate-poison"
_VERSION: Final = 1
"""Of the envelope. Raise it only where a message of before could be misread."""


class TriageMessage(Value):
    """Find out who an alert is about and decide what is to be done."""

    do: Literal["triage"] = "triage"
    tenant: TenantId
    alert: AlertId


class WorkMessage(Value):
    """Go on with a case: its next unfinished phase, or only the tasks named."""

    do: Literal["work"] = "work"
    tenant: TenantId
    case: CaseId
    tasks: tuple[TaskId, ...] = ()


class UndoMessage(Value):
    """Put back what the named tasks changed; who asked stands in the journal, not here."""

    do: Literal["undo"] = "undo"
    tenant: TenantId
    case: CaseId
    tasks: tuple[TaskId, ...]


class SweepMessage(Value):
    """Go on with a run of a sweep; a message of a turn that is over is a duplicate."""

    do: Literal["sweep"] = "sweep"
    tenant: TenantId
    sweep: SweepName
    run: RunId
    turn: int


class NotifyMessage(Value):
    """Tell one channel of one event."""

    do: Literal["notify"] = "notify"
    tenant: TenantId
    delivery: str


type Message = TriageMessage | WorkMessage | UndoMessage | SweepMessage | NotifyMessage


class _Envelope(Value):
    """The outer form, so that a message of a later version is recognised and not misread."""

    v: Literal[1] = 1
    message: TriageMessage | WorkMessage | UndoMessage | SweepMessage | NotifyMessage


def about(message: Message) -> str | None:
    """Name what a message is about, as its trace is named; a case has to be read first for that."""
    match message:
        case TriageMessage():
            return message.alert
        case SweepMessage():
            return message.run
        case NotifyMessage():
            return message.delivery
        case WorkMessage() | UndoMessage():
            return None


def encode(message: Message) -> str:
    """Write a message as the text that is put on the queue."""
    return _Envelope(message=message).model_dump_json()


def decode(text: str) -> Message:
    """Read a message; raises `Undecodable` for whatever is not exactly one of ours."""
    try:
        return _Envelope.model_validate_json(text).message
    except ValidationError as error:
        _refuse_newer(text)
        first = error.errors()[0]
        where = "".join(f"{part}: " for part in (".".join(map(str, first["loc"])),) if part)
        raise Undecodable(f"Not a Firebreak message: {where}{first['msg']}") from error


def _refuse_newer(text: str) -> None:
    """Say so where a newer version wrote a message: what to do is another thing then."""
    try:
        written = json.loads(text).get("v")
    except (ValueError, AttributeError):
        return
    if isinstance(written, int) and written > _VERSION:
        raise Undecodable(
            f"This message was sent by a newer Firebreak (version {written}; this one reads "
            f"{_VERSION}): upgrade this deployment; what it is about is sent again"
        )
