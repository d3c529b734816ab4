"""The contract: what a responder is, and the frozen value its plan returns.

A responder reads state, says what must change, changes it, proves it and can put it back. It never
asks whether it may: dry run, guards, approval, journal and retry live in the runner, so that no
responder can forget them.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Container
from enum import StrEnum
from typing import Any, ClassVar, Self, cast, get_args

from shared.clients.licences import Plan
from shared.clients.tenant import Tenant
from shared.errors import Defect, Refused
from shared.model import (
    Case,
    Difference,
    Foothold,
    Json,
    Leftover,
    Phase,
    ResponderName,
    Value,
    Who,
    digest,
)
from shared.registered import Registered


class Impact(StrEnum):
    """What the account's owner notices."""

    NONE = "nothing"
    SIGN_IN_AGAIN = "has to sign in again"
    CANNOT_SIGN_IN = "cannot sign in"
    NEW_PASSWORD = "needs a new password"  # noqa: S105 - a description
    SETTING = "a mail setting is off"


class Change(Value):
    """Before and after, typed: the dry run, the approval card, the journal entry, undo's input."""

    who: Who

    choices: ClassVar[str] = ""
    """The field whose items can be taken out one by one, a foothold for each, in that order."""

    def summary(self) -> str:
        """Say in one sentence what will be done, in words an analyst uses."""
        raise NotImplementedError

    def differences(self) -> tuple[Difference, ...]:
        """List what it was and what it becomes, line by line, without secrets."""
        raise NotImplementedError

    def footholds(self) -> tuple[Foothold, ...]:
        """List what the intruder held here; empty where the change is a precaution."""
        return ()

    def leftover(self) -> Leftover | None:
        """Say what a person still has to do once this is done; `None` where it settles the matter.

        Success is never claimed for a write that something else will undo.
        """
        return None

    def fingerprint(self) -> str:
        """Name the change by its content: what was approved is exactly this, or is asked again."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return digest(type(self).__name__, text)

    @property
    def pieces(self) -> tuple[str, ...]:
        """Name each item that can be taken out; none where it is all or nothing."""
        items: tuple[Any, ...] = getattr(self, self.choices) if self.choices else ()
        return tuple(self.piece(item) for item in items)

    def piece(self, item: Any) -> str:
        """Name one item by its content; overridden where a count in it moves by itself."""
        text = json.dumps(item.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return digest(text, length=12)

    def without(self, spared: Container[str]) -> Self | None:
        """Take items out; `None` where nothing is left to change."""
        items = getattr(self, self.choices) if self.choices else ()
        kept = tuple(item for item in items if self.piece(item) not in spared)
        if len(kept) == len(items):
            return self
        return self.model_copy(update={self.choices: kept}) if kept else None

    def covers(self, other: Change) -> bool:
        """Whether `other` is this change, or what a crash in the middle of it left to do."""
        if self.fingerprint() == other.fingerprint():
            return True
        same = type(other) is type(self) and other.who == self.who
        return same and bool(other.pieces) and set(other.pieces) <= set(self.pieces)


class Responder[C: Change](Registered, ABC):
    """One remediation. The file is its registration; the docstring is its documentation."""

    phase: ClassVar[Phase]
    impact: ClassVar[Impact]
    techniques: ClassVar[frozenset[str]] = frozenset()
    """MITRE ATT&CK techniques it answers."""
    permissions: ClassVar[frozenset[str]] = frozenset()
    """Application permissions it needs, and nothing it does not."""
    exchange_roles: ClassVar[frozenset[str]] = frozenset()
    """Exchange management roles its cmdlets need."""
    azure_roles: ClassVar[frozenset[str]] = frozenset()
    """Azure roles it needs where what it changes is Azure's."""
    licences: ClassVar[frozenset[Plan]] = frozenset()
    """Service plans without which it can do nothing at all."""
    dated: ClassVar[bool] = False
    """Whether it tells the intruder's things by their time, so that none of the owner's is taken
    for one after the owner was let back in."""

    organisation: ClassVar[bool] = False
    """Whether it changes the whole organisation and no account, so that it also answers a case
    about the organisation itself."""

    hunts: ClassVar[bool] = False
    """Whether it looks through the organisation's logs and mail: whatever closes a door at the
    account itself goes first."""

    async def refuse(self, case: Case, tenant: Tenant) -> Refused | None:
        """Say why this account must not be touched this way, or `None`."""
        return None

    @abstractmethod
    async def plan(self, case: Case, tenant: Tenant) -> C | None:
        """Read the tenant and say what must change; `None` where nothing has to. Never writes."""

    @abstractmethod
    async def apply(self, change: C, tenant: Tenant) -> None:
        """Make the change. Safe to run again after a crash at any point."""

    async def undo(self, change: C, tenant: Tenant) -> None:
        """Put back what `apply` changed. Not overridden means irreversible."""
        raise Refused(f"{self.name} cannot be undone")

    @property
    def name(self) -> ResponderName:
        """The name of its module: one file, one responder, one name."""
        return ResponderName(super().name)

    @property
    def reversible(self) -> bool:
        """Whether it can put back what it changed."""
        return type(self).undo is not Responder.undo

    @property
    def change_type(self) -> type[C]:
        """The change it plans, read off its declaration `Responder[TheChange]`."""
        for base in getattr(type(self), "__orig_bases__", ()):
            for argument in get_args(base):
                if isinstance(argument, type) and issubclass(argument, Change):
                    return cast("type[C]", argument)
        raise Defect(f"{type(self).__name__} does not say which change it plans")

    def revive(self, stored: Json) -> C:
        """Read a change back from the journal."""
        return self.change_type.model_validate(stored)
