"""The words of the reviewed table: what a resource type may say, and where that was looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final


class Plain(Enum):
    """Shapes without parts."""

    TEXT = str
    WHOLE = int
    FLAG = bool
    OPEN = object


class Review(Enum):
    """How a type was looked up."""

    READ = "types.md, every property"
    USED = "Microsoft's templates and reference"


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape."""

    shape: Shape


type Shape = Plain | frozenset[str] | ListOf | Mapping[str, Shape]


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A resource type at one version: where it was looked up, and its shape."""

    how: Review
    where: str
    shape: Mapping[str, Shape]


TEXT, WHOLE, FLAG, OPEN = Plain.TEXT, Plain.WHOLE, Plain.FLAG, Plain.OPEN
TRACKED: Final[Mapping[str, Shape]] = {"name!": TEXT, "location!": TEXT, "tags": OPEN}
ID: Final[Mapping[str, Shape]] = {"id!": TEXT}
ON_OR_OFF: Final = frozenset({"Enabled", "Disabled"})
ALLOW_OR_DENY: Final = frozenset({"Allow", "Deny"})
USER_ASSIGNED: Final[Mapping[str, Shape]] = {
    "type!": frozenset({"UserAssigned"}),
    "userAssignedIdentities": OPEN,
}
