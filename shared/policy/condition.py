"""What a rule asks for, whether an account and its alert fit it, and which rules never get a turn.

A fact that is unknown is neither yes nor no: the rule then cannot be judged, and the decision says
so instead of guessing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import product
from typing import Annotated, Final

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from shared.model import Account, AccountKind, AlertKind, ObjectId, Severity, Value

OBJECT_ID: Final = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
"""The shape of a directory object id."""


def is_object_id(text: str) -> bool:
    """Say whether a text has the shape of a directory object id."""
    return re.fullmatch(OBJECT_ID, text) is not None


def _object_id(text: ObjectId) -> ObjectId:
    if not is_object_id(text):
        raise PydanticCustomError(
            "object_id",
            "'{text}' is not an object id; copy the id from the group's page in Entra, "
            "because a name can change hands",
            {"text": text},
        )
    return ObjectId(text.lower())


type GroupId = Annotated[
    ObjectId,
    AfterValidator(_object_id),
    Field(json_schema_extra={"pattern": f"^{OBJECT_ID}$"}),
]
type AnyOf[T] = Annotated[frozenset[T], Field(min_length=1)] | None


class Facts(Value):
    """What is known when a rule is chosen: one alert, and the account it is about."""

    kind: AlertKind
    severity: Severity
    account: Account


class Fit(StrEnum):
    """Whether a condition holds; `unknown` is not `no`."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Condition(Value):
    """What a rule asks for: each list is met by any of its items, a missing list by everything."""

    kinds: AnyOf[AlertKind] = None
    """What the alert says happened: any of these."""
    severity: AnyOf[Severity] = None
    """How loud the source was: any of these; "unknown" is not "low"."""
    account: AnyOf[AccountKind] = None
    """What the account is: any of these."""
    groups: AnyOf[GroupId] = None
    """Groups by object id; the account is in any of these."""

    def fit(self, facts: Facts) -> Fit:
        """Say whether the facts meet all that is asked."""
        fits = {
            _listed(self.kinds, facts.kind),
            _listed(self.severity, facts.severity),
            self._account_fit(facts.account),
            self._groups_fit(facts.account),
        }
        return next(fit for fit in (Fit.NO, Fit.UNKNOWN, Fit.YES) if fit in fits)

    def unknowns(self, facts: Facts) -> tuple[str, ...]:
        """Name the facts this condition asks for and that nobody could read."""
        asked = {
            "the account's kind or roles": self._account_fit(facts.account),
            "the account's groups": self._groups_fit(facts.account),
        }
        return tuple(name for name, fit in asked.items() if fit is Fit.UNKNOWN)

    def _account_fit(self, account: Account) -> Fit:
        if self.account is None or self.account & account.kinds:
            return Fit.YES
        if AccountKind.PRIVILEGED in self.account and privileged(account) is not Fit.NO:
            return privileged(account)
        if not account.kinds and self.account != {AccountKind.PRIVILEGED}:
            return Fit.UNKNOWN
        return Fit.NO

    def _groups_fit(self, account: Account) -> Fit:
        return Fit.YES if self.groups is None else in_any(self.groups, account.groups)


def privileged(account: Account) -> Fit:
    """Say whether an account holds a directory role."""
    if AccountKind.PRIVILEGED in account.kinds or account.roles:
        return Fit.YES
    return Fit.UNKNOWN if account.roles is None else Fit.NO


def takes_two(account: Account, *, four_eyes: bool) -> bool:
    """Whether two people have to say yes; roles that could not be read count as held."""
    return four_eyes and privileged(account) is not Fit.NO


def in_any(wanted: frozenset[ObjectId], groups: frozenset[ObjectId] | None) -> Fit:
    """Say whether an account's groups hold any of the wanted ones (written in lower case)."""
    if groups is None:
        return Fit.UNKNOWN
    return Fit.YES if any(group.lower() in wanted for group in groups) else Fit.NO


def _listed[T](wanted: frozenset[T] | None, found: T) -> Fit:
    return Fit.YES if wanted is None or found in wanted else Fit.NO


type _Cell = tuple[AlertKind, Severity, AccountKind, ObjectId | None]


def hidden_by(conditions: Sequence[Condition], index: int) -> tuple[int, ...]:
    """Name the earlier conditions that leave nothing for the one at `index`; empty: it has a turn.

    A condition holds for an account of several kinds or groups if it holds for one of them, so an
    account of one kind in at most one group is the hardest to catch earlier, and enough to try.
    """
    cells = tuple(_cells(conditions[index]))
    earlier = range(index)
    if not all(any(_covers(conditions[i], cell) for i in earlier) for cell in cells):
        return ()
    for i in earlier:
        if all(_covers(conditions[i], cell) for cell in cells):
            return (i,)
    return tuple(i for i in earlier if any(_covers(conditions[i], cell) for cell in cells))


def _cells(condition: Condition) -> Iterator[_Cell]:
    groups: tuple[ObjectId | None, ...] = tuple(condition.groups or (None,))
    return product(
        condition.kinds or AlertKind,
        condition.severity or Severity,
        condition.account or AccountKind,
        groups,
    )


def _covers(condition: Condition, cell: _Cell) -> bool:
    wanted = (condition.kinds, condition.severity, condition.account, condition.groups)
    return all(any_of is None or fact in any_of for any_of, fact in zip(wanted, cell, strict=True))
