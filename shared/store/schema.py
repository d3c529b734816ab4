"""How what an earlier version wrote is read: one function for each step from version to version.

Whoever changes what a stored row or document says raises `SCHEMA` and adds a step here. A row is
migrated each time it is read and stored anew when it is next written, so that no upgrade has to
stop the app. What a newer version wrote is not read at all: to guess would be to lose what this
version does not know of, and what is not read is never overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from shared.errors import Defect
from shared.model import SCHEMA, Json

type Step = Callable[[str, Json], Json]
"""Takes a row's key and its body as one version wrote it, and gives it as the next one would."""


def migrated(key: str, body: Json, *, schema: int, where: str) -> Json:
    """Give a row's body as this version writes it; raises `Defect` where a newer one wrote it."""
    check_schema(schema, where=where)
    for version in range(schema, SCHEMA):
        body = STEPS[version](key, body)
    return body


def check_schema(schema: int, *, where: str) -> None:
    """Refuse what a newer version wrote."""
    if schema > SCHEMA:
        raise Defect(
            f"{where} was written by a newer Firebreak (schema {schema}; this one reads up to "
            f"{SCHEMA}): upgrade this deployment"
        )


def _journal_without_salt(key: str, body: Json) -> Json:
    """From 1 to 2: a journal line had no salt, and its one hash was over all that it said."""
    if not key.startswith("journal:") or "salt" in body:
        return body
    return {**body, "salt": "", "said": body["hash"]}


STEPS: Final[Mapping[int, Step]] = MappingProxyType({1: _journal_without_salt})
"""By the version that a step begins at."""
