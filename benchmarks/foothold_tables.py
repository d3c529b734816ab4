"""What the footholds benchmark has seen of each responder, and the tables made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.model import Json

_ACCOUNT: Final = frozenset({1, 3, 4, 7, 8})
"""Footholds that are the account's own: sessions, tokens, passwords."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a responder knows afterwards: what can be put back, and what it left to a person."""

    undo: str
    said: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What one responder did; times in seconds since the alert, by the number of the foothold."""

    name: str
    planted: int
    killed: dict[str, float]
    numbers: dict[str, int]
    lost: tuple[str, ...]
    calls: int
    kept: Kept

    @property
    def left(self) -> list[str]:
        """Which footholds live on."""
        return sorted(self.numbers.keys() - self.killed.keys())

    def ends(self, number: int) -> float | None:
        """Tell when the last foothold of a row died; `None` while one lives."""
        row = {label for label, of in self.numbers.items() if of == number}
        return self.last(frozenset(row)) if row <= self.killed.keys() else None

    def last(self, among: frozenset[str] | None = None) -> float | None:
        """Tell when the last of some footholds died, of those that did."""
        times = [at for label, at in self.killed.items() if among is None or label in among]
        return max(times, default=None)

    @property
    def account(self) -> float | None:
        """Tell when the account's own doors were shut; `None` while one stands open."""
        own = {label for label, number in self.numbers.items() if number in _ACCOUNT}
        return self.last(frozenset(own)) if own <= self.killed.keys() else None


def row(one: Played, ours: Played) -> Json:
    """Make a line of the table."""
    theirs = frozenset(one.killed)
    return {
        "responder": one.name,
        "killed": f"{len(one.killed)}/{one.planted}",
        "said": one.kept.said,
        "account": one.account,
        "last": one.last(),
        "the same by us": ours.last(theirs),
        "calls": one.calls,
        "lost": len(one.lost),
        "to put back": one.kept.undo,
    }


def ahead(ours: Played, others: list[Played]) -> list[Json]:
    """Say for each row of footholds when we shut it, and who else did first."""
    rows = []
    for number in sorted(set(ours.numbers.values())):
        times = [(end, one.name) for one in others if (end := one.ends(number)) is not None]
        best, who = min(times, default=(None, "nobody"))
        mine = ours.ends(number)
        late = mine is None or (best is not None and best < mine)
        rows.append(
            {"row": number, "us": mine, "others": best, "who": who, "ahead": who if late else "us"}
        )
    return rows
