"""The checklist of the way back: what has to be so before the owner is let in again. Pure.

Every line is green, not yet, or unknown, and unknown is never green: what nobody looked for is not
"nothing there". What only a person can do or judge is green once a person says so, until an alert
joins or something comes back after that.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from shared.model import (
    TOKEN_LIFE,
    UNFINISHED,
    AccountKind,
    Case,
    Entry,
    Event,
    Leftover,
    Phase,
    ResponderName,
    Task,
    TaskState,
    Value,
    left_for_people,
)

PASSWORD: Final = ResponderName("reset_password")
WAYS_IN: Final = "ways_in"
"""What a journal line about ways in made elsewhere calls those that it left to a person."""
_WELL: Final = frozenset({TaskState.VERIFIED, TaskState.SKIPPED, TaskState.REFUSED})
"""Ends that stand against nothing, unless they leave something for a person."""
_STALE: Final = frozenset({Event.JOINED, Event.REAPPEARED})
"""What makes a person's word old: the account is not what that person looked at."""


class Light(StrEnum):
    """How a line of the checklist stands."""

    GREEN = "green"
    NOT_YET = "not_yet"
    UNKNOWN = "unknown"


class CheckLine(Value):
    """One line: what has to be so, how it stands, and the sentence what to do about it."""

    name: str
    title: str
    light: Light
    todo: str = ""
    steps: tuple[str, ...] = ()
    confirmable: bool = False
    """Whether a person may say that it is done."""
    confirmed_by: str = ""


class _Topic(Value):
    """Responders that answer for a line, and what a person does where none of them was asked."""

    name: str
    title: str
    responders: tuple[str, ...]
    by_hand: str


_REVIEWS: Final = (
    _Topic(
        name="mail",
        title="Inbox rules and forwarding are clean",
        responders=("disable_inbox_rules", "stop_forwarding"),
        by_hand="Look through the mailbox's rules, hidden ones too, and its forwarding",
    ),
    _Topic(
        name="methods",
        title="Authentication methods were reviewed",
        responders=("remove_auth_methods",),
        by_hand="Go through the account's authentication methods with the owner, not by e-mail",
    ),
    _Topic(
        name="access",
        title="Others' rights to the mailbox were reviewed",
        responders=("remove_delegates",),
        by_hand="Look who else may open the mailbox, its folders, or send from it",
    ),
    _Topic(
        name="apps",
        title="Apps the account consented to were reviewed",
        responders=("revoke_app_consents",),
        by_hand="Go through the account's applications in the Entra admin center",
    ),
    _Topic(
        name="devices",
        title="Registered devices were reviewed",
        responders=("disable_devices",),
        by_hand="Go through the account's devices in the Entra admin center",
    ),
)
_ROLES: Final = _Topic(
    name="roles",
    title="Directory roles were reviewed",
    responders=("remove_admin_roles",),
    by_hand="Look which directory roles the account holds or can activate, and since when",
)
_LOOK: Final = (
    "Look in the directory's audit log for accounts, guests, and secrets or certificates of"
    " applications that this account added: nobody could look; then confirm it here"
)


def checklist(case: Case, tasks: Iterable[Task], entries: Iterable[Entry]) -> tuple[CheckLine, ...]:
    """Say line by line what has to be so before the owner is let in again."""
    if case.account.is_organisation:
        return ()
    known = {task.responder: task for task in tasks}
    entries = tuple(entries)
    said = _confirmed(entries)
    reviews = _REVIEWS if case.account.roles == frozenset() else (*_REVIEWS, _ROLES)
    topics = (_doors(known), _password(case), *reviews, _rest(known, reviews))
    lines = [_line(topic, known, said) for topic in topics if topic.responders or topic.by_hand]
    by_hand = [_by_hand(left, said) for left in case.left]
    return (*lines, _elsewhere(entries, said), *by_hand, _proof(case))


def unsettled(case: Case, entries: Iterable[Entry]) -> tuple[Leftover, ...]:
    """List what is left about the account as a whole that no person has said is done."""
    said = _confirmed(entries)
    return tuple(left for left in case.left if left.check not in said)


def is_green(lines: Iterable[CheckLine]) -> bool:
    """Whether nothing stands against the owner's return."""
    return all(line.light is Light.GREEN for line in lines)


def _doors(known: dict[ResponderName, Task]) -> _Topic:
    names = (n for n, t in known.items() if t.phase is Phase.CONTAIN and n != PASSWORD)
    return _Topic(
        name="doors",
        title="Every door was closed to the intruder",
        responders=tuple(sorted(names)),
        by_hand="Block sign-in and end all sessions",
    )


