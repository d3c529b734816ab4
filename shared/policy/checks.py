"""Find what only shows when the parts of a policy are seen together.

The checks read the document as it was written, each part as far as it can be read, so that one
mistake does not hide the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.model import Json, Mode, ResponderName
from shared.policy.condition import Condition, hidden_by
from shared.policy.limits import Approvals
from shared.policy.locate import Lines, Path
from shared.policy.sentences import near

type Finding = tuple[Path, str]
type _Rules = Mapping[Path, dict[str, Any]]

_NOT_ASKED: Final = frozenset({"name", "irreversible", "responders"})
"""Keys of a rule that say nothing about what it matches."""


def check(
    raw: Json,
    *,
    lines: Lines,
    misread: frozenset[Path],
    reversible: Mapping[ResponderName, bool],
) -> Iterator[Finding]:
    """Find what no part shows by itself.

    That is: names used twice, rules without a turn, unknown responders, unmeant finality, and
    approvals that nobody else would be told of.

    `misread` are the places that could not be read and are reported already.
    """
    written = raw.get("rule")
    rules: _Rules = {
        ("rule", index): rule
        for index, rule in enumerate(written if isinstance(written, list) else ())
        if isinstance(rule, dict)
    }
    yield from _names(rules, lines)
    # What a misspelt rule was meant to match is unknown, so it neither hides nor is hidden.
    unclear = {path[:2] for path in misread if path[2:] and path[2] not in _NOT_ASKED}
    clear = {path: rule for path, rule in rules.items() if path not in unclear}
    yield from _turns(clear, lines)
    for path, rule in rules.items():
        yield from _answers(path, rule, reversible)
    if not any(path[:1] == ("approvals",) for path in misread):
        yield from _escalation(raw.get("approvals", {}))


def _names(rules: _Rules, lines: Lines) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for path, rule in rules.items():
        name, here = rule.get("name"), (*path, "name")
        if not isinstance(name, str):
            continue
        if name in first:
            yield here, f"line {first[name]} names a rule '{name}' too; give this one another name"
        first.setdefault(name, lines[here])


def _turns(rules: _Rules, lines: Lines) -> Iterator[Finding]:
    paths = tuple(rules)
    conditions = tuple(_condition(rule) for rule in rules.values())
    for index, path in enumerate(paths):
        if hidden := hidden_by(conditions, index):
            earlier = [f"'{rules[paths[i]].get('name')}' (line {lines[paths[i]]})" for i in hidden]
            verb = "matches" if len(earlier) == 1 else "together match"
            said = (
                f"this rule never gets a turn: {' and '.join(earlier)} {verb} all it asks for; "
                "move it up, narrow what is above, or remove it"
            )
            yield path, said


def _condition(rule: dict[str, Any]) -> Condition:
    return Condition.model_validate(
        {key: value for key, value in rule.items() if key not in _NOT_ASKED}
    )


def _answers(
    path: Path, rule: dict[str, Any], reversible: Mapping[ResponderName, bool]
) -> Iterator[Finding]:
    answers = rule.get("responders")
    for name, mode in answers.items() if isinstance(answers, dict) else ():
        here = (*path, "responders", name)
        if name not in reversible:
            yield here, f"unknown responder '{name}'{near(name, reversible)}"
        elif mode == Mode.ENFORCE and not reversible[name] and rule.get("irreversible") is not True:
            said = (
                f"'{name}' cannot be put back; write irreversible = true in this rule to enforce "
                'it all the same, or let a person release it with "approve"'
            )
            yield here, said


def _escalation(written: Json) -> Iterator[Finding]:
    terms = Approvals.model_validate(written)
    if terms.escalates:
        return
    key = next(key for key in Approvals.model_fields if key in written)
    said = (
        f"nobody else is ever told: a change is given up after {terms.expire_after_hours} h, and "
        f"that is not later than escalate_after_minutes = {terms.escalate_after_minutes}; "
        "write fewer minutes, or more hours"
    )
    yield ("approvals", key), said


def unknown_channels(raw: Json, known: frozenset[str]) -> Iterator[Finding]:
    """Find channels that nobody configured: whoever should be told would never be."""
    written = raw.get("notify")
    for index, route in enumerate(written if isinstance(written, list) else ()):
        named = route.get("channels") if isinstance(route, dict) else None
        for place, name in enumerate(named if isinstance(named, list) else ()):
            if isinstance(name, str) and name not in known:
                there = near(name, sorted(known)) if known else "; none is configured"
                said = f"FIREBREAK_CHANNELS has no channel '{name}'{there}"
                yield ("notify", index, "channels", place), said
