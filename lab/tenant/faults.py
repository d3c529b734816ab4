"""Faults on order: refusals, lost answers and crashes, at the call that was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class When(StrEnum):
    """Whether the call took effect before it failed."""

    BEFORE_EFFECT = "before effect"
    AFTER_EFFECT = "after effect"


class Loss(StrEnum):
    """How an answer gets lost."""

    READ_TIMEOUT = "read timeout"
    CONNECT_ERROR = "connect error"


class Dropped(Exception):  # noqa: N818 - a state, named as an adjective
    """The answer never came; the in-process transport turns this into httpx's own error."""

    def __init__(self, loss: Loss) -> None:
        super().__init__(loss.value)
        self.loss = loss


@dataclass(slots=True, kw_only=True)
class Fault:
    """One order: which calls (`match` against `PATCH /users/{id}` or a cmdlet), and what happens.

    `skip` lets that many matching calls through first; `times` is how many fail after them.
    """

    match: str
    status: int = 503
    loss: Loss | None = None
    when: When = When.BEFORE_EFFECT
    retry_after: float | None = None
    skip: int = 0
    times: int = 1

    def takes(self, name: str) -> bool:
        """Count a call and say whether it is one that fails."""
        if self.times <= 0 or not _matches(name, self.match):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class Faults:
    """The faults that are still to come; an older order goes first."""

    def __init__(self) -> None:
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> Fault:
        """Order a fault."""
        self._ordered.append(fault)
        return fault

    def pick(self, name: str) -> Fault | None:
        """Take the fault this call runs into, if any."""
        found = next((fault for fault in self._ordered if fault.takes(name)), None)
        self._ordered = [fault for fault in self._ordered if fault.times > 0]
        return found

    def clear(self) -> None:
        """Forget all orders."""
        self._ordered.clear()

    @property
    def left(self) -> int:
        """How many orders are still to come."""
        return len(self._ordered)


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)