def _password(case: Case) -> _Topic:
    twice = ", twice, with a directory sync between" if _synced(case) else ""
    return _Topic(
        name="password",
        title="The password was replaced",
        responders=(PASSWORD,),
        by_hand=f"Set a new password{twice}",
    )


def _rest(known: dict[ResponderName, Task], reviews: Iterable[_Topic]) -> _Topic:
    named = {name for topic in reviews for name in topic.responders}
    names = (n for n, t in known.items() if t.phase is Phase.EVICT and n not in named)
    return _Topic(
        name="footholds",
        title="Every other foothold is gone",
        responders=tuple(sorted(names)),
        by_hand="",
    )


def _line(topic: _Topic, known: dict[ResponderName, Task], said: dict[str, str]) -> CheckLine:
    line = CheckLine(name=topic.name, title=topic.title, light=Light.GREEN)
    asked = [known[ResponderName(name)] for name in topic.responders if name in known]
    by_hand = {task.id for task in left_for_people(tuple(known.values()))}
    left = [task for task in asked if task.state not in _WELL or task.id in by_hand]
    unasked = len(asked) < len(topic.responders) or not asked
    if not left and not unasked:
        return line
    running = any(t.state in UNFINISHED or t.state is TaskState.WAITING for t in left)
    if topic.name in said and not running:
        return line.model_copy(update={"confirmed_by": said[topic.name]})
    return line.model_copy(
        update={
            "light": Light.NOT_YET if left and not _unsure(left) else Light.UNKNOWN,
            "todo": " ".join([_todo(task) for task in left] or [f"{topic.by_hand}: nobody looked"])
            + ("" if running else "; then confirm it here"),
            "steps": tuple(step for task in left for step in task.steps),
            "confirmable": not running,
        }
    )


def _elsewhere(entries: Iterable[Entry], said: dict[str, str]) -> CheckLine:
    """Say whether anybody looked for accounts and secrets that the account made."""
    line = CheckLine(
        name="elsewhere",
        title="What the account made elsewhere was looked for",
        light=Light.GREEN,
    )
    looks = [e for e in entries if WAYS_IN in e.data]
    if looks and not looks[-1].data["unknown"]:
        return line
    if line.name in said:
        return line.model_copy(update={"confirmed_by": said[line.name]})
    return line.model_copy(update={"light": Light.UNKNOWN, "confirmable": True, "todo": _LOOK})


def _by_hand(left: Leftover, said: dict[str, str]) -> CheckLine:
    """Make a line of what only a person can do about the account as a whole."""
    line = CheckLine(name=left.check, title=left.reason, light=Light.GREEN)
    if line.name in said:
        return line.model_copy(update={"confirmed_by": said[line.name]})
    todo = "Do this by hand, or judge that it is right as it is; then confirm it here"
    return line.model_copy(
        update={"light": Light.NOT_YET, "todo": todo, "steps": left.steps, "confirmable": True}
    )


def _unsure(left: Iterable[Task]) -> bool:
    """Whether nobody knows how it stands: what failed may be there or not."""
    return any(task.state is TaskState.FAILED for task in left)


def _todo(task: Task) -> str:
    name = task.responder.replace("_", " ")
    reason = task.reason.rstrip(".")
    match task.state:
        case TaskState.WAITING:
            return f"Approve or refuse “{name}”"
        case TaskState.FAILED:
            return f"Mend why “{name}” failed ({reason}), or do it by hand"
        case TaskState.REFUSED | TaskState.VERIFIED:
            return f"Do “{name}” by hand: {reason}"
        case TaskState.OBSERVED:
            return f"Do “{name}” by hand: it was only reported"
        case TaskState.UNDONE:
            return f"See that “{name}” was rightly put back"
    return f"Wait until “{name}” has ended"


def _proof(case: Case) -> CheckLine:
    line = CheckLine(name="proof", title="Nothing came back until nothing could", light=Light.GREEN)
    if case.proven_at is not None:
        return line
    if case.contained_at is None:
        todo = "Finish what is open: the looks that prove it begin when nothing runs any more"
        return line.model_copy(update={"light": Light.UNKNOWN, "todo": todo})
    until = case.contained_at + TOKEN_LIFE
    todo = f"Wait for the clean look at {until:%H:%M} UTC, when the last token has run out"
    return line.model_copy(update={"light": Light.NOT_YET, "todo": todo})


def _confirmed(entries: Iterable[Entry]) -> dict[str, str]:
    """Find who confirmed which line, since the account last moved."""
    said: dict[str, str] = {}
    for entry in entries:
        if entry.event in _STALE:
            said.clear()
        elif entry.event is Event.CONFIRMED and "check" in entry.data:
            said[str(entry.data["check"])] = entry.actor
    return said


def _synced(case: Case) -> bool:
    return AccountKind.SYNCED in case.account.kinds
