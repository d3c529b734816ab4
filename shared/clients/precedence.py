"""Who goes first where many want the same: doors before proof, proof before what is only known.

Said once by whoever begins the work; every call that comes of it finds it here, so that no client
and no responder can forget to pass it on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Rank(IntEnum):
    """What a call is for; the lower goes first."""

    CONTAIN = 0
    EVICT = 1
    HUNT = 2
    """A responder that looks through the organisation's logs."""
    AFTER = 3
    """Proof, and the phases after the doors are shut."""
    EVIDENCE = 4
    LATER = 5
    """Later looks, other accounts, reports that are pulled."""


@dataclass(frozen=True, slots=True)
class Asking:
    """For what, and in whose name, a call is made; `who` is a case."""

    rank: Rank = Rank.LATER
    who: str = ""


_ASKING: Final[ContextVar[Asking | None]] = ContextVar("asking", default=None)


def asking() -> Asking:
    """Tell for what this call is made."""
    return _ASKING.get() or Asking()


@contextmanager
def calls_are(rank: Rank, who: str) -> Iterator[None]:
    """Say for what the calls are that are made or begun inside."""
    token = _ASKING.set(Asking(rank, who))
    try:
        yield
    finally:
        _ASKING.reset(token)
