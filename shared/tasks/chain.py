"""Lines that only grow, each carrying the hash of the one before. Pure.

    before ─┐
    said ───┼─► hash ─► the next line's before        said = digest of salt, actor, text, data
    the rest┘

The chain holds on to the digest of what a line says, not to the words, so that the words can be
erased for a person's sake while every line can still be proven.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Container, Iterable
from typing import Any, Final

from shared.model import Chained

GENESIS: Final = "0" * 64
"""What the first line carries as the hash of the one before."""

ERASED: Final = "(erased)"
"""What stands where a person's data stood."""

_ERASABLE: Final = frozenset({"actor", "text", "data", "salt"})


def fingerprint(value: Any) -> str:
    """Name a JSON value by what it says: the hex SHA-256 of its canonical text."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def fresh_salt() -> str:
    """Make a line's salt."""
    return secrets.token_hex(16)


def linked[L: Chained](blank: L) -> L:
    """Complete a line that has everything but its digests."""
    line = blank.model_copy(update={"said": _said(blank)})
    return line.model_copy(update={"hash": _hash(line)})


def erased[L: Chained](line: L) -> L:
    """Take out what a line says; its place in the chain stays proven."""
    return line.model_copy(update={"actor": ERASED, "text": ERASED, "data": {}, "salt": ""})


def broken_at(lines: Iterable[Chained], *, gone: Container[int] = ()) -> int | None:
    """Find the first line whose chain does not hold, `None` where all is intact.

    The lines numbered in `gone` may have been erased: what they say is not compared then.
    """
    before, seq, salted = GENESIS, 1, False
    for line in lines:
        salted = salted or not unsalted(line)
        if salted and unsalted(line):
            return seq
        if line.seq != seq or line.before != before or line.hash != _hash(line):
            return seq
        blank = line.seq in gone and line == erased(line)
        if not blank and line.said != _said(line):
            return seq
        before, seq = line.hash, seq + 1
    return None


def unsalted(line: Chained) -> bool:
    """Whether it is of schema 1: one hash over everything, which no salted line can have."""
    return not line.salt and line.said == line.hash


def _said(line: Chained) -> str:
    if unsalted(line):
        return fingerprint(line.model_dump(mode="json", exclude={"hash", "salt", "said"}))
    return fingerprint([line.salt, line.actor, line.text, line.data])


def _hash(line: Chained) -> str:
    if unsalted(line):
        return line.said
    return fingerprint(line.model_dump(mode="json", exclude={*_ERASABLE, "hash"}))
