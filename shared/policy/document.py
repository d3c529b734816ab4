"""Read `policy.toml`: strict, and with all that is wrong said at once, line by line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from shared.errors import FirebreakError
from shared.model import Json, Mode, Phase, ResponderName, Value
from shared.policy.checks import Finding, check, unknown_channels
from shared.policy.condition import OBJECT_ID, Condition, GroupId, is_object_id
from shared.policy.limits import Approvals, Burst, Freeze, Guards, Radius, Retention, Sweeping
from shared.policy.locate import Lines, Path, locate
from shared.policy.notify import Digest, Quiet, Route
from shared.policy.reach import Block, OnPremises
from shared.policy.sentences import path_of, sentence
from shared.responder import Responder

LANGUAGE: Final = 1
"""Version of the policy language this release reads."""

_UPN: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SYNTAX: Final = re.compile(
    r"(?P<what>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)"
)


class ResponderTraits(Value):
    """What the policy must know of a responder; the catalogue itself is handed in."""

    name: ResponderName
    phase: Phase
    reversible: bool
    organisation: bool = False
    """Whether it answers a case about the organisation itself."""

    @classmethod
    def of(cls, catalogue: Mapping[ResponderName, Responder[Any]]) -> dict[ResponderName, Self]:
        """Read the traits of all responders off the catalogue."""
        return {
            name: cls(
                name=name,
                phase=responder.phase,
                reversible=responder.reversible,
                organisation=responder.organisation,
            )
            for name, responder in catalogue.items()
        }


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


def _version(number: int) -> int:
    if number != LANGUAGE:
        raise PydanticCustomError(
            "version",
            "this release reads version {known} and not {number}; update Firebreak or the policy",
            {"known": LANGUAGE, "number": number},
        )
    return number


def _account(text: str) -> str:
    if not is_object_id(text) and not _UPN.fullmatch(text):
        raise PydanticCustomError(
            "protected_account",
            "'{text}' is neither an object id nor a user principal name; copy the object id from "
            "the account's page in Entra",
            {"text": text},
        )
    return text.lower()


def _rule_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise PydanticCustomError(
            "rule_name",
            "'{text}' is no rule name; use lower-case words joined by hyphens",
            {"text": text},
        )
    return text


class Protected(Value):
    """Accounts that nothing is done to: object ids or UPNs, and groups by object id."""

    accounts: frozenset[
        Annotated[
            str,
            AfterValidator(_account),
            Field(json_schema_extra={"pattern": f"^({OBJECT_ID}|{_UPN.pattern})$"}),
        ]
    ] = frozenset()
    """Object ids, which survive a renaming, or user principal names."""
    groups: frozenset[GroupId] = frozenset()
    """Groups by object id; whoever is in one is protected."""


class Episode(Value):
    """How long alerts about one account join the case that is open for it."""

    hours: Annotated[int, Field(strict=True, ge=1, le=720)] = 72
    """Hours after a case was opened in which another alert about the account joins it."""


class Rule(Condition):
    """Which responders answer what the condition describes, and in which mode."""

    name: Annotated[
        str, AfterValidator(_rule_name), Field(json_schema_extra={"pattern": f"^{_NAME.pattern}$"})
    ]
    """What the case calls the rule: lower-case words joined by hyphens."""
    irreversible: Annotated[bool, Field(strict=True)] = False
    """Whether this rule may enforce what cannot be put back."""
    responders: Annotated[dict[ResponderName, Mode], Field(min_length=1)]


class Document(Value):
    """The policy as it is written."""

    version: Annotated[
        int, Field(strict=True, json_schema_extra={"const": LANGUAGE}), AfterValidator(_version)
    ]
    """Version of the policy language; 1."""
    mode_ceiling: Mode = Mode.ENFORCE
    """The brake of the whole organisation: nothing goes further than this."""
    episode: Episode = Episode()
    """How long alerts about one account are one case."""
    protected: Protected = Protected()
    """Who is only ever reported."""
    guards: Guards = Guards()
    """The brakes."""
    freeze: tuple[Freeze, ...] = ()
    """Times in which less is done than the rules say."""
    block: Block = Block()
    """What block_by_group needs."""
    on_premises: OnPremises = OnPremises()
    """What disable_on_premises needs."""
    approvals: Approvals = Approvals()
    """How long a change waits for a person."""
    retention: Retention = Retention()
    """How long what was collected about people is kept."""
    sweeps: Sweeping = Sweeping()
    """What the sweeps of the tenant tell people at once."""
    notify: tuple[Route, ...] = ()
    """Who is told of what; every entry that fits is followed."""
    rule: Annotated[tuple[Rule, ...], Field(min_length=1)]
    """Read from top to bottom; the first one that fits decides."""


class Policy(Value):
    """The policy in force: what was written, and the responders it speaks of."""

    mode_ceiling: Mode
    episode: timedelta
    protected: Protected
    guards: Guards
    freezes: tuple[Freeze, ...] = ()
    block: Block = Block()
    on_premises: OnPremises = OnPremises()
    approvals: Approvals = Approvals()
    retention: Retention = Retention()
    sweeps: Sweeping = Sweeping()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...]
    responders: dict[ResponderName, ResponderTraits]


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
