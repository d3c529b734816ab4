"""What `policy.toml` says, as frozen values: what stands in it, and the policy in force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.model import Mode, Phase, ResponderName, Value
from shared.policy.condition import OBJECT_ID, Condition, GroupId, is_object_id
from shared.policy.limits import Approvals, Freeze, Guards, Retention, Sweeping
from shared.policy.notify import Route
from shared.policy.reach import Block, OnPremises
from shared.responder import Responder

LANGUAGE: Final = 1
"""Version of the policy language this release reads."""

_UPN: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


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
