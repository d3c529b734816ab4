"""`$filter` as far as it is used: comparisons joined with `and`, evaluated as Graph would."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lab.tenant.answers import bad_request
from lab.tenant.operations import Ask

_CLAUSE: Final = re.compile(r"([\w/]+)\s+(eq|ge|le)\s+('(?:[^']|'')*'|[^\s']+)")
_ANY: Final = re.compile(r"([\w/]+)/any\(\s*(\w+)\s*:\s*\2/(\w+)\s+eq\s+('(?:[^']|'')*')\s*\)")
_AND: Final = re.compile(r"\s+and\s+(?=[\w/]+(?:\s+(?:eq|ge|le)\s|/any\())")

type Field[T] = Callable[[T], object]
"""What is compared: text, a moment, or, for `any`, several texts."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison."""

    field: str
    sign: str
    value: str | datetime

    def holds(self, found: object) -> bool:
        """Whether what was found compares as the clause says; text compares in any case."""
        if isinstance(found, tuple):
            return any(self.holds(one) for one in found)
        if isinstance(found, datetime) and isinstance(self.value, datetime):
            return {
                "eq": found == self.value,
                "ge": found >= self.value,
                "le": found <= self.value,
            }[self.sign]
        return self.sign == "eq" and str(found).casefold() == str(self.value).casefold()


def clauses(ask: Ask, known: Mapping[str, Field[object]]) -> tuple[Clause, ...]:
    """Read the request's filter. Raises what Graph answers to one it does not take."""
    text = ask.query.get("$filter")
    if text is None:
        return ()
    found = tuple(_clause(part.strip()) for part in _AND.split(text))
    for clause in found:
        if clause.field not in known:
            raise _invalid(clause.field)
    return found


def keeps[T](found: tuple[Clause, ...], known: Mapping[str, Field[T]], item: T) -> bool:
    """Whether an item passes all clauses."""
    return all(clause.holds(known[clause.field](item)) for clause in found)


def _clause(text: str) -> Clause:
    if match := _ANY.fullmatch(text):
        return Clause(f"{match[1]}/{match[3]}", "eq", _value(match[4]))
    match = _CLAUSE.fullmatch(text)
    if match is None:
        raise _invalid(text)
    return Clause(match[1], match[2], _value(match[3]))


def _value(text: str) -> str | datetime:
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _invalid(text) from error
    if moment.tzinfo is None:
        raise _invalid(text)
    return moment


def _invalid(what: str) -> Exception:
    return bad_request(f"Invalid filter clause: {what}", code="BadRequest")
