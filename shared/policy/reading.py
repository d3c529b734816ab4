"""Read `policy.toml`: strict, and with all that is wrong said at once, line by line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from pydantic import ValidationError

from shared.errors import FirebreakError
from shared.model import Json, ResponderName, Value
from shared.policy.checks import Finding, check, unknown_channels
from shared.policy.document import Document, Episode, Policy, Protected, ResponderTraits, Rule
from shared.policy.limits import Approvals, Burst, Freeze, Guards, Radius, Retention, Sweeping
from shared.policy.locate import Lines, Path, locate
from shared.policy.notify import Digest, Quiet, Route
from shared.policy.reach import Block, OnPremises
from shared.policy.sentences import path_of, sentence

_SYNTAX: Final = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)"
)


class Problem(Value):
    """One thing that is wrong, where, and what to do about it."""

    line: int
    sentence: str


class PolicyError(FirebreakError):
    """The policy cannot be put in force. Stops start-up; names every problem with its line."""

    def __init__(self, problems: tuple[Problem, ...], *, file: str) -> None:
        super().__init__("\n".join(f"{file}:{p.line}: {p.sentence}" for p in problems))
        self.problems = problems
        self.file = file


def load(
    text: str,
    *,
    responders: Mapping[ResponderName, ResponderTraits],
    file: str = "policy.toml",
    channels: frozenset[str] | None = None,
) -> Policy:
    """Read a policy, or raise `PolicyError` with everything that is wrong with it.

    `channels` are those that are configured; `None` where that is not known, so nothing is asked.
    """
    raw, lines = parse(text.removeprefix("\ufeff"), file=file)
    findings = mistakes(raw, lines=lines, responders=responders)
    if channels is not None:
        findings += unknown_channels(raw, channels)
    if findings:
        problems = [Problem(line=line_of(lines, path), sentence=said) for path, said in findings]
        ordered = sorted(problems, key=lambda problem: (problem.line, problem.sentence))
        raise PolicyError(tuple(ordered), file=file)
    document = Document.model_validate(raw)
    return Policy(
        mode_ceiling=document.mode_ceiling,
        episode=timedelta(hours=document.episode.hours),
        protected=document.protected,
        guards=document.guards,
        freezes=document.freeze,
        block=document.block,
        on_premises=document.on_premises,
        approvals=document.approvals,
        retention=document.retention,
        sweeps=document.sweeps,
        routes=document.notify,
        rules=document.rule,
        responders=dict(responders),
    )


_TABLES: Final[Mapping[str, type[Value]]] = {
    "episode": Episode,
    "protected": Protected,
    "guards": Guards,
    "guards.radius": Radius,
    "guards.burst": Burst,
    "freeze": Freeze,
    "block": Block,
    "on_premises": OnPremises,
    "approvals": Approvals,
    "retention": Retention,
    "sweeps": Sweeping,
    "notify": Route,
    "notify.quiet": Quiet,
    "notify.digest": Digest,
    "rule": Rule,
}


def _known_keys(table: Path) -> tuple[str, ...]:
    name = ".".join(part for part in table if isinstance(part, str))
    return tuple((_TABLES[name] if name else Document).model_fields)


def parse(text: str, *, file: str) -> tuple[Json, Lines]:
    """Read TOML, and where each part of it stands. Raises `PolicyError`."""
    try:
        return tomllib.loads(text), locate(text)
    except tomllib.TOMLDecodeError as error:
        found = _SYNTAX.fullmatch(str(error))
        line = found["line"] if found else None
        problem = Problem(
            line=int(line) if line else len(text.splitlines()) or 1,
            sentence=f"this is not TOML: {found['what'] if found else error}",
        )
        raise PolicyError((problem,), file=file) from error


def mistakes(
    raw: Json, *, lines: Lines, responders: Mapping[ResponderName, ResponderTraits]
) -> list[Finding]:
    """Find all that is wrong with a policy that was read as TOML, in each part and in the whole."""
    found = _misread(raw)
    reversible = {name: traits.reversible for name, traits in responders.items()}
    misread = frozenset(path for path, _ in found)
    return [*found, *check(raw, lines=lines, misread=misread, reversible=reversible)]


def _misread(raw: Json) -> list[Finding]:
    try:
        Document.model_validate(raw)
    except ValidationError as error:
        errors = error.errors()
    else:
        return []
    paths = [path_of(found) for found in errors]
    return [
        (path, sentence(found, _known_keys))
        for path, found in zip(paths, errors, strict=True)
        # A list whose items could not be read only looks too short.
        if found["type"] != "too_short"
        or not any(len(other) > len(path) and other[: len(path)] == path for other in paths)
    ]


def line_of(lines: Lines, path: Path) -> int:
    """Find the line of the path, or of the nearest thing around it that is written down."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)
