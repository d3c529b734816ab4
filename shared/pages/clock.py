"""Until when can the intruder still act? Pure; says "no limit" whenever it is not sure.

    doors open        | doors closed                | continuous         | every access
    (no limit)        | (tokens already issued live)| evaluation is done | token ran out
    ------------------|-----------------------------|--------------------|-------------> (time)
                      since                         + CAE_LIFE           + TOKEN_LIFE

Sources: Microsoft's documents on continuous access evaluation (up to 15 minutes) and on
configurable token lifetimes (60 to 90 minutes by default; a token that nobody can revoke lives on).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from shared.model import (
    CAE_LIFE,
    TOKEN_LIFE,
    AccountKind,
    AlertKind,
    Case,
    CaseStatus,
    Entry,
    Leftover,
    Mode,
    Phase,
    ResponderName,
    Task,
    TaskState,
    number_of,
)
from shared.pages.choices import Limit
from shared.pages.times import clock as time_of_day
from shared.pages.times import minute
from shared.pages.values import IntruderClock
from shared.policy.checklist import unsettled

BLOCKS: Final = ResponderName("disable_sign_in")
BLOCKS_FOR_GOOD: Final = frozenset(
    {ResponderName("block_by_group"), ResponderName("disable_on_premises")}
)
"""What the directory sync does not undo."""
ENDS_SESSIONS: Final = ResponderName("revoke_sessions")
REPLACES_PASSWORD: Final = ResponderName("reset_password")

_ON_PREMISES: Final = frozenset({AccountKind.SYNCED, AccountKind.FEDERATED})
_UNPROVEN: Final = frozenset(TaskState) - {TaskState.VERIFIED, TaskState.SKIPPED}


def intruder_clock(
    case: Case, tasks: tuple[Task, ...], entries: tuple[Entry, ...] = (), *, at: datetime
) -> IntruderClock:
    """Say until when the intruder can act."""
    if case.kinds == {AlertKind.HARDENING_REQUEST}:
        return IntruderClock(
            limit=Limit.NOBODY,
            sentence="Nobody is known to be in: somebody asked for a setting to be mended.",
        )
    if case.false_alarm:
        return IntruderClock(
            limit=Limit.NOBODY, sentence="Nobody was in: a person judged it a false alarm."
        )
    if _only_looked(case, tasks):
        return IntruderClock(
            limit=Limit.UNTOUCHED,
            sentence="Nothing was changed, so nothing limits the intruder.",
        )
    closed = {task.responder: closed_at(task) for task in tasks}
    blocked, revoked, reset = (
        closed.get(name) for name in (BLOCKS, ENDS_SESSIONS, REPLACES_PASSWORD)
    )
    if blocked is None and revoked is not None:
        # Alone, a policy's block leaves the access tokens that live; with the sessions they end.
        blocked = _earliest(closed)
    if blocked is None and revoked is None:
        return IntruderClock(
            limit=Limit.NONE,
            sentence="Neither is sign-in blocked nor have the sessions been ended.",
        )
    if blocked is None and reset is None:
        return IntruderClock(
            limit=Limit.NONE,
            sentence="The sessions were ended, but sign-in is open and the password was not "
            "replaced: whoever knows it can sign in again.",
        )
    since = _latest(blocked, revoked) if blocked else _latest(revoked, reset)
    conditions = (
        *_doors(case, closed),
        *_without_a_session(tasks),
        *_elsewhere(unsettled(case, entries)),
    )
    return _counting(since, conditions, at=at)


def closed_at(task: Task) -> datetime | None:
    """Say when a door was closed, or found closed; `None` while it may be open."""
    if task.state in {TaskState.APPLIED, TaskState.VERIFIED}:
        return task.applied_at or task.finished_at
    return task.finished_at if task.state is TaskState.SKIPPED else None


def _only_looked(case: Case, tasks: tuple[Task, ...]) -> bool:
    """Tell a case in which nothing was written: what was meant counts only if it was kept."""
    if any(task.applied_at for task in tasks):
        return False
    meant = case.dry_run or case.status is CaseStatus.OBSERVED
    return meant or (bool(tasks) and all(task.mode is Mode.OBSERVE for task in tasks))


def _counting(since: datetime, conditions: tuple[str, ...], *, at: datetime) -> IntruderClock:
    continuous, latest = since + CAE_LIFE, since + TOKEN_LIFE
    if at >= latest:
        limit = Limit.CONDITIONAL if conditions else Limit.OVER
        sentence = (
            f"Every access token issued before {time_of_day(since, at)} ran out by "
            f"{minute(latest, at)}."
        )
    else:
        limit = Limit.CONDITIONAL if conditions else Limit.LIMITED
        sentence = (
            f"No new access token since {time_of_day(since, at)}. One already issued works until "
            f"{minute(continuous, at)} at most where it is evaluated continuously (Exchange, "
            f"SharePoint, Teams), elsewhere until {minute(latest, at)} at the latest."
        )
    return IntruderClock(
        limit=limit,
        since=since,
        continuous_until=continuous,
        latest_until=latest,
        sentence=sentence,
        conditions=conditions,
    )


def _doors(case: Case, closed: dict[ResponderName, datetime | None]) -> Iterable[str]:
    """Say which door may open again."""
    if closed.get(ENDS_SESSIONS) is None:
        yield "The old sessions have not been ended: they live again when sign-in is allowed."
    undone = case.account.kinds & _ON_PREMISES and _earliest(closed) is None
    if undone and closed.get(REPLACES_PASSWORD) is None:
        yield (
            "The password is still the old one, and the next directory sync (about every 30 "
            "minutes) may allow sign-in again: reset it on premises."
        )


def _without_a_session(tasks: tuple[Task, ...]) -> Iterable[str]:
    """Say what goes on without any session: rules and forwarding run on the server."""
    evict = [task for task in tasks if task.phase is Phase.EVICT]
    if not evict:
        yield "Nobody looked for inbox rules or forwarding: the policy asked for none of it."
    unsettled = (task.responder for task in evict if task.state in _UNPROVEN)
    names = ", ".join(name.replace("_", " ") for name in unsettled)
    if names:
        yield (
            "What acts without a session (rules, forwarding and the like) is not proven gone: "
            f"{names}."
        )


def _elsewhere(left: tuple[Leftover, ...]) -> Iterable[str]:
    """Say what another account or application still lets in, whatever is done to this one."""
    stand = sum(one.way_in is not None for one in left)
    if stand:
        yield (
            "What this account made elsewhere lets its intruder back in: "
            f"{number_of(stand, 'such way stands', 'such ways stand')} open."
        )


def _earliest(closed: dict[ResponderName, datetime | None]) -> datetime | None:
    """Say since when a block holds that the directory sync does not undo."""
    held = (closed.get(name) for name in BLOCKS_FOR_GOOD)
    return min((moment for moment in held if moment is not None), default=None)


def _latest(*moments: datetime | None) -> datetime:
    return max(moment for moment in moments if moment is not None)
