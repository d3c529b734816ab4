"""Whom an erasure is about, and whether a stored value names them. Pure.

The object id is the key. An address counts as well only where everything on record that has it is
about that object id: addresses are given to others in time, object ids are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from shared.model import Actor, ObjectId, Value

_BEFORE: Final = r"(?<![a-z0-9._%+'-])"
_BEHIND: Final = r"(?![a-z0-9_@-]|\.[a-z0-9])"


class Sought(Value):
    """One account, by its object id and by addresses that are nobody else's."""

    object_id: ObjectId
    addresses: frozenset[str] = frozenset()

    def named_in(self, value: Any) -> bool:
        """Whether a text in a JSON value, or one of its keys, names the account.

        Who did something, as the record writes it (`by`), is not looked at: that stays.
        """
        return any(self._pattern.search(text.lower()) for text in _texts(value))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        names = {self.object_id.lower(), *(one.lower() for one in self.addresses)} - {""}
        found = "|".join(map(re.escape, sorted(names)))
        return re.compile(f"{_BEFORE}(?:{found}){_BEHIND}")


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield str(key)
                if key != "by" or not _actors(inner):
                    yield from _texts(inner)
        case list() | tuple():
            for inner in value:
                yield from _texts(inner)


def _actors(value: Any) -> bool:
    people = value if isinstance(value, list) else [value]
    return all(isinstance(one, dict) and one.keys() == Actor.model_fields.keys() for one in people)
