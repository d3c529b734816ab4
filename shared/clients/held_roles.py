"""A directory role as an account holds it, read out of what Graph answers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from shared.model import Json, ObjectId, Utc, Value

_ACTIVATED: Final = "Activated"


class Holding(StrEnum):
    """How an account comes to a role."""

    ACTIVE = "active"
    ELIGIBLE = "eligible"
    GROUP = "member of a group that can hold roles"


class HeldRole(Value):
    """A role that an account holds at a scope, or a group through which it may hold some.

    `target` is the role definition's or the group's id, `object_id` that of the role in the
    directory; `timed` says that Privileged Identity Management keeps its term. `None` is unknown.
    """

    holding: Holding
    target: ObjectId
    name: str
    scope: str = "/"
    assignment: str | None = None
    object_id: ObjectId | None = None
    timed: bool = False
    activated: bool = False
    start: Utc | None = None
    end: Utc | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others that the same account holds."""
        return self.holding, self.target, self.scope


def active(item: Json, names: Mapping[str, str], term: Json | None) -> HeldRole:
    """Read an assignment, with its term where Privileged Identity Management shows one."""
    role = held(Holding.ACTIVE, {**item, **(term or {})}, names)
    # One without a start was assigned past Privileged Identity Management, which only shows it.
    timed = term is not None and role.start is not None
    return role.model_copy(update={"assignment": str(item["id"]), "timed": timed})


def held(holding: Holding, item: Json, names: Mapping[str, str]) -> HeldRole:
    """Read a role assignment's or a schedule's instance."""
    target = str(item["roleDefinitionId"])
    return HeldRole(
        holding=holding,
        target=ObjectId(target),
        name=names[target],
        scope=scope_of(item),
        activated=item.get("assignmentType") == _ACTIVATED,
        timed=holding is Holding.ELIGIBLE,
        start=item.get("startDateTime"),
        end=item.get("endDateTime"),
    )


def through_group(item: Json) -> HeldRole:
    """Read a group that can hold roles."""
    oid = ObjectId(str(item["id"]))
    name = str(item.get("displayName") or oid)
    return HeldRole(holding=Holding.GROUP, target=oid, name=name, object_id=oid)


def scope_of(item: Json) -> str:
    """Read where a role counts: everywhere, or in an administrative unit or app."""
    return str(item.get("directoryScopeId") or item.get("appScopeId") or "/")
