"""What the page of the policy shows: each rule in words, its line, and what was changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import unified_diff
from typing import Any, Final

from shared.model import Json, Mode, Phase, ResponderName, Utc, Value
from shared.pages.words import said
from shared.policy.condition import Condition
from shared.policy.document import Episode, Policy, Rule
from shared.policy.locate import Lines, Path, locate
from shared.responder import Responder

_ELSEWHERE: Final = frozenset({"version", "rule"})
"""What the page shows in another way than as a setting."""
_KEPT_AS: Final = {"freeze": "freezes", "notify": "routes"}
"""What the policy in force calls otherwise than its language does."""
_AROUND: Final = 2
"""Lines of the policy shown before and after one that was changed."""


class Act(Value):
    """What a rule has one responder do."""

    responder: ResponderName
    phase: Phase
    mode: Mode
    does: str
    reversible: bool
    line: int | None


class RuleLine(Value):
    """One rule in words."""

    name: str
    line: int | None
    asks: tuple[str, ...]
    """What has to be so, all of it; nothing: the rule fits every alert."""
    acts: tuple[Act, ...]
    irreversible: bool
    changed: str
    """How it differs from the shipped rule of that name; empty where it does not."""


class SettingLine(Value):
    """One setting beside the rules."""

    name: str
    value: str
    means: str
    line: int | None
    """`None`: it is not written down, so the default holds."""


class PolicyView(Value):
    """The policy in force."""

    at: Utc
    file: str
    mode_ceiling: Mode
    rules: tuple[RuleLine, ...]
    missing: tuple[str, ...]
    """Rules that are shipped and not in force here."""
    settings: tuple[SettingLine, ...]
    difference: tuple[str, ...]
    """Lines of a unified difference from the shipped policy, comments left out."""


def policy_view(  # noqa: PLR0913 - everything it shows comes in here
    policy: Policy,
    text: str,
    *,
    file: str,
    shipped: tuple[Policy | None, str],
    catalogue: Mapping[ResponderName, Responder[Any]],
    schema: Json,
    at: Utc,
) -> PolicyView:
    """Put together what the page shows; `shipped` is what this release came with, and its text.

    `schema` is the policy language's own, which says what each key means.
    """
    lines = locate(text)
    before = {rule.name: rule for rule in shipped[0].rules} if shipped[0] else None
    return PolicyView(
        at=at,
        file=file,
        mode_ceiling=policy.mode_ceiling,
        rules=tuple(
            _rule(rule, number, lines, before, catalogue)
            for number, rule in enumerate(policy.rules)
        ),
        missing=tuple(sorted((before or {}).keys() - {rule.name for rule in policy.rules})),
        settings=settings(policy, lines, schema),
        difference=tuple(_difference(shipped[1], text)),
    )


def _rule(
    rule: Rule,
    number: int,
    lines: Lines,
    before: Mapping[str, Rule] | None,
    catalogue: Mapping[ResponderName, Responder[Any]],
) -> RuleLine:
    path = ("rule", number)
    acts = (
        Act(
            responder=name,
            phase=catalogue[name].phase,
            mode=mode,
            does=catalogue[name].summary,
            reversible=catalogue[name].reversible,
            line=lines.get((*path, "responders", name)),
        )
        for name, mode in rule.responders.items()
    )
    phases = list(Phase)
    return RuleLine(
        name=rule.name,
        line=lines.get((*path, "name"), lines.get(path)),
        asks=tuple(_asks(rule)),
        acts=tuple(sorted(acts, key=lambda act: phases.index(act.phase))),
        irreversible=rule.irreversible,
        changed=_changed(rule, before),
    )


def _asks(condition: Condition) -> Iterator[str]:
    for asked, begin in (
        (condition.kinds, "the alert tells of: "),
        (condition.severity, "its severity is: "),
        (condition.account, "the account is: "),
        (condition.groups, "the account is in the group: "),
    ):
        if asked is not None:
            yield begin + " or ".join(sorted(said(one) for one in asked))


def _changed(rule: Rule, before: Mapping[str, Rule] | None) -> str:
    if before is None:
        return ""
    if rule.name not in before:
        return "not shipped: your own rule"
    return "" if before[rule.name] == rule else "changed from the shipped rule"


def settings(policy: Policy, lines: Lines, schema: Json) -> tuple[SettingLine, ...]:
    """List what holds for every alert, with what each means; `schema` is the language's own."""
    return tuple(_settings(policy, lines, schema))


def _settings(policy: Policy, lines: Lines, schema: Json) -> Iterator[SettingLine]:
    """Show every table of the policy's language, whether it is written down or not."""
    for name, about in schema["properties"].items():
        if name not in _ELSEWHERE:
            shown = _Shown(lines, schema["$defs"])
            yield from shown.flat(_of(policy, name), (name,), about.get("description", ""))


def _of(policy: Policy, name: str) -> object:
    """Find what is in force of what the language calls so."""
    if name == "episode":
        return Episode(hours=int(policy.episode.total_seconds() // 3600))
    return getattr(policy, _KEPT_AS.get(name, name))


class _Shown:
    """Makes lines of settings, with where they are written and what they mean."""

    def __init__(self, lines: Lines, described: Json) -> None:
        self._lines = lines
        self._described = described

    def flat(self, found: object, path: Path, means: str) -> Iterator[SettingLine]:
        """Make a line for each setting in a value; a list of tables is counted from 1."""
        match found:
            case Value():
                properties = self._described.get(type(found).__name__, {}).get("properties", {})
                for name in type(found).model_fields:
                    said = properties.get(name, {}).get("description", "")
                    yield from self.flat(getattr(found, name), (*path, name), said)
            case (Value(), *_):
                for number, one in enumerate(found):
                    yield from self.flat(one, (*path, number), means)
            case _:
                yield SettingLine(
                    name=_named(path),
                    value=_written(found),
                    means=means,
                    line=self._lines.get(path),
                )


def _named(path: Path) -> str:
    words = (f" {part + 1}" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(words).removeprefix(".")


def _written(value: object) -> str:
    match value:
        case None:
            return "not set"
        case bool():
            return "yes" if value else "no"
        case frozenset() | tuple():
            return ", ".join(sorted(str(one) for one in value)) or "none"
        case dict():
            return ", ".join(f"{key}: {one}" for key, one in sorted(value.items())) or "none"
        case _:
            return str(value)


def _difference(shipped: str, text: str) -> Iterator[str]:
    found = unified_diff(_bare(shipped), _bare(text), n=_AROUND, lineterm="")
    return (line for line in found if not line.startswith(("---", "+++")))


def _bare(text: str) -> list[str]:
    return list(_meant(text.splitlines()))


def _meant(lines: Iterable[str]) -> Iterator[str]:
    return (line.rstrip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
