"""The words that all others are made of: ids, times, and a frozen value.

Times are aware and in UTC; a naive time does not construct. Ids are `NewType`s, so that a user
principal name cannot be passed where an object id is meant.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Annotated, Any, NewType

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

TenantId = NewType("TenantId", str)
ObjectId = NewType("ObjectId", str)
Upn = NewType("Upn", str)
AlertId = NewType("AlertId", str)
CaseId = NewType("CaseId", str)
TaskId = NewType("TaskId", str)
ResponderName = NewType("ResponderName", str)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("in UTC this is outside the years 1 to 9999") from error


Utc = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Json = dict[str, Any]

SCHEMA = 2
"""Version of every stored row and blob; a reader that meets a higher one stops instead of guessing.

Older ones are migrated as they are read: see shared.store.schema.
"""


class Value(BaseModel):
    """A frozen value; an unknown field is an error, not a surprise."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def digest(*parts: str, length: int = 32) -> str:
    """Name a thing by what it is: the hex SHA-256 of its parts, shortened to `length`."""
    joined = "\x1f".join(parts)
    return hashlib.sha256(joined.encode()).hexdigest()[:length]


def number_of(count: int, one: str, more: str = "") -> str:
    """Say how many, with the noun that goes with it: "1 rule", "2 rules".

    `more` is for what takes more than an s, and may go on with the verb: "box is", "boxes are".
    """
    return f"{count} {one if count == 1 else more or f'{one}s'}"


def now() -> datetime:
    """Tell the time. The default clock; whatever needs the time takes a clock as an argument."""
    return datetime.now(UTC)
